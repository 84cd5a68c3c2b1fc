/** The plugin that puts the panel into the left sidebar. */
import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { INotebookTracker } from '@jupyterlab/notebook';

import { request } from './api';
import { nameMenus } from './menus';
import { giveWay, isNarrow, sayOnce } from './narrow';
import { partsOf, pathInAddress } from './opening';
import { CoteachPanel } from './panel';
import { loadWords } from './strings';

const FILES_SECONDS = 6;

/** Bring back the files of the module that the address names, before JupyterLab opens it. */
async function filesOfAddress(): Promise<string> {
  const path = pathInAddress(window.location.href);
  const parts = partsOf(path);
  if (parts) {
    await request('fetch', { module: parts.module }, FILES_SECONDS).catch(() => undefined);
  }
  return path;
}

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'coteach-lab:sidebar',
  description: 'The steps of a course module, handing in and feedback.',
  autoStart: true,
  requires: [IDocumentManager, INotebookTracker],
  optional: [ILayoutRestorer, ILabShell, IMainMenu],
  activate: async (
    app: JupyterFrontEnd,
    docs: IDocumentManager,
    notebooks: INotebookTracker,
    restorer: ILayoutRestorer | null,
    shell: ILabShell | null,
    menus: IMainMenu | null
  ): Promise<void> => {
    // JupyterLab follows the address when all plugins are active, so this one waits for the files.
    const [path] = await Promise.all([filesOfAddress(), loadWords()]);
    const openPaths = () =>
      Array.from(app.shell.widgets('main'), each => docs.contextForWidget(each)?.path ?? '').filter(Boolean);
    const panel = new CoteachPanel(docs, openPaths, () => giveWay(shell));
    app.shell.add(panel, 'left', { rank: 50 });
    restorer?.add(panel, panel.id);
    notebooks.currentChanged.connect((_sender, notebook) => {
      if (notebook) {
        panel.follow(notebook.context.path);
      }
    });
    void app.restored.then(async () => {
      await panel.refresh();
      if (menus) {
        nameMenus(menus);
      }
      if (partsOf(path)) {
        panel.follow(path);
        if (!isNarrow()) {
          app.shell.activateById(panel.id);
        }
      }
      if (isNarrow()) {
        giveWay(shell);
        sayOnce();
      }
    });
  }
};
