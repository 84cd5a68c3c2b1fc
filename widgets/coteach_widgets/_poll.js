// One question to everybody in a room.

import { h } from "./_dom.js";
import { n, sentences, t } from "./_i18n.js";

/** Make the question's place; returns {element, draw}. */
export function poll(live) {
  const element = h("section", { class: "ct-panel", "aria-label": t("Question") });
  let drawn = "";
  function draw() {
    const { poll: asked, leads } = live.state;
    element.hidden = !asked && !leads;
    const now = JSON.stringify([asked, leads]);
    if (now === drawn) return;
    drawn = now;
    if (asked) element.replaceChildren(...question(asked, leads));
    else element.replaceChildren(asking());
  }
  function question(asked, leads) {
    const rows = asked.choices.map((choice, at) => {
      const count = asked.counts ? ` · ${asked.counts[at]}` : "";
      return h("button", { type: "button", class: asked.mine === at ? "ct-primary" : "ct-secondary",
        "aria-pressed": String(asked.mine === at), disabled: asked.ended,
        onclick: () => live.say("poll-answer", { poll: asked.poll, choice: at }) }, choice + count);
    });
    return [h("h3", {}, asked.question), h("div", { class: "ct-bar" }, rows),
      h("p", { class: "ct-small", role: "status" }, sentences(
        asked.ended ? t("The question is over.") : "",
        n("{count} answer", "{count} answers", asked.answered))),
      leads ? h("button", { type: "button", class: "ct-quiet",
        onclick: () => live.say(asked.ended ? "poll-close" : "poll-end") },
      asked.ended ? t("Take the question away") : t("End the question")) : ""];
  }
  function asking() {
    const words = h("input", { type: "text", maxLength: 300, "aria-label": t("Question") });
    const choices = h("textarea", { rows: 3, "aria-label": t("Choices, one on each line") });
    const form = h("form", { class: "ct-ask-all" }, h("label", {}, t("Question"), words),
      h("label", {}, t("Choices, one on each line"), choices),
      h("button", { type: "submit", class: "ct-secondary" }, t("Ask everybody")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      live.say("poll", { question: words.value,
        choices: choices.value.split("\n").map((one) => one.trim()).filter(Boolean) });
    });
    return h("details", {}, h("summary", {}, t("Ask a question")), form);
  }
  return { element, draw };
}
