// The widgets of one kernel.
//
// Rule: what this page sent is remembered, so a new kernel can be brought to the same place.

import { ErrorWidgetView } from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import { Widget } from "@lumino/widgets";
import { typeset } from "./formulas.js";
import { findClass } from "./modules.js";

const NOT_KEPT = new Set(["outputs", "msg_id", "_view_count", "_esm", "_css"]);

export class Manager extends ManagerBase {
  /**
   * @param comms - the comms of the kernel
   * @param words - sentences by name
   * @param states - the address of the widgets' states as the page shows them
   */
  constructor(comms, words, states) {
    super();
    this.states = states;
    this._rendermime = { latexTypesetter: { typeset } }; // the name that widgets look for
    this.comms = comms;
    this.words = words;
    this.outputs = new Set();
    this.changed = {};
    comms.targets.set(this.comm_target_name, (comm, message) =>
      this.handle_comm_open(comm, message));
    comms.updated = (content) => { for (const one of this.outputs) one.update(content); };
    // An error that no Output caught: of a button, or of a callback beside the last picture.
    comms.failed = (error, id) => { this.#stumbled(error, id); };
    comms.sent = ({ comm_id: id, data }) => {
      this.onsent?.(id);
      if (data?.method !== "update" || data.buffer_paths?.length) return;
      for (const [key, value] of Object.entries(data.state)) {
        if (!NOT_KEPT.has(key)) (this.changed[id] ??= {})[key] = value;
      }
      this.onchanged?.();
    };
  }

  async _create_comm(target, id, data, metadata, buffers) {
    const comm = this.comms.make(target, id);
    if (data || metadata) comm.open(data, undefined, metadata, buffers);
    return comm;
  }

  _get_comm_info() {
    return new Promise((resolve) => {
      this.comms.info = resolve;
      this.comms.post("comm_info_request", { target_name: this.comm_target_name });
    });
  }

  loadClass(name, module) {
    return findClass(name, module);
  }

  /** Return what an Output widget showed when the lesson was recorded. */
  async recorded(id) {
    this.asked ??= fetch(this.states).then((answer) => answer.json());
    return (await this.asked).state[id]?.state.outputs ?? [];
  }

  /** Bring all models to the kernel's state, and make those that are new. */
  load() {
    return this._loadFromKernel();
  }

  /** A line that is there again: nothing is on its way any more. */
  async resume() {
    for (const made of Object.values(this._models)) {
      const model = await made.catch(() => null);
      if (!model?._expectedEchoMsgIds) continue;
      model._pending_msgs = 0;
      model._expectedEchoMsgIds.clear();
      if (!model._msg_buffer) continue;
      const id = model.send_sync_message(model._msg_buffer, model._msg_buffer_callbacks);
      model.rememberLastUpdateFor(id);
      model._msg_buffer = model._msg_buffer_callbacks = null;
    }
    await this.load();
  }

  async create_view(model, options = {}) {
    const view = await super.create_view(model, options);
    if (view instanceof ErrorWidgetView) {
      view.failed = true;
      const notice = document.createElement("p");
      notice.className = "ct-notice";
      notice.textContent = this.words.missing_part;
      view.el.className = "jupyter-widgets";
      view.el.replaceChildren(notice);
      view.render = () => {};
    }
    return view;
  }

  /** Show a model in an element; false when it can't be shown. */
  async show(id, element) {
    const model = await this.get_model(id);
    const view = await this.create_view(model);
    if (view.failed) return false;
    Widget.attach(view.luminoWidget, element);
    return true;
  }

  /** Set values in models as if a hand had done it. */
  async apply(values) {
    for (const [id, state] of Object.entries(values)) {
      if (!this.has_model(id)) continue;
      try {
        const model = await this.get_model(id);
        const made = await model.constructor._deserialize_state({ ...state }, this);
        model.set(made);
        model.save_changes();
      } catch (error) {
        console.warn("a value could not be brought along", error);
      }
    }
  }

  /** Send what a widget's own view would send when it is pressed. */
  async press(id, content) {
    (await this.get_model(id)).send(content, {}, []);
  }

  async #stumbled(error, id) {
    const model = this.has_model(id) ? await this.get_model(id) : null;
    const views = await Promise.all(Object.values(model?.views ?? {}));
    this.onfailed?.(error, views.map((view) => view.el).find((el) => el.isConnected), id);
  }

  /** The kernel is no more: models are dead, their views stay. */
  end() {
    this.disconnect();
  }
}
