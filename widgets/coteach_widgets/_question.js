// One question on a page or in a notebook: its form made live, its answers into the outbox, and the
// words that say where the answer is.

import { KINDS } from "./_answers.js";
import { h } from "./_dom.js";
import { t } from "./_i18n.js";
import { nameOf, uuid } from "./_outbox.js";

const SIGNS = { here: "•", kept: "✓", unsafe: "!", sent: "✓", refused: "!" };
const WAIT_TO_DRAFT = 400;

function wordsFor(about) {
  const none = Boolean(about.value?.answer?.empty);
  if (about.state === "sent") {
    return none ? t("Your answer is taken back.") : t("Your teacher has it.");
  }
  if (about.state === "kept") return t("Saved on this device.");
  if (about.state === "unsafe") {
    return t("This browser does not let us save. Keep this page open until your teacher has it.");
  }
  if (about.state === "refused") return `${about.words} ${t("Your answer stays on this device.")}`;
  if (about.state !== "here") return "";
  return about.words ? `${about.words} ${t("Your answer stays on this device.")}`
    : t("Saved on this device. It goes to your teacher when the line is there.");
}

/**
 * Make a form live. `cell()` names its place, `box` is the outbox or null for a preview, `tell` hears
 * each answer. Returns what undoes it.
 */
export function hydrate(root, { cell, box, tell = () => {}, answer = null }) {
  const { question: kind, key } = root.dataset;
  const all = root.querySelector(".ct-form");
  if (all) all.disabled = false;
  const status = root.querySelector(".ct-answer-state");
  const name = () => nameOf(cell(), key);
  let drafting = null;
  let said = "";
  let writing = false; // what is shown is newer than what was saved

  const tell_state = (state, text) => {
    const shown = said || text;
    if (status.dataset.state === state && status.dataset.words === shown) return;
    Object.assign(status.dataset, { state, words: shown });
    const sign = said ? "!" : SIGNS[state];
    status.replaceChildren(...(shown
      ? [h("span", { class: "ct-tick", "aria-hidden": "true" }, sign), ` ${shown}`] : []));
  };
  const tools = {
    name, uuid,
    save: (given, blob) => {
      clearTimeout(drafting);
      writing = false;
      if (box) box.add(cell(), { kind, key, answer: given }, blob);
      else tell_state("preview", t("This is a preview. On a class page the answer is sent."));
      tell(given);
    },
    draft: (value, now = Array.isArray(value)) => {
      clearTimeout(drafting);
      if (!box) return;
      // A drawing is kept at once; typing at each pause.
      drafting = setTimeout(() => box.draft(name(), value, kind), now ? 0 : WAIT_TO_DRAFT);
      writing = true;
      update();
    },
    /** What was being written is what was saved. */
    settle: () => {
      if (!box || !writing) return;
      clearTimeout(drafting);
      box.draft(name(), null);
      writing = false;
      update();
    },
    say: (words) => { said = words; if (box) update(); else tell_state("preview", words); },
    mediaOf: (id) => (box?.page.media ? `${box.page.media}?pupil=${box.page.pupil}&id=${id}` : null),
  };
  const live = KINDS[kind](root, tools);
  if (!box) {
    if (kind === "photo") live.told({ photos: true });
    live.show(answer);
    return () => {};
  }

  let shown;
  function update() {
    const about = box.about(name());
    // A class that closes takes what was being written as it is.
    if (writing && box.closed && !box.drafts.has(name())) writing = false;
    if (writing) tell_state("keeping", "");
    else tell_state(about.state, wordsFor(about));
    live.told?.(box.told);
    const now = JSON.stringify([about.value?.answer ?? null, Boolean(about.blob)]);
    if (now === shown) return;
    shown = now;
    live.show(about.value?.answer ?? null, about.blob);
  }
  box.addEventListener("change", update);
  // An element that is being put into a page knows its cell only afterwards.
  queueMicrotask(update);
  box.kept_drafts.then(() => {
    const draft = box.drafts.get(name())?.value;
    if (draft === undefined) return;
    live.resume?.(draft);
    writing = typeof draft === "string"; // what the teacher has is another answer
    update();
  });
  return () => box.removeEventListener("change", update);
}
