/** A phone has room for the notebook or for the sidebar, not for both. */
import { ILabShell } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';

import { t } from './strings';

const NARROW = '(max-width: 699px)';
const SAID = 'coteach-narrow-said';

export function isNarrow(): boolean {
  return window.matchMedia(NARROW).matches;
}

/** Close the sidebar where it would leave no room for the notebook. */
export function giveWay(shell: ILabShell | null): void {
  if (isNarrow()) {
    shell?.collapseLeft();
  }
}

/** Say once on this device that a larger screen is better. */
export function sayOnce(): void {
  try {
    if (window.localStorage.getItem(SAID)) {
      return;
    }
    window.localStorage.setItem(SAID, '1');
  } catch {
    // A browser that keeps nothing is told each time.
  }
  Notification.info(t('A laptop is better for this. On a small screen the steps are closed; open them at the left edge.'), { autoClose: 12_000 });
}
