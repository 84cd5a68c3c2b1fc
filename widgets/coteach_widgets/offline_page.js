// A lesson on a USB stick: who works here, her questions, and her answers as a file.
// Loaded as a classic script: a page that is a file can load no modules.

import { h } from "./_dom.js";
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

/** Nobody can answer before she said who she is; each question says so itself. */
function waitForName(on) {
  for (const root of roots) {
    root.querySelector(".ct-first")?.remove();
    for (const control of root.querySelectorAll("button, input, textarea")) control.disabled = on;
    if (!on) continue;
    root.append(h("p", { class: "ct-first" }, h("button", { type: "button", class: "ct-plain",
      onclick: () => {
        byId("ct-card").focus();
        byId("ct-who").scrollIntoView({ block: "center" });
      } }, t("Say first who you are; then you can answer here."))));
  }
}

/** Return a blob as base64. */
function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** Everything that was answered, in order, as its teacher's coteach reads it. */
async function answerFile(box, pupil) {
  const rows = await box.kept.waiting(box.page.pupil);
  const media = {};
  for (const row of rows) {
    const name = row.event.value.answer.media;
    const newest = rows.findLast?.((one) => one.event.cell === row.event.cell
      && one.event.value.key === row.event.value.key) ?? row;
    if (row.blob && name && newest === row) media[name] = await base64(row.blob);
  }
  const kept = rows.filter((row) => !row.event.value.answer.media || media[row.event.value.answer.media]);
  return {
    format: "coteach-answers", version: 1, lesson: page.lesson, lesson_version: page.version,
    language: page.language, pupil: { card: pupil.card, nickname: pupil.nickname },
    events: kept.map((row, place) => ({ ...row.event, client_seq: place + 1 })), media,
  };
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
    const file = await answerFile(box, pupil);
    if (!file.events.length) {
      said.textContent = t("You have not answered anything yet.");
      return;
    }
    const address = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${page.lesson}-${pupil.nickname.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    said.textContent = t("Saved as {name}. Give this file to your teacher.", { name: link.download });
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
