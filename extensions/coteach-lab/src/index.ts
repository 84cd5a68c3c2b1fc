/** coteach in JupyterLab: the list of plugins. */
import { sidebar } from './sidebar';

export default [sidebar];
