/** coteach's mark: two rooms and the line between them. */
import { LabIcon } from '@jupyterlab/ui-components';

export const icon = new LabIcon({
  name: 'coteach:mark',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="24">
  <g fill="none" class="jp-icon3" stroke-width="2.6" stroke-linecap="round" stroke="#616161" style="fill: none">
    <path style="fill: none; stroke: var(--jp-inverse-layout-color3)" d="M3 21.5c4.3 0 4.3-3 8.7-3s4.3 3 8.6 3 4.4-3 8.7-3M3 27.5c4.3 0 4.3-3 8.7-3s4.3 3 8.6 3 4.4-3 8.7-3"/>
  </g>
  <g class="jp-icon3" fill="#616161"><circle cx="10.5" cy="9" r="4.5"/><circle cx="21.5" cy="9" r="4.5"/></g>
</svg>`
});
