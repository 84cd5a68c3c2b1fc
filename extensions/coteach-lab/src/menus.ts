/** Names of the menus for languages whose JupyterLab pack lacks them; what a pack gives stays. */
import { IMainMenu } from '@jupyterlab/mainmenu';
import { Menu } from '@lumino/widgets';

import { t } from './strings';

export function nameMenus(menus: IMainMenu): void {
  const named: [unknown, string, string][] = [
    [menus.fileMenu, 'File', t('File')],
    [menus.editMenu, 'Edit', t('Edit')],
    [menus.viewMenu, 'View', t('View')],
    [menus.runMenu, 'Run', t('Run')],
    [menus.kernelMenu, 'Kernel', t('Kernel')],
    [menus.tabsMenu, 'Tabs', t('Tabs')],
    [menus.settingsMenu, 'Settings', t('Settings')],
    [menus.helpMenu, 'Help', t('Help')]
  ];
  for (const [menu, english, word] of named) {
    // Its type is that of an extension point; what stands there is a menu.
    if (menu instanceof Menu && menu.title.label === english) {
      menu.title.label = word;
    }
  }
}
