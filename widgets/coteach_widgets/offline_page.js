// A lesson on a USB stick: who works here, her questions, and her answers as a file.
// Loaded as a classic script: a page that is a file can load no modules.

import { h } from "./_dom.js";
import { saveFile } from "./_file.js";
import { setCatalog, t } from "./_i18n.js";
import { largePictures } from "./_large.js";
import { Outbox, pageData } from "./_outbox.js";
import { hydrate } from "./_question.js";

const page = pageData();
setCatalog(page.phrases ?? {});
const byId = (id) => document.getElementById(id);
const NAME = `coteach.offline.${page.lesson}`;
const roots = [...document.querySelectorAll(".ct-question[data-question]")];

function remembered() {
  try { return JSON.parse(localStorage.getItem(NAME)); } catch { return null; }
}
function remember(pupil) {
  try {
    if (pupil) localStorage.setItem(NAME, JSON.stringify(pupil));
    else localStorage.removeItem(NAME);
  } catch { /* nothing is kept here; the page says so at the first answer */ }
}

/** Nobody can answer before she said who she is: forms come switched off, and each says why. */
function waitForName(on) {
  for (const root of roots) {
    root.querySelector(".ct-first")?.remove();
    if (!on) continue;
    root.append(h("p", { class: "ct-first" }, h("button", { type: "button", class: "ct-plain",
      onclick: () => {
        byId("ct-card").focus();
        byId("ct-who").scrollIntoView({ block: "center" });
      } }, t("Say first who you are; then you can answer here."))));
  }
}

function begin(pupil) {
  byId("ct-who").hidden = true;
  byId("ct-me").hidden = false;
  byId("ct-me").querySelector("strong").textContent = pupil.nickname;
  byId("ct-other").addEventListener("click", () => { remember(null); location.reload(); });
  waitForName(false);
  // Pages that are files share their storage: the lesson belongs to the name.
  const box = new Outbox({
    pupil: `${page.lesson}:${pupil.card || pupil.nickname.toLocaleLowerCase()}`, answers: null });
  for (const root of roots) {
    const cell = root.closest("[data-cell-id]")?.dataset.cellId ?? root.dataset.key;
    hydrate(root, { box, cell: () => cell });
  }
  const hand = byId("ct-hand");
  hand.hidden = !roots.length;
  const save = async (said) => {
    said.textContent = await saveFile(box, { lesson: page.lesson, version: page.version,
      language: page.language, ...pupil });
  };
  byId("ct-me").querySelector(".ct-save").hidden = !roots.length;
  for (const button of document.querySelectorAll(".ct-save")) {
    const said = button.closest(".ct-offline").querySelector(".ct-saved");
    button.addEventListener("click", () => save(said));
  }
}

largePictures();
const known = remembered();
if (!roots.length) byId("ct-who").hidden = true;
else if (known && (!Object.keys(page.cards).length || page.cards[known.card])) begin(known);
else {
  waitForName(true);
  const form = byId("ct-who");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = byId("ct-card").value.trim().replace(/\s+/g, " ");
    const nickname = page.cards[value] ?? value;
    form.querySelector(".ct-problem").hidden = Boolean(nickname);
    if (!nickname) return;
    const pupil = { card: page.cards[value] ? value : "", nickname };
    remember(pupil);
    begin(pupil);
  });
}
