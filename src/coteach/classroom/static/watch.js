// The teacher's live view: who is here, answers as they come, names hidden until asked for.

import { n, t } from "/c/static/i18n.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const byId = (id) => document.getElementById(id);
const about = read("watch");
let state = read("state");
const names = byId("names");
names.checked = false; // a browser that restores the page must not show names on the projector

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function picture(name) {
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

const STATES = { here: () => t("here"), away: () => t("away"), "not-yet": () => t("not yet here") };

function people() {
  const here = state.cards.filter((card) => card.state === "here").length;
  byId("here-count").textContent = t("{here} of {all}", { here, all: state.cards.length });
  byId("people").replaceChildren(...state.cards.map((card) => make("li", { "data-state": card.state },
    picture(card.picture), make("span", {}, names.checked ? card.name : "",
      make("span", { class: "person-state" }, STATES[card.state]())))));
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

function lines(question) {
  // With names hidden a choice or number says all in its bars; words are what one wants to read.
  const words = question.kind === "text" || question.kind === "exit";
  if (!question.lines.length || !(words || names.checked)) return null;
  const cards = new Map(state.cards.map((card) => [card.id, card]));
  return make("ul", { class: "said" }, ...question.lines.map((line) => make("li", {},
    names.checked ? make("span", { class: "said-by" }, picture(cards.get(line.card).picture),
      cards.get(line.card).name) : null, make("span", {}, line.words))));
}

function questions() {
  const box = byId("questions");
  if (!state.questions.length) {
    box.replaceChildren(make("p", { class: "empty" }, t("This lesson asks no questions.")));
    return;
  }
  const old = new Map([...box.children].map((child) => [child.dataset.question, child]));
  box.replaceChildren(...state.questions.map((question) => {
    const text = JSON.stringify([question, names.checked]);
    const before = old.get(question.id);
    if (before?.dataset.text === text) return before; // screen readers hear of changes only
    const made = make("section", { class: "question", "data-question": question.id, "data-text": text },
      make("h3", {}, question.prompt),
      make("p", { class: "quiet" }, n("{n} answer", "{n} answers", question.count)),
      question.bars.length ? bars(question) : null, lines(question));
    return made;
  }));
}

function show() {
  byId("open-part").hidden = !state.open;
  byId("closed-part").hidden = state.open;
  people();
  questions();
}

names.addEventListener("change", show);
const events = new EventSource(about.events);
events.onmessage = (message) => {
  state = JSON.parse(message.data);
  byId("line-part").hidden = true;
  show();
};
events.onerror = () => { byId("line-part").hidden = false; };
show();
