// Answers that a device still holds when their class was closed: the words for them and the file.

import { h } from "./_dom.js";
import { saveFile } from "./_file.js";
import { n, sentences, t } from "./_i18n.js";

/** What to say of an outbox whose class is over; empty when there is nothing to say. */
export function lateWords(box) {
  const { waiting, held } = box;
  if (!held) return box.late ? t("Your answers arrived. The class is closed.") : "";
  const count = n("{count} answer is still on this device.", "{count} answers are still on this device.", held);
  if (box.refusal || !waiting) return sentences(box.refusal, count);
  return sentences(count, box.line ? box.trouble : t("They go to your teacher when the line is there."));
}

/** Return a button that saves what an outbox holds as a file, and what says how it went. */
export function fileButton(box) {
  const said = h("span", { class: "ct-saved", role: "status" });
  const button = h("button", { type: "button", class: "ct-secondary button", onclick: async () => {
    said.textContent = await saveFile(box, box.whose);
  } }, t("Save my answers as a file"));
  return h("span", { class: "ct-late" }, button, " ", said);
}
