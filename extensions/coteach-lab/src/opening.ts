/** Opening course files and going to a cell. */
import { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookPanel } from '@jupyterlab/notebook';

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

/** Save a document if it is open and changed, so that what is handed in is what she sees. */
export async function saveOpen(docs: IDocumentManager, path: string): Promise<void> {
  const found = docs.findWidget(path, null);
  if (found?.context.model.dirty) {
    await found.context.save();
  }
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
