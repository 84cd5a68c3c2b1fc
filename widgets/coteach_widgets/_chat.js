// The chat of a room and its captions: read one after the other, said to a screen reader politely.

import { h } from "./_dom.js";
import { t } from "./_i18n.js";

const CAPTIONS_SHOWN = 2;

/** Make a field and its button; what is sent goes out of the field. */
function writing(live, verb, about, button) {
  const field = h("input", { type: "text", maxLength: 500, ...about });
  const form = h("form", { class: "ct-write" }, field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim() && live.say(verb, { text: field.value })) field.value = "";
  });
  return form;
}

/** Make the chat; returns {element, draw}. */
export function chat(live) {
  const list = h("ol", { class: "ct-said", role: "log", "aria-live": "polite", tabindex: "0",
    "aria-label": t("Messages") });
  const form = writing(live, "chat", { "aria-label": t("Your message"),
    placeholder: t("Your message") }, h("button", { type: "submit", class: "ct-secondary" }, t("Send")));
  const off = h("p", { class: "ct-small" }, t("The teacher has switched the chat off."));
  const turn = h("button", { type: "button", class: "ct-quiet",
    onclick: () => live.say("chat-open", { open: !live.state.chat_open }) });
  const shown = new Map();
  function draw() {
    const { chat_open: open, leads } = live.state;
    off.hidden = open;
    form.hidden = !open && !leads;
    turn.hidden = !leads;
    turn.textContent = open ? t("Switch the chat off") : t("Switch the chat on");
    for (const entry of live.feeds.chat.values()) {
      if (shown.get(entry.id)?.number === entry.number) continue;
      const row = h("li", {}, entry.removed ? h("em", {}, t("The teacher removed a message."))
        : [h("strong", {}, entry.name), " ", entry.text]);
      if (leads && !entry.removed) {
        row.append(" ", h("button", { type: "button", class: "ct-plain",
          "aria-label": t("Remove the message of {name}", { name: entry.name }),
          onclick: () => live.say("chat-remove", { id: entry.id }) }, t("Remove")));
      }
      const old = shown.get(entry.id)?.row;
      if (old) old.replaceWith(row);
      else list.append(row);
      shown.set(entry.id, { number: entry.number, row });
      list.scrollTop = list.scrollHeight;
    }
  }
  const element = h("section", { class: "ct-panel", "aria-label": t("Chat") },
    h("h3", {}, t("Chat")), list, off, form, turn);
  return { element, draw };
}

/** Make the captions: the last lines, and a field for who writes them. */
export function captions(live) {
  const lines = h("p", { class: "ct-captions", role: "status", hidden: true });
  const form = writing(live, "caption", { "aria-label": t("Caption of what is said") },
    h("button", { type: "submit", class: "ct-quiet" }, t("Show the caption")));
  form.hidden = true;
  function draw() {
    form.hidden = !live.state.captioner;
    const last = [...live.feeds.captions.values()].slice(-CAPTIONS_SHOWN);
    lines.hidden = !last.length;
    const text = last.map((entry) => entry.text).join("\n");
    if (lines.textContent !== text) lines.textContent = text;
  }
  return { element: h("div", {}, lines, form), draw };
}
