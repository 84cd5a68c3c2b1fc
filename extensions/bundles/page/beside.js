// Words beside the control that a hand is at.
//
// Rule: they stand below its row, never under the picture that it draws and never between two
// controls that lie side by side.

/** Return the row of a touched element: the child of the column it is in, inside a place. */
export function below(element, place) {
  let row = element;
  while (row !== place && row.parentElement !== place
      && !row.parentElement.matches(".widget-vbox, .ct-stage")) row = row.parentElement;
  return row;
}

/** What a callback stumbled over, said until the same widget is used again. */
export class Stumbles {
  constructor(words) {
    this.words = words;
    this.notes = new Map();
  }

  /** Say that what a widget was asked did not work. */
  say(id, element) {
    this.take(id);
    const place = element.closest(".ct-widget");
    if (!place) return;
    const note = document.createElement("p");
    note.className = "ct-notice ct-stumbled";
    note.setAttribute("role", "status");
    below(element, place).after(note);
    note.textContent = this.words.failed_value; // once it is in the page, so that it is read out
    this.notes.set(id, note);
  }

  take(id) {
    this.notes.get(id)?.remove();
    this.notes.delete(id);
  }
}
