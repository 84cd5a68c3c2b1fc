// The questions of a class page, made live without the runtime of ipywidgets; the line that says
// what still waits; and the page kept for times without a line.

import { h } from "./_dom.js";
import { n, setCatalog } from "./_i18n.js";
import { outbox, pageData } from "./_outbox.js";
import { keepPage } from "./_installed.js";
import { largePictures } from "./_large.js";
import { hydrate } from "./_question.js";

const page = pageData();
setCatalog(page.phrases ?? {});
const box = outbox();

/** Make those live that are not yet. */
function wake() {
  for (const root of document.querySelectorAll(".ct-question[data-question]")) {
    if (root.dataset.live) continue;
    root.dataset.live = "1";
    const cell = root.closest("[data-cell-id]")?.dataset.cellId ?? root.dataset.key;
    hydrate(root, { box, cell: () => cell });
  }
}

wake();
largePictures();
// Some come later: a page that came with its text alone, a box of widgets with a question in it.
document.addEventListener("ct-cells", wake);

/** Whether the page says already that the line is down. */
function saidElsewhere() {
  const notice = document.getElementById("ct-notice");
  return notice && !notice.hidden && ["offline", "away"].includes(notice.dataset.about);
}

/** One quiet line for the whole page. */
function tellWaiting() {
  const line = h("p", { class: "ct ct-waits", role: "status", hidden: true });
  document.body.append(line);
  let timer;
  const show = () => {
    const waiting = box.waiting;
    const text = [saidElsewhere() ? "" : box.sentence, waiting
      ? n("{count} answer waits for the line.", "{count} answers wait for the line.", waiting) : ""]
      .filter(Boolean).join(" ");
    line.hidden = !text;
    // Above the page's own notice, if there is one.
    const notice = document.getElementById("ct-notice");
    line.style.bottom = notice && !notice.hidden ? `${notice.offsetHeight + 6}px` : "";
    if (line.textContent !== text) line.textContent = text;
  };
  box.addEventListener("change", () => {
    clearTimeout(timer);
    // What is sent within a moment needs no words.
    timer = setTimeout(show, box.waiting || !box.line ? 1200 : 0);
  });
}

if (box && page.answers) {
  tellWaiting();
  // What the class allows and shows has changed.
  let stamp;
  document.addEventListener("ct-state", ({ detail }) => {
    if (!box.line) box.load(); // the server was just reached
    // Counts go on as others answer; whoever has answered is told them.
    const polls = { ...box.told.polls, ...detail.polls };
    if (JSON.stringify(polls) !== JSON.stringify(box.told.polls ?? {})) {
      box.hear({ ...box.told, polls }).then(() => box.changed());
    }
    if (detail.allowed !== undefined && detail.allowed !== stamp) {
      if (stamp !== undefined) box.load();
      stamp = detail.allowed;
    }
  });
  for (const form of document.querySelectorAll('form[action$="/c/leave"]')) {
    form.addEventListener("submit", () => { box.kept.keepOnly(""); });
  }
  keepPage(page);
}
