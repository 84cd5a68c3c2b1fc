// Makes the form of a question live. The form itself was made in Python (_forms.py); here its
// controls are listened to. Each kind gives {show(answer, blob)} and calls `save(answer, blob)`;
// what is being written and not saved yet goes to `draft(value)` and comes back to `resume(value)`.

import { drawing } from "./_draw.js";
import { h } from "./_dom.js";
import { numberIn } from "./_draft.js";
import { t } from "./_i18n.js";
import { smallJpeg } from "./_photo.js";

const TYPED = 1200; // without a key before a number is looked at
const DRAWN = 1500; // after a stroke, before the drawing is sent

const NONE = { empty: true }; // an answer is never deleted; the newest one says that there is none

const radios = (root) => [...root.querySelectorAll(".ct-option input")];
const labelOf = (input) => input.closest("label").querySelector("span").textContent;

/** One of several: saved at the tap. */
function choice(root, { save }) {
  const inputs = radios(root);
  inputs.forEach((input, place) => input.addEventListener("change", () => (
    save({ choice: place, text: labelOf(input) }))));
  return {
    show: (answer) => inputs.forEach((input, place) => { input.checked = answer?.choice === place; }),
  };
}

/** A choice; the class's counts are shown to whoever has answered, when the teacher lets them. */
function poll(root, tools) {
  const made = choice(root, tools);
  const box = root.querySelector(".ct-poll");
  const labels = radios(root).map(labelOf);
  const told = (told) => {
    const counts = told.polls?.[tools.name()];
    const shown = JSON.stringify(counts ?? null);
    if (box.dataset.counts === shown) return;
    box.dataset.counts = shown;
    box.hidden = !counts;
    box.replaceChildren(...(counts ? [
      h("p", { class: "ct-asked" }, t("What your class says")),
      h("ul", { class: "ct-bars" }, labels.map((label, place) => {
        const most = Math.max(1, ...counts);
        const bar = h("span", { class: "ct-bar-fill" });
        bar.style.width = `${(100 * (counts[place] ?? 0)) / most}%`;
        return h("li", {}, h("span", {}, label),
          h("span", { class: "ct-bar-track", "aria-hidden": "true" }, bar),
          h("span", { class: "ct-bar-count" }, String(counts[place] ?? 0)));
      }))] : []));
  };
  return { ...made, told };
}

/** Any of several. */
function multiple(root, { save }) {
  const inputs = radios(root);
  const chosen = () => inputs.flatMap((input, place) => (input.checked ? [place] : []));
  for (const input of inputs) input.addEventListener("change", () => save({ choices: chosen() }));
  return {
    show: (answer) => inputs.forEach((input, place) => {
      input.checked = Boolean(answer?.choices?.includes(place));
    }),
  };
}

function understood(root, { save }) {
  const inputs = radios(root); // "I did not understand", "I understood"
  inputs.forEach((input, place) => input.addEventListener("change", () => (
    save({ understood: place === 1 }))));
  return {
    show: (answer) => inputs.forEach((input, place) => {
      input.checked = answer ? answer.understood === (place === 1) : false;
    }),
  };
}

/** Write a number as the page's language does, so that it can be read in again. */
function written(value) {
  const { lang } = document.documentElement;
  return new Intl.NumberFormat(lang || "en", { useGrouping: false, maximumSignificantDigits: 15 })
    .format(value);
}

function line(root, submit) {
  const control = root.querySelector(".ct-line input, .ct-line textarea");
  control.addEventListener("change", submit);
  root.querySelector(".ct-line button").addEventListener("click", submit);
  return control;
}

/** A number with its unit. */
function number(root, { save, draft, settle }) {
  const problem = root.querySelector(".ct-problem");
  const unit = root.querySelector(".ct-unit")?.textContent ?? "";
  let last = null;
  let checking;
  /** Say at the field what is expected there; what was typed stays and is kept as a draft. */
  const check = () => {
    clearTimeout(checking);
    const value = numberIn(input.value, unit);
    problem.hidden = value !== null || input.value.trim() === "";
    input.setAttribute("aria-invalid", String(!problem.hidden));
    return value;
  };
  const submit = () => {
    const value = check();
    if (!problem.hidden) draft(input.value, true);
    else if (value === last) settle();
    else save((last = value) === null ? NONE : { number: value });
  };
  const input = line(root, submit);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") submit(); });
  input.addEventListener("input", () => {
    draft(input.value);
    clearTimeout(checking);
    // Not at each key: a number begins with a sign or a point. What is right again is so at once.
    if (problem.hidden) checking = setTimeout(check, TYPED);
    else check();
  });
  return {
    show: (answer) => {
      if (!answer || document.activeElement === input) return;
      last = typeof answer.number === "number" ? answer.number : null;
      input.value = last === null ? "" : written(last);
      check();
    },
    resume: (value) => { input.value = value; check(); },
  };
}

/** Words in a text area: {show, resume}; `said(words)` when they are to be saved. */
function words(root, said, draft, settle = () => {}) {
  let last = "";
  const submit = () => {
    const text = input.value.trim();
    if (text !== last && (text || last)) said((last = text));
    else settle();
  };
  const input = line(root, submit);
  input.addEventListener("input", () => draft(input.value));
  return {
    show: (text) => {
      if (typeof text !== "string" || document.activeElement === input) return;
      last = input.value = text;
    },
    resume: (value) => { input.value = value; },
  };
}

/** A few words. */
function text(root, { save, draft, settle }) {
  const made = words(root, (said) => save(said ? { text: said } : NONE), draft, settle);
  return { show: (answer) => made.show(answer?.empty ? "" : answer?.text), resume: made.resume };
}

/** How it went, and what to change. */
function exit(root, { save, draft, settle }) {
  const inputs = radios(root);
  const answer = {};
  const send = (part) => { Object.assign(answer, part); save({ ...answer }); };
  inputs.forEach((input, place) => input.addEventListener("change", () => send({ feeling: place })));
  const wonder = words(root, (said) => send({ words: said }), draft, settle);
  return {
    show: (known) => {
      Object.assign(answer, known);
      inputs.forEach((input, place) => { input.checked = known?.feeling === place; });
      wonder.show(known?.words);
    },
    resume: wonder.resume,
  };
}

function draw(root, { save, draft, say }) {
  let waiting = null;
  let described = "";
  const tint = () => Number(root.querySelector(".ct-colours :checked")?.value ?? 0);
  const send = () => {
    clearTimeout(waiting);
    waiting = null;
    save({ strokes: board.strokes, ...(described ? { words: described } : {}) });
  };
  const board = drawing(root.querySelector("canvas"), {
    colour: tint,
    changed: (strokes, fits) => {
      say(fits ? "" : t("The drawing is full. Take something away first."));
      draft(strokes);
      clearTimeout(waiting);
      waiting = setTimeout(send, DRAWN);
    },
  });
  const inWords = words(root, (said) => { described = said; send(); }, () => {});
  root.querySelector(".ct-undo").addEventListener("click", board.undo);
  root.querySelector(".ct-clear").addEventListener("click", board.clear);
  addEventListener("pagehide", () => { if (waiting) send(); });
  document.addEventListener("visibilitychange", () => {
    if (waiting && document.visibilityState === "hidden") send();
  });
  return {
    show: (answer) => {
      if (waiting) return;
      board.show(answer?.strokes ?? []);
      described = answer?.words ?? "";
      inWords.show(described);
    },
    resume: (strokes) => {
      if (!Array.isArray(strokes)) return;
      board.show(strokes);
      waiting = setTimeout(send, DRAWN);
    },
  };
}

function photo(root, { save, uuid, mediaOf }) {
  const [input, figure, problem, off, take] = ["input[type=file]", ".ct-shown", ".ct-problem", ".ct-off",
    ".ct-take"].map((name) => root.querySelector(name));
  const picture = figure.querySelector("img");
  let address = "";
  const place = (source) => {
    if (address) URL.revokeObjectURL(address);
    address = source instanceof Blob ? URL.createObjectURL(source) : "";
    figure.hidden = !source;
    if (source) picture.src = address || source;
    else picture.removeAttribute("src");
  };
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    input.value = "";
    try {
      const blob = await smallJpeg(file);
      problem.hidden = true;
      save({ media: uuid() }, blob);
    } catch {
      problem.hidden = false;
    }
  });
  root.querySelector(".ct-remove").addEventListener("click", () => { save({ media: "" }); input.focus(); });
  return {
    show: (answer, blob) => place(answer?.media ? blob ?? mediaOf(answer.media) : null),
    told: (told) => {
      off.hidden = told.photos !== false;
      take.hidden = told.photos === false;
    },
  };
}

export const KINDS = { choice, poll, multiple, understood, number, text, exit, draw, photo };
