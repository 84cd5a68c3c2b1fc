// The moving parts: asleep as snapshots, started by the first touch, live in the same place.
//
// Rule: reading and answering never wait for them, and whatever happens to them is said in words
// beside the widget that was touched.

import { KernelWatch } from "./kernelwatch.js";
import { below, Stumbles } from "./beside.js";
import { Touches } from "./touches.js";
import { Values } from "./values.js";

const SPREAD = 3000;
const FIRST_LOOK = 2000; // after a start that failed: is the line back?
const LAST_LOOK = 15_000;
const MOST_STARTS = 3; // by themselves, on a line that is there; then it waits for a hand
const MOST_REPORTS = 10;
const FOCUSABLE = "input, select, textarea, button, .noUi-handle, summary, [role=tab]";
const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });
const after = (target, ...kinds) => new Promise((resolve) => {
  for (const kind of kinds) target.addEventListener(kind, resolve, { once: true });
});

/** A refusal in words that a reader may see. */
class Refusal extends Error {}

export class Widgets {
  constructor(data, notices) {
    this.data = data;
    this.words = data.words || {};
    this.notices = notices;
    this.touches = new Touches();
    this.values = new Values(data);
    this.stumbles = new Stumbles(this.words);
    this.room = null;
    this.starting = null;
    this.over = false;
    this.held = false;
    this.tries = 0;
    addEventListener("online", () => { if (this.lost) this.#look(); });
    this.watch = new KernelWatch(data, notices, () => this.restart(), () => {
      if (this.room) this.#quiet();
    });
    for (const kind of ["pointerdown", "focusin", "keydown"]) {
      document.addEventListener(kind, (event) => this.#touched(event), true);
    }
    document.addEventListener("pointerdown", () => { this.held = true; }, true);
    for (const kind of ["pointerup", "pointercancel"]) {
      document.addEventListener(kind, () => { this.held = false; }, true);
    }
    const touched = [...this.touches.controls.values(), document.activeElement]
      .map((one) => this.places.find((place) => place.contains(one))).find(Boolean);
    if (touched || data.running) this.start(touched);
    else this.#prefetch();
  }

  get places() {
    // One inside another's output comes with that.
    return [...document.querySelectorAll(".ct-widget[data-model-id]")]
      .filter((one) => !one.parentElement.closest(".ct-widget"));
  }

  #touched(event) {
    const place = this.places.find((one) => one.contains(event.target));
    if (this.over || !place || event.target.closest(".ct-widget-state, .ct-enlarge")) return;
    this.used = event.target;
    if (!this.room) this.start(place);
    else if (navigator.onLine === false || this.watch.broken) this.#waits(place);
  }

  /** A live control that is touched on a line that is down: what it does comes later. */
  #waits(place) {
    this.asked = place;
    this.#say(this.words.waits);
    this.state.firstChild.classList.remove("ct-state");
  }

  /** On a good line, be ready before the first touch; a bad one is left to the reader. */
  #prefetch() {
    const line = navigator.connection;
    if (!line || line.saveData || line.effectiveType !== "4g" || !(line.downlink >= 2)) return;
    const idle = window.requestIdleCallback || ((call) => setTimeout(call, 1500));
    const ready = () => idle(() => {
      if (!this.room && !this.starting && document.visibilityState === "visible") this.start();
    }, { timeout: 5000 });
    // Thirty pages open at the bell: not all of them in the same moment.
    const spread = () => setTimeout(ready, SPREAD * Math.random());
    if (document.readyState === "complete") spread();
    else addEventListener("load", spread, { once: true });
  }

  /** Start them, or wait for what is starting; words appear beside the place that was touched. */
  start(place) {
    if (place) this.asked = place;
    if (this.over || this.room) return Promise.resolve();
    if (this.starting) {
      if (place) this.#say(this.saying || this.words.loading);
      return this.starting;
    }
    this.saying = this.words.loading;
    if (place) this.#say(this.saying);
    this.starting = this.#begin().then(() => this.#quiet(), (error) => this.#failed(error))
      .finally(() => { this.starting = null; });
    clearTimeout(this.looking);
    return this.starting;
  }

  async #begin() {
    const [runtime, kernel] = await Promise.all([this.#runtime(), this.#kernel()]);
    const room = await runtime.connect({ base: this.data.base, kernel, words: this.words,
      states: this.data.states, lost: () => this.watch.lost(room),
      changed: () => this.values.save(kernel, room.changed),
      failed: (error, element, id) => {
        if (element) this.stumbles.say(id, element);
        this.#report(error, element);
      },
      sent: (id) => this.stumbles.take(id) });
    await room.apply(this.values.to(kernel));
    await room.apply(this.touches.collected());
    for (const id of this.touches.presses.splice(0)) await room.press(id, { event: "click" });
    this.room = room;
    this.tries = 0;
    this.watch.follow(room);
    document.body.classList.remove("ct-kernel-gone");
    const first = this.asked;
    const places = this.places.sort((a, b) => (b === first) - (a === first));
    await Promise.all(places.map((one) => this.#replace(one, room)));
    for (const id of this.touches.plays.splice(0)) await room.apply({ [id]: { playing: true } });
  }

  /** What did not work is told to the lesson's teacher, once; a pupil can do nothing about it. */
  #report({ ename = "", evalue = "" }, element) {
    const said = `${ename}: ${evalue}`;
    this.reported ??= new Set();
    if (this.reported.has(said) || this.reported.size >= MOST_REPORTS) return;
    this.reported.add(said);
    fetch(this.data.trouble, { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ error: `${ename}`.slice(0, 300),
        cell: (element ?? this.used)?.closest(".ct-cell")?.dataset.cellId ?? "" }) }).catch(() => {});
  }

  #runtime() {
    for (const href of this.data.parts || []) {
      if (document.querySelector(`link[href="${href}"]`)) continue;
      document.head.append(Object.assign(document.createElement("link"),
        { rel: "modulepreload", href }));
    }
    return import(this.data.runtime);
  }

  /** Ask for this visitor's kernel and wait in line for it. */
  async #kernel() {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(this.data.kernel, { method: "POST",
        headers: { Accept: "application/json" } });
      const said = await answer.json().catch(() => ({}));
      if (answer.status === 200) return said.kernel;
      if (answer.status !== 202) {
        throw new Refusal([said.error?.message, said.error?.hint].filter(Boolean).join(" "));
      }
      this.saying = (said.place > 0 ? this.words.place : this.words.loading)
        .replace("{n}", said.place);
      this.#say(this.saying);
      await pause(Math.min(10, Math.max(0.3, said.again || 1.5)));
    }
  }

  /** Put the live widget where its snapshot is, in one step and not under a finger. */
  async #replace(place, room) {
    const stage = document.createElement("div");
    stage.className = "ct-stage ct-getting-ready";
    place.append(stage);
    let shown = false;
    try {
      shown = await room.show(place.dataset.modelId, stage);
    } catch (error) {
      console.error(error);
    }
    if (this.room !== room) shown = false;
    if (!shown) {
      stage.remove();
      this.#still(place);
      return;
    }
    await settled(stage);
    while (this.held && place.contains(document.activeElement)) {
      await Promise.race([after(document, "pointerup", "pointercancel"), pause(5)]);
    }
    await room.apply(pick(this.touches.collected(), place));
    this.touches.forget(place);
    const focus = focusIn(place, stage);
    for (const old of [...place.children]) if (old !== stage) old.remove();
    stage.className = "ct-stage";
    dress(stage);
    place.dataset.live = "";
    focus();
  }

  /** A widget that can't be live here stays as it is, and the page says so. */
  #still(place) {
    if (place.querySelector(".ct-still")) return;
    const note = document.createElement("p");
    note.className = "ct-notice ct-still";
    note.textContent = this.words.missing_part;
    const asleep = place.querySelector(".ct-asleep");
    asleep?.querySelector(".ct-start")?.remove();
    (asleep || place).append(note);
  }

  /** The kernel is gone and somebody wants to go on. */
  async restart() {
    this.room?.close();
    this.room = null;
    this.notices.take("gone", "away");
    for (const one of this.places) delete one.dataset.live;
    await this.start(this.#nearest());
  }

  #nearest() {
    const middle = innerHeight / 2;
    const far = (one) => {
      const box = one.getBoundingClientRect();
      return Math.abs((box.top + box.bottom) / 2 - middle);
    };
    return this.places.sort((a, b) => far(a) - far(b))[0];
  }

  #say(text, again) {
    if (!this.asked) return;
    this.state ??= Object.assign(document.createElement("div"), { className: "ct-widget-state" });
    this.state.setAttribute("role", "status");
    const line = document.createElement("p");
    line.textContent = text;
    line.classList.toggle("ct-state", !again);
    this.state.replaceChildren(line);
    if (again) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "ct-button";
      button.textContent = this.words.again;
      button.onclick = () => this.start(this.asked);
      this.state.append(button);
    }
    // Beside the hand: below a picture nobody would see it. Where it can be seen it stays, or what
    // a finger is on would move away between down and up.
    if (this.asked.contains(this.state) && inSight(this.state)) return;
    const touched = this.used?.isConnected && this.asked.contains(this.used) ? this.used : this.asked;
    const row = below(touched, this.asked);
    if (this.state.previousElementSibling !== row) row.after(this.state);
  }

  #quiet() {
    this.state?.remove();
  }

  #failed(error) {
    console.warn("the moving parts could not be started", error);
    this.room?.close();
    this.room = null;
    this.#say(error instanceof Refusal && error.message ? error.message
      : navigator.onLine === false ? this.words.waits : this.words.failed, true);
    this.lost = !(error instanceof Refusal);
    if (this.lost) this.#lookSoon(FIRST_LOOK);
  }

  #lookSoon(wait) {
    clearTimeout(this.looking);
    this.looking = setTimeout(() => this.#look(Math.min(LAST_LOOK, 2 * wait)), wait);
  }

  /** What failed for the line starts by itself when that is back; nobody has to press a button. */
  async #look(wait = FIRST_LOOK) {
    clearTimeout(this.looking);
    if (this.room || this.starting || this.over || this.tries >= MOST_STARTS) return;
    const answer = document.visibilityState === "visible" && await fetch(this.data.runtime,
      { method: "HEAD", cache: "no-store" }).catch(() => null);
    if (this.room || this.starting || this.over) return;
    if (!answer || answer.status >= 500) this.#lookSoon(wait);
    else {
      this.tries += 1;
      this.start(this.asked);
    }
  }

  /** The class is over. */
  end() {
    this.over = true;
    this.watch.stop();
    this.room?.close();
    this.room = null;
    this.#quiet();
  }
}

function inSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/** Those of the values that belong to controls in a place. */
function pick(values, place) {
  return Object.fromEntries(Object.entries(values).filter(([id]) =>
    place.querySelector(`[data-ct-model="${id}"]`)));
}

/** Wait until nothing new comes into an element, at most a second. */
function settled(element) {
  return new Promise((resolve) => {
    let timer;
    const done = () => {
      watch.disconnect();
      clearTimeout(timer);
      clearTimeout(last);
      resolve();
    };
    const quiet = () => {
      clearTimeout(timer);
      timer = setTimeout(done, 60);
    };
    const watch = new MutationObserver(quiet);
    const last = setTimeout(done, 1000);
    watch.observe(element, { childList: true, subtree: true });
    quiet();
  });
}

/** Return how to put the focus to the same control of the live widget. */
function focusIn(place, stage) {
  const here = document.activeElement;
  if (!place.contains(here) || stage.contains(here)) return () => {};
  const old = [...place.querySelectorAll(FOCUSABLE)].filter((one) => !stage.contains(one)
    && !one.closest(".ct-widget-state"));
  const target = [...stage.querySelectorAll(FOCUSABLE)][old.indexOf(here)];
  const text = /^(?:text|search|password|textarea)$/.test(here.type || "")
    ? [here.value, here.selectionStart, here.selectionEnd] : null;
  return () => {
    target?.focus({ preventScroll: true });
    if (!text || !target?.setSelectionRange) return;
    if (target.value !== text[0]) {
      target.value = text[0];
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
    target.setSelectionRange(text[1], text[2]);
  };
}

/** Give live sliders the names that screen readers say; take away tooltips that say nothing. */
function dress(stage) {
  for (const one of stage.querySelectorAll('[title="null"]')) one.removeAttribute("title");
  for (const slider of stage.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label")?.textContent;
    for (const handle of slider.querySelectorAll(".noUi-handle")) {
      if (name) handle.setAttribute("aria-label", name);
    }
  }
}
