// anywidget's widgets: their script is text in the model, an ES module with `render`.
//
// The same contract as anywidget's own front end (AFM): initialize and render with { model, el,
// experimental }, clean-up functions, a script or style that changes is taken up at once.

import { DOMWidgetModel, DOMWidgetView } from "@jupyter-widgets/base";
import { newId } from "./socket.js";

const bound = new WeakMap();
const isAddress = (source) => /^https?:\/\//.test(source);

async function imported(source) {
  let module;
  if (isAddress(source)) module = await import(source);
  else {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      module = await import(address);
    } finally {
      URL.revokeObjectURL(address);
    }
  }
  if (module.render) return { render: module.render };
  const made = typeof module.default === "function" ? await module.default() : module.default;
  if (!made) throw new Error("the widget's script exports neither a default nor render");
  return made;
}

function style(css, id) {
  if (!css || !id) return;
  let place = [...document.querySelectorAll("[data-anywidget]")]
    .find((element) => element.dataset.anywidget === id);
  const tag = isAddress(css) ? "link" : "style";
  if (place?.localName !== tag) {
    place?.remove();
    place = document.createElement(tag);
    place.dataset.anywidget = id;
    document.head.append(place);
  }
  if (tag === "link") Object.assign(place, { rel: "stylesheet", href: css });
  else if (place.textContent !== css) place.textContent = css;
}

const cleaned = async (undo) => {
  try {
    await undo?.();
  } catch (error) {
    console.warn("a widget did not clean up", error);
  }
};

/** What a widget's script may see of its model; its listeners end with it. */
function proxy(model, context) {
  return {
    get: model.get.bind(model), set: model.set.bind(model), send: model.send.bind(model),
    save_changes: model.save_changes.bind(model), widget_manager: model.widget_manager,
    on: (name, callback) => { model.on(name, callback, context); },
    off: (name, callback) => { model.off(name ?? null, callback ?? null, context); },
  };
}

function invoke(model, name, message, { buffers, signal } = {}) {
  const id = newId();
  return new Promise((resolve, reject) => {
    const stop = () => {
      model.off("msg:custom", answered);
      reject(signal.reason ?? new Error("stopped"));
    };
    const answered = (answer, parts) => {
      if (answer?.id !== id) return;
      model.off("msg:custom", answered);
      signal?.removeEventListener("abort", stop);
      resolve([answer.response, parts ?? []]);
    };
    model.on("msg:custom", answered);
    signal?.addEventListener("abort", stop);
    model.send({ id, kind: "anywidget-command", name, msg: message }, undefined, buffers ?? []);
  });
}

const experimental = (model) => ({ invoke: invoke.bind(null, model) });

/** The script of one model: loaded once, shared by its views. */
class Script {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.load();
    model.on("change:_esm", () => this.load(), this);
    model.on("change:_css", () => style(model.get("_css"), model.get("_anywidget_id")), this);
    style(model.get("_css"), model.get("_anywidget_id"));
  }

  load() {
    const previous = this.ready;
    this.ready = (async () => {
      await previous?.catch(() => {});
      await this.end();
      const made = await imported(this.model.get("_esm"));
      this.stop = new AbortController();
      const undo = await made.initialize?.({ model: proxy(this.model, this.stop),
        signal: this.stop.signal, experimental: experimental(this.model) });
      if (typeof undo === "function") this.undo = undo;
      return made;
    })();
    this.ready.catch(() => {});
    if (previous) for (const view of this.views) view.show().catch(console.error);
  }

  async end() {
    if (!this.stop) return;
    this.stop.abort();
    this.model.off(null, null, this.stop);
    await cleaned(this.undo);
    this.stop = this.undo = undefined;
  }
}

export class AnyModel extends DOMWidgetModel {
  initialize(...given) {
    super.initialize(...given);
    // A question is a plain form on a page; the page's own script makes it live.
    if (this.get("_coteach") === "question") return;
    const script = new Script(this);
    bound.set(this, script);
    this.once("destroy", () => script.end());
  }

  async _handle_comm_msg(...given) {
    // What the kernel says to a widget waits until its script listens, but not for ever.
    await Promise.race([Promise.resolve(bound.get(this)?.ready).catch(() => {}),
      new Promise((resolve) => { setTimeout(resolve, 5000); })]);
    return super._handle_comm_msg(...given);
  }

  /** Binary traits don't survive the base's way through JSON. */
  serialize(state) {
    for (const key of Object.keys(state)) {
      const own = this.constructor.serializers?.[key]?.serialize;
      const value = state[key];
      if (own) state[key] = own(value, this);
      else if (key === "layout" || key === "style" || typeof structuredClone !== "function") {
        state[key] = JSON.parse(JSON.stringify(value));
      } else state[key] = structuredClone(value);
      if (typeof state[key]?.toJSON === "function") state[key] = state[key].toJSON();
    }
    return state;
  }
}

export class AnyView extends DOMWidgetView {
  async render() {
    this.script = bound.get(this.model);
    if (!this.script) {
      this.el.innerHTML = this.model.get("form");
      this.displayed.then(() => document.dispatchEvent(new CustomEvent("ct-cells")));
      return;
    }
    this.script.views.add(this);
    await this.show();
    // A layout comes when the view is on the page; one that says nothing of `display` must not undo
    // what the script has hidden.
    const { display } = this.el.style;
    if (display) {
      this.displayed.then(() => this.layoutPromise).then(() => { this.el.style.display ||= display; });
    }
  }

  async show() {
    await this.hide();
    const made = await this.script.ready;
    const stop = this.stop = new AbortController();
    this.el.replaceChildren();
    const undo = await made.render?.({ model: proxy(this.model, stop), el: this.el,
      signal: stop.signal, experimental: experimental(this.model) });
    if (stop.signal.aborted) await cleaned(undo);
    else this.undo = undo;
  }

  async hide() {
    if (!this.stop) return;
    this.stop.abort();
    this.model.off(null, null, this.stop);
    const { undo } = this;
    this.stop = this.undo = undefined;
    if (typeof undo === "function") await cleaned(undo);
  }

  remove() {
    this.script?.views.delete(this);
    this.hide();
    return super.remove();
  }
}
