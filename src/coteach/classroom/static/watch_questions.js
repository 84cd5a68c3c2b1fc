// What a class answered, question by question: bars, words, drawings and photos; and the teacher's
// switches for photos and for the results of a poll.

import { n, t } from "/c/static/i18n.js";

/** Make an element; null children are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Return the picture of a name card. */
export function picture(about, name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "picture");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", about.words[name] ?? name);
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${about.pictures}#${name}`);
  svg.append(use);
  return svg;
}

function bars(question) {
  const most = Math.max(1, ...question.bars.map((bar) => bar.count));
  return make("ul", { class: "bars" }, ...question.bars.map((bar) => {
    const fill = make("span", { class: "bar-fill" });
    fill.style.width = `${(100 * bar.count) / most}%`;
    return make("li", {}, make("span", { class: "bar-label" }, bar.label),
      make("span", { class: "bar-track", "aria-hidden": "true" }, fill),
      make("span", { class: "bar-count" }, String(bar.count)));
  }));
}

/** The drawing is a picture made by the server; its words, if any, stand beside it. */
function drawn(svg) {
  const made = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", t("A pupil's drawing"));
  return document.importNode(made, true);
}

async function post(address, values) {
  await fetch(address, { method: "POST", body: new URLSearchParams(values) });
}

function photo(line, box) {
  const image = make("img", { src: line.photo, alt: t("A pupil's photo"), loading: "lazy" });
  const button = make("button", { type: "button", class: "link" }, t("Delete this photo"));
  const shown = make("figure", { class: "photo" }, image, button);
  const gone = () => shown.replaceWith(make("p", { class: "quiet" }, t("This photo was deleted.")));
  image.addEventListener("error", gone);
  button.addEventListener("click", async () => {
    if (!confirm(t("Delete this photo for good?"))) return;
    await post(`${line.photo}/delete`, {});
    gone();
    box.querySelector("h3")?.focus();
  });
  return shown;
}

// With names hidden a choice or number says all in its bars; words are what one wants to read.
const READ = new Set(["text", "exit", "draw", "photo"]);

function lines(question, state, about, names, box) {
  if (!question.lines.length || !(READ.has(question.kind) || names)) return null;
  const cards = new Map(state.cards.map((card) => [card.id, card]));
  return make("ul", { class: `said said-${question.kind}` }, ...question.lines.map((line) => make("li", {},
    names ? make("span", { class: "said-by" }, picture(about, cards.get(line.card).picture),
      cards.get(line.card).name) : null,
    line.drawing ? drawn(line.drawing) : null, line.photo ? photo(line, box) : null,
    line.words ? make("span", {}, line.words) : null,
    line.late ? " " : null, line.late ? make("span", { class: "tag" }, t("came after the close")) : null)));
}

/** A switch of the class: it says what is, and its button what it does. */
function toggle(on, words, thing, about) {
  const button = make("button", { type: "button", class: "secondary", "aria-pressed": String(on) },
    on ? words.off : words.on);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try { await post(about.allow, { thing, on: on ? "" : "1" }); } finally { button.disabled = false; }
  });
  return make("div", { class: "switch" }, make("span", { class: "quiet" }, on ? words.is : words.not), button);
}

function switches(question, state, about) {
  if (!about.allow || !state.open) return null;
  if (question.kind === "photo") {
    return toggle(Boolean(state.allowed?.photos), {
      is: t("Pupils may send photos. They are deleted after 30 days."), off: t("Switch photos off"),
      not: t("Photos are off."), on: t("Let pupils send photos"),
    }, "photos", about);
  }
  if (question.kind !== "poll") return null;
  return toggle(Boolean(state.allowed?.[`poll:${question.id}`]), {
    is: t("Whoever has answered sees these counts."), off: t("Hide the result"),
    not: t("Pupils don't see the result."), on: t("Show the result to the class"),
  }, `poll:${question.id}`, about);
}

/** Show the questions in `box`; `names` says whether pupils' names are shown. */
export function showQuestions(box, state, about, names) {
  if (!state.questions.length) {
    box.replaceChildren(make("p", { class: "empty" }, t("This lesson asks no questions.")));
    return;
  }
  const old = new Map([...box.children].map((child) => [child.dataset.question, child]));
  box.replaceChildren(...state.questions.map((question) => {
    const text = JSON.stringify([question, names, state.allowed, state.open]);
    const before = old.get(question.id);
    if (before?.dataset.text === text) return before; // screen readers hear of changes only
    const made = make("section", { class: "question", "data-question": question.id, "data-kind": question.kind, "data-text": text },
      make("h3", { tabindex: "-1" }, question.prompt),
      make("p", { class: "quiet" }, n("{n} answer", "{n} answers", question.count)),
      question.late ? make("p", { class: "quiet" }, n("{n} of them came after the close.", "{n} of them came after the close.", question.late)) : null,
      question.bars.length ? bars(question) : null, switches(question, state, about));
    const read = lines(question, state, about, names, made);
    if (read) made.append(read);
    return made;
  }));
}
