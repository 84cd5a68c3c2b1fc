// The teacher's live view: who is here, answers as they come, names hidden until asked for.

import { t } from "/c/static/i18n.js";

// Beside this file under the same version, so that both are new together.
const { make, picture, showQuestions } = await import(JSON.parse(
  document.getElementById("watch").textContent).questions);

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const byId = (id) => document.getElementById(id);
const about = read("watch");
let state = read("state");
const names = byId("names");
names.checked = false; // a browser that restores the page must not show names on the projector

const STATES = { here: () => t("here"), away: () => t("away"), "not-yet": () => t("not yet here") };

function people() {
  const here = state.cards.filter((card) => card.state === "here").length;
  byId("here-count").textContent = t("{here} of {all}", { here, all: state.cards.length });
  byId("people").replaceChildren(...state.cards.map((card) => make("li", { "data-state": card.state },
    picture(about, card.picture), make("span", {}, names.checked ? card.name : "",
      make("span", { class: "person-state" }, STATES[card.state]())))));
}

function show() {
  byId("open-part").hidden = !state.open;
  byId("closed-part").hidden = state.open;
  people();
  showQuestions(byId("questions"), state, about, names.checked);
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
