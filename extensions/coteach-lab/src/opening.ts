/** Opening course files and going to a cell. */
import { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';

import { Problem, request } from './api';
import { t } from './strings';

/** Open a notebook and bring a cell to the top of the view. */
export async function openAt(docs: IDocumentManager, path: string, cell = ''): Promise<void> {
  const found = docs.openOrReveal(path);
  if (!(found instanceof NotebookPanel) || !cell) {
    return;
  }
  await found.context.ready;
  await found.revealed;
  const place = found.content.widgets.findIndex(each => each.model.id === cell);
  if (place >= 0) {
    found.content.activeCellIndex = place;
    await found.content.scrollToItem(place, 'start').catch(() => undefined);
  }
}

type Context = NonNullable<ReturnType<IDocumentManager['contextForWidget']>>;

/** What lies on the disk under the name of an open document. */
async function onDisk(docs: IDocumentManager, context: Context): Promise<'same' | 'changed' | 'missing'> {
  try {
    const file = await docs.services.contents.get(context.path, { content: false, hash: true });
    const known = context.contentsModel;
    const same = file.hash && known?.hash ? file.hash === known.hash : file.last_modified === known?.last_modified;
    return same ? 'same' : 'changed';
  } catch (error) {
    if (error instanceof ServerConnection.ResponseError && error.response.status === 404) {
      return 'missing';
    }
    throw error;
  }
}

/**
 * Save an open document, so that what is handed in is what she sees. A file that was deleted comes
 * back with her answers; one that became another on the disk gets another name, so JupyterLab has
 * nothing to ask.
 */
export async function saveOpen(docs: IDocumentManager, path: string, handingIn = true): Promise<void> {
  const context = docs.findWidget(path, null)?.context;
  if (!context?.isReady) {
    return;
  }
  let failed = false;
  const watch = (_sender: unknown, state: string) => { failed = failed || state === 'failed'; };
  context.saveState.connect(watch);
  try {
    if ((await onDisk(docs, context)) === 'changed') {
      await request('set-aside', { path });
    }
    await context.save();
  } catch (error) {
    console.warn('coteach: not saved', path, error);
    failed = true;
  } finally {
    context.saveState.disconnect(watch);
  }
  if (failed) {
    throw new Problem(
      handingIn
        ? t('Your open notebook could not be saved, so nothing was handed in.')
        : t('Your open notebook could not be saved.'),
      t('Leave this tab open. If the disk is full, delete files that you don’t need or tell your trainer, then try again.'),
      'not-saved');
  }
}

/** Save the open documents of a folder whose files are gone; return the paths of all that are open. */
export async function keepOpen(docs: IDocumentManager, open: string[], folder: string): Promise<{ open: string[]; saved: number }> {
  const inside = open.filter(path => path.startsWith(`${folder}/`) && docs.findWidget(path, null)?.context.isReady);
  let saved = 0;
  for (const path of inside) {
    if ((await onDisk(docs, docs.findWidget(path, null)!.context)) === 'missing') {
      await saveOpen(docs, path, false);
      saved += 1;
    }
  }
  return { open: inside, saved };
}

/** Course and module of a path like `teaching-at-a-distance/m1-…/module.ipynb`. */
export function partsOf(path: string): { course: string; module: string } | null {
  const parts = path.split('/').filter(Boolean);
  return parts.length >= 3 ? { course: parts[0], module: parts[1] } : null;
}

/** The path in the page's address, after `/lab/tree/`. */
export function pathInAddress(address: string): string {
  const found = /\/tree\/(.+)$/.exec(new URL(address).pathname);
  return found ? decodeURIComponent(found[1]) : '';
}
