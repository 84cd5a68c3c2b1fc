// The questions of a class page, made live without the runtime of ipywidgets; the line that says
// what still waits; and the page kept for times without a line.

import { h } from "./_dom.js";
import { n, sentences, setCatalog, t } from "./_i18n.js";
import { fileButton, lateWords } from "./_late.js";
import { Outbox, outbox, pageData } from "./_outbox.js";
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
  const text_line = h("span", {});
  let save = null;
  line.append(text_line);
  document.body.append(line);
  let timer;
  const show = () => {
    const waiting = box.waiting;
    const text = box.closed ? lateWords(box) : [saidElsewhere() ? "" : box.sentence, waiting
      ? n("{count} answer waits for the line.", "{count} answers wait for the line.", waiting) : ""]
      .filter(Boolean).join(" ");
    line.hidden = !text;
    line.classList.toggle("ct-over", box.closed);
    // Above the page's own notice, if there is one.
    const notice = document.getElementById("ct-notice");
    line.style.bottom = notice && !notice.hidden ? `${notice.offsetHeight + 6}px` : "";
    if (text_line.textContent !== text) text_line.textContent = text;
    if (box.closed && box.held && box.whose && !save) line.append(" ", save = fileButton(box));
    if (save) save.hidden = !box.held;
  };
  box.addEventListener("change", () => {
    clearTimeout(timer);
    // What is sent within a moment needs no words.
    timer = setTimeout(show, box.waiting || !box.line ? 1200 : 0);
  });
}

/** What she answered with the same card in an earlier opening of the lesson goes from here. */
async function sendEarlier() {
  await box.ready;
  for (const pupil of await box.kept.withCard(page.whose?.card)) {
    if (pupil === page.pupil) continue;
    const earlier = new Outbox({ ...box.page, pupil, whose: null, visits: true, over: true });
    const line = h("p", { class: "ct ct-earlier", role: "status", hidden: true });
    const save = fileButton(earlier);
    document.querySelector("main, .ct-lesson")?.prepend(line);
    earlier.addEventListener("change", () => {
      const words = earlier.held && !earlier.refusal ? "" : lateWords(earlier);
      line.hidden = !words;
      line.replaceChildren(words ? sentences(t("From the lesson before:"), words) : "", " ",
        ...(earlier.held && earlier.whose ? [save] : []));
    });
  }
}

if (box && page.answers) {
  tellWaiting();
  sendEarlier();
  // What the class allows and shows has changed.
  let stamp;
  document.addEventListener("ct-state", ({ detail }) => {
    if (detail.open === false) {
      // Again, since the page's own notice stands below the line now.
      box.close().then(() => box.changed());
      return;
    }
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
