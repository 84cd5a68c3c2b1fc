// The teacher's live view: who is here, who needs her at the door, how far the class is, answers as
// they come. Names are hidden until asked for; whose card waits is said, since she has to act.

import { n, t } from "/c/static/i18n.js";

// Beside this file under the same version, so that both are new together.
const { make, picture, showQuestions } = await import(JSON.parse(
  document.getElementById("watch").textContent).questions);

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const byId = (id) => document.getElementById(id);
const about = read("watch");
let state = read("state");
const names = byId("names");
names.checked = false; // a browser that restores the page must not show names on the projector

/** Change children only when what they say changed: focus and screen readers stay where they are. */
function renew(box, key, children) {
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.replaceChildren(...children());
}

const GROUPS = [
  ["here", (many) => n("{n} here", "{n} here", many)],
  ["away", (many) => n("{n} away", "{n} away", many)],
  ["not-yet", (many) => n("{n} not yet here", "{n} not yet here", many)],
];

/* After the class nobody is here or away any more. */
const AFTERWARDS = [
  ["away", (many) => n("{n} was here", "{n} were here", many)],
  ["not-yet", (many) => n("{n} was not here", "{n} were not here", many)],
];

function people() {
  const here = state.cards.filter((card) => card.state === "here").length;
  byId("who-words").textContent = state.open ? t("Who is here") : t("Who was here");
  byId("here-count").textContent = state.open ? t("{here} of {all}", { here, all: state.cards.length }) : "";
  const stateOf = (card) => (card.state === "here" && !state.open ? "away" : card.state);
  const shown = state.cards.map((card) => [card.name, card.picture, stateOf(card)]);
  const groups = state.open ? GROUPS : AFTERWARDS;
  renew(byId("people"), JSON.stringify([shown, names.checked, state.open]), () => groups.flatMap(([name, words]) => {
    const group = state.cards.filter((card) => stateOf(card) === name);
    return group.length ? [make("div", { class: "people-group", "data-state": name },
      make("h3", {}, words(group.length)),
      make("ul", { class: "people" }, ...group.map((card) => make("li", {},
        picture(about, card.picture), names.checked ? make("span", {}, card.name) : null))))] : [];
  }));
}

function waiting() {
  const cards = state.open ? state.cards.filter((card) => card.waits) : [];
  renew(byId("waiting"), JSON.stringify(cards.map((card) => card.id)), () => cards.map((card) => {
    const button = (what, words, style) => make("button",
      { type: "submit", name: "do", value: what, class: style }, words);
    return make("form", { class: "notice late", method: "post",
      action: `/c/teach/class/${about.class}/card/${card.id}` },
    make("input", { type: "hidden", name: "back", value: about.session }),
    make("strong", {}, t("{name} can't come in: the pictures were wrong five times.", { name: card.name })),
    make("p", { class: "actions" }, button("reset", t("Let {name} choose new pictures", { name: card.name }), ""),
      button("again", t("Let {name} try again", { name: card.name }), "link")));
  }));
}

function lesson() {
  byId("turns").hidden = !state.open;
  const pause = byId("pause");
  pause.value = state.paused ? "go-on" : "pause";
  pause.textContent = state.paused ? t("Go on") : t("Pause: eyes up");
  pause.classList.toggle("primary", state.paused);
  byId("pause-said").textContent = state.paused ? t("All pages are covered. Answers are still taken.") : "";
  const place = state.outline.findIndex((part) => part.cell === state.upto);
  byId("free").hidden = place < 0;
  byId("pace-said").textContent = place < 0 ? t("Pupils read on as they like.")
    : t("Pupils read up to “{part}”.", { part: state.outline[place].title });
  const parts = new Map(state.outline.map((part, index) => [part.cell, { ...part, index }]));
  for (const item of byId("outline").children) {
    const part = parts.get(item.dataset.cell);
    if (!part) continue;
    const beyond = place >= 0 && part.index > place;
    const shows = state.open && state.show === part.cell;
    item.classList.toggle("beyond", beyond);
    item.classList.toggle("shown", shows);
    item.classList.toggle("last", part.index === place);
    const marks = item.querySelector(".outline-marks");
    marks.hidden = !part.marks;
    marks.textContent = n("{n} did not understand", "{n} did not understand", part.marks);
    item.querySelector(".outline-said").textContent = shows ? t("You are showing this part.")
      : part.index === place ? t("Pupils read up to here.") : beyond ? t("not open yet") : "";
    const [upto, show] = item.querySelectorAll("button");
    if (!upto) continue;
    item.querySelector(".outline-turns").hidden = !state.open;
    upto.hidden = part.index === place;
    show.value = shows ? "hide" : `show:${part.cell}`;
    show.textContent = shows ? t("Stop showing") : t("Show to the class");
    show.setAttribute("aria-label", `${show.textContent}: ${part.title}`);
  }
}

/** What did not work when the lesson was executed; her pupils' pages leave it out. */
function problems() {
  renew(byId("problems"), JSON.stringify(state.problems), () => state.problems.map((problem) => make(
    "div", { class: "notice failed" },
    make("strong", {}, problem.part ? t("In “{part}”: {message}", problem) : problem.message),
    make("p", {}, problem.hint))));
}

function show() {
  byId("open-part").hidden = !state.open;
  byId("closed-part").hidden = state.open;
  waiting();
  people();
  lesson();
  problems();
  showQuestions(byId("questions"), state, about, names.checked);
  for (const section of byId("questions").querySelectorAll(".question")) {
    // Photos of pupils are for their teacher alone.
    if (section.querySelector(".on-board") || section.dataset.kind === "photo") continue;
    section.append(make("p", {}, make("a", { class: "quiet-link on-board",
      href: `/c/teach/${about.session}/question?id=${encodeURIComponent(section.dataset.question)}` },
    t("On the board, without names"))));
  }
}

/** Buttons are forms that work by themselves; here they leave the page where it is. */
byId("main").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const values = new URLSearchParams(new FormData(form));
  if (event.submitter?.name) values.set(event.submitter.name, event.submitter.value);
  let why = "";
  try {
    const answer = await fetch(form.action, { method: "POST", body: values, redirect: "manual" });
    if (answer.type !== "opaqueredirect" && !answer.ok) why = t("Load this page again and try once more.");
  } catch { why = t("The line is down. Try again in a moment."); }
  byId("not-done").hidden = !why;
  byId("not-done-why").textContent = why;
});

names.addEventListener("change", show);
const events = new EventSource(about.events);
events.onmessage = (message) => {
  state = JSON.parse(message.data);
  byId("line-part").hidden = true;
  show();
};
events.onerror = () => { byId("line-part").hidden = false; };
show();
