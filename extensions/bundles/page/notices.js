// What the page has to say about its line, its moving parts and its class: one bar, one thing at a
// time, the most important one.

const ORDER = ["over", "gone", "offline", "away", "newer"];

export class Notices {
  constructor(words) {
    this.words = words;
    this.open = new Map();
    this.bar = document.createElement("div");
    this.bar.className = "ct-gone";
    this.bar.id = "ct-notice";
    this.bar.setAttribute("role", "status");
    this.bar.hidden = true;
    (document.querySelector("main") || document.body).append(this.bar);
    const line = () => (navigator.onLine === false ? this.say("offline") : this.take("offline"));
    addEventListener("offline", line);
    addEventListener("online", line);
    if (navigator.onLine === false) line();
  }

  /** Say something, with a button if there is something to do. */
  say(name, button, action) {
    const old = this.open.get(name);
    this.open.set(name, { button, action });
    if (!old || old.button !== button) this.#show();
    else old.action = action;
  }

  /** Take it back. */
  take(...names) {
    const some = names.filter((name) => this.open.delete(name));
    if (some.length) this.#show();
  }

  has(name) {
    return this.open.has(name);
  }

  #show() {
    const name = ORDER.find((one) => this.open.has(one));
    this.bar.hidden = !name;
    this.bar.dataset.about = name || "";
    if (!name) return;
    const text = document.createElement("p");
    text.textContent = this.words[name] || name;
    const parts = [text];
    const { button } = this.open.get(name);
    if (button) {
      const press = document.createElement("button");
      press.type = "button";
      press.className = "ct-button";
      press.textContent = this.words[button] || button;
      press.onclick = () => this.open.get(name)?.action();
      parts.push(press);
    }
    this.bar.replaceChildren(...parts);
  }
}
