// Hands and calls for help: one's own buttons, and the teacher's list with hands first.

import { clock, h } from "./_dom.js";
import { n, t } from "./_i18n.js";

/** Make the two buttons of who watches. */
export function handButtons(live) {
  const mine = (queue) => live.state[queue].find((one) => one.seat === live.state.you);
  const hand = h("button", { type: "button", class: "ct-primary",
    onclick: () => live.say("hand", { on: !mine("hands") }) });
  const help = h("button", { type: "button", class: "ct-quiet",
    onclick: () => live.say("help", { on: !mine("help") }) });
  const place = h("span", { role: "status" });
  function draw() {
    const waiting = mine("hands");
    hand.textContent = waiting ? t("Lower your hand") : t("Raise your hand");
    hand.setAttribute("aria-pressed", String(Boolean(waiting)));
    help.textContent = mine("help") ? t("No help needed any more") : t("Ask for help");
    help.setAttribute("aria-pressed", String(Boolean(mine("help"))));
    const text = waiting ? t("Your hand is up, number {place}.", { place: waiting.place }) : "";
    if (place.textContent !== text) place.textContent = text;
    for (const one of [hand, help]) one.hidden = live.state.leads;
  }
  return { element: h("div", { class: "ct-bar" }, hand, help, place), draw };
}

/** Make the teacher's list of everybody: hands, calls for help, the others. */
export function sideList(live) {
  const said = h("p", { class: "ct-small", role: "status" });
  const list = h("ul", { class: "ct-list" });
  const element = h("section", { class: "ct-panel", "aria-label": t("Who is here") },
    h("h3", {}, t("Who is here")), said, list);
  let drawn = "";
  function draw() {
    const { state } = live;
    element.hidden = !state.leads;
    if (!state.leads) return;
    const hands = new Map(state.hands.map((one) => [one.seat, one]));
    const help = new Map(state.help.map((one) => [one.seat, one]));
    const rank = (one) => (hands.has(one.seat) ? [0, hands.get(one.seat).place]
      : help.has(one.seat) ? [1, help.get(one.seat).place] : [one.stage ? 2 : 3, 0]);
    const people = state.people.filter((one) => !one.leads && !one.channel);
    people.sort((a, b) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1] || a.name.localeCompare(b.name));
    const text = n("{count} hand is up.", "{count} hands are up.", hands.size);
    if (said.textContent !== text) said.textContent = text;
    const now = JSON.stringify([people, [...hands.keys()], [...help.keys()], state.channels]);
    if (now === drawn) return;
    drawn = now;
    if (list.contains(document.activeElement) && document.activeElement.tagName === "INPUT") {
      drawn = ""; // she is writing; the next state draws it
      return;
    }
    const had = list.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    const open = new Set([...list.querySelectorAll("details[open]")].map((one) => one.dataset.seat));
    list.replaceChildren(...people.map((one) => row(one, hands.get(one.seat), help.get(one.seat),
      open.has(one.seat))));
    if (had) [...list.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === had)?.focus();
  }
  /** A button that says something of a person; values that she types are a function. */
  function act(one, label, type, values, kind = "ct-quiet") {
    return h("button", { type: "button", class: kind, "aria-label": `${label}: ${one.name}`,
      onclick: () => live.say(type, { seat: one.seat,
        ...(typeof values === "function" ? values() : values) }) }, label);
  }
  function tasks(one, open) {
    const channel = live.state.channels.find((each) => each.seat === one.seat);
    const language = h("input", { type: "text", maxLength: 40, value: channel?.language ?? "",
      "aria-label": t("Language that {name} interprets into", { name: one.name }),
      placeholder: t("Language") });
    return h("details", { open, "data-seat": one.seat }, h("summary", {}, t("Tasks")),
      h("div", { class: "ct-bar" }, act(one, t("Let write captions"), "captioner", { on: true }),
        channel ? act(one, t("Interpret no more"), "interpreter", { on: false })
          : [language, act(one, t("Let interpret"), "interpreter", () => ({ on: true, language: language.value }))]));
  }
  function row(one, hand, help, open) {
    const words = [one.name];
    if (!one.here) words.push(t("coming back…"));
    if (hand) words.push(t("hand is up"));
    if (help) words.push(t("asks for help since {time}", { time: clock(help.seconds) }));
    if (one.stage) words.push(one.muted ? t("on stage, muted") : t("on stage"));
    return h("li", {}, h("span", {}, words.join(" · ")), h("span", { class: "ct-bar" },
      one.stage ? act(one, t("Take off stage"), "stage", { on: false })
        : act(one, t("Bring on stage"), "stage", { on: true }, hand ? "ct-primary" : "ct-secondary"),
      one.stage ? (one.muted ? act(one, t("Ask to speak"), "ask-unmute", {}) : act(one, t("Mute"), "mute", { on: true })) : "",
      hand ? act(one, t("Lower the hand"), "hand", { on: false }) : "",
      help ? act(one, t("Helped"), "help", { on: false }) : ""), tasks(one, open));
  }
  return { element, draw };
}
