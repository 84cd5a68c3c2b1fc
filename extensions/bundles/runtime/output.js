// The Output widget: what a callback prints, shows and plots lands here.
//
// Rule: a new picture takes the place of the old one without the page jumping; what a callback
// writes to stderr and its tracebacks are for the author and not for a pupil.

import { DOMWidgetModel, DOMWidgetView } from "@jupyter-widgets/base";
import { Widget } from "@lumino/widgets";

const MOST = 200;          // outputs kept
const TEXT = 200_000;      // characters of one stream
const IMAGES = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"];
const RECORDED = "recorded"; // stands for all that the page showed before it was live
const CALM = 250;
const VIEW = "application/vnd.jupyter.widget-view+json";
const ORDER = [VIEW, "text/html", "text/markdown", ...IMAGES, "text/latex", "text/plain"];
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;
const plain = (value) => (Array.isArray(value) ? value.join("") : String(value ?? ""));

export class OutputModel extends DOMWidgetModel {
  defaults() {
    return { ...super.defaults(), _model_name: "OutputModel", _view_name: "OutputView",
      _model_module: "@jupyter-widgets/output", _view_module: "@jupyter-widgets/output",
      _model_module_version: "1.0.0", _view_module_version: "1.0.0", msg_id: "", outputs: [] };
  }

  initialize(attributes, options) {
    super.initialize(attributes, options);
    this.clearing = false;
    this.widget_manager.outputs.add(this);
    this.once("destroy", () => {
      this.stopCatching?.();
      this.widget_manager.outputs.delete(this);
    });
    this.on("change:msg_id", this.listen, this);
    this.listen();
  }

  listen() {
    this.stopCatching?.();
    const parent = this.get("msg_id");
    this.stopCatching = parent
      ? this.widget_manager.comms.catchOutputs(parent, (message) => this.take(message)) : null;
  }

  take({ header, parent_header: cause, content }) {
    const kind = header.msg_type;
    if (kind === "error") {
      this.failed(cause.msg_id, content);
      return;
    }
    if (kind === "clear_output") {
      this.before = { cause: cause.msg_id, outputs: withoutErrors(this.get("outputs")) };
      if (content.wait) this.clearing = true;
      else this.put([]);
      return;
    }
    const outputs = this.clearing ? [] : [...this.get("outputs")];
    this.clearing = false;
    const last = outputs[outputs.length - 1];
    if (kind === "stream" && last?.output_type === "stream" && last.name === content.name) {
      outputs[outputs.length - 1] = { ...last,
        text: (plain(last.text) + content.text).slice(-TEXT) };
    } else outputs.push({ output_type: kind, ...content });
    this.put(outputs.slice(-MOST));
  }

  /** What did not work leaves the last picture; why it did not is for the author and not for a pupil. */
  failed(cause, content) {
    const good = this.before?.cause === cause ? this.before.outputs : withoutErrors(this.get("outputs"));
    this.clearing = false;
    this.put([...good, { output_type: "error", ename: content.ename, evalue: content.evalue, traceback: [] }]);
    this.widget_manager.onfailed?.(content, null, this.model_id);
  }

  /** Not told to the kernel: it knows, and a plot going back up would hold up the next move. */
  put(outputs) {
    this.set_state({ outputs });
  }

  /** A display that is shown here was changed. */
  update(content) {
    const id = content.transient?.display_id;
    if (!id || !this.get("outputs").some((one) => one.transient?.display_id === id)) return;
    this.put(this.get("outputs").map((one) => (one.transient?.display_id === id
      ? { ...one, data: content.data, metadata: content.metadata } : one)));
  }
}

export class OutputView extends DOMWidgetView {
  initialize(parameters) {
    super.initialize(parameters);
    this.parts = [];
    this.listenTo(this.model, "change:outputs", this.show);
  }

  render() {
    super.render();
    this.el.classList.add("jupyter-widgets", "jupyter-widgets-output-area", "jp-OutputArea",
      "widget-output");
    this.el.setAttribute("aria-live", "polite");
    this.show();
  }

  show() {
    this.hold();
    const outputs = this.model.get("outputs").filter((one) => one.name !== "stderr");
    outputs.forEach((output, index) => {
      const old = this.parts[index];
      if (old && old.output === output) return;
      if (old && this.replaceImage(old, output)) return;
      const element = this.make(output);
      if (old) {
        this.drop(old);
        old.element.replaceWith(element);
      } else this.el.append(element);
      this.parts[index] = { output, element };
      this.fill(this.parts[index]);
    });
    for (const old of this.parts.splice(outputs.length)) {
      this.drop(old);
      old.element.remove();
    }
  }

  /** Nothing below jumps while a new picture takes the place of an old one. */
  hold() {
    this.el.style.minHeight = `${this.el.offsetHeight}px`;
    clearTimeout(this.holding);
    this.holding = setTimeout(() => { this.el.style.minHeight = ""; }, CALM);
  }

  /** What was recorded: it stands in the page as a snapshot, or the service has it. */
  recall(place) {
    const shown = document.querySelector(`[data-ct-output="${this.model.model_id}"]`);
    if (shown) {
      place.append(...[...shown.childNodes].map((node) => node.cloneNode(true)));
      return;
    }
    this.model.widget_manager.recorded(this.model.model_id).then((outputs) => {
      const now = this.model.get("outputs");
      if (now[0]?.output_type === RECORDED) this.model.put([...outputs, ...now.slice(1)]);
    }, () => {});
  }

  drop(part) {
    part.view?.then((view) => view.remove()).catch(() => {});
  }

  /** The old picture stays until the new one can be shown. */
  replaceImage(part, output) {
    const image = part.element.querySelector("img.ct-picture");
    const kind = best(output.data);
    if (!image || !IMAGES.includes(kind)) return false;
    this.picture(image, output, kind);
    part.output = output;
    return true;
  }

  picture(image, output, kind) {
    const value = plain(output.data[kind]);
    image.src = kind === "image/svg+xml"
      ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(value)}`
      : `data:${kind};base64,${value.replace(/\s/g, "")}`;
    const about = output.metadata?.[kind] ?? {};
    for (const side of ["width", "height"]) {
      if (about[side]) image.setAttribute(side, about[side]);
      else image.removeAttribute(side);
    }
    image.alt = plain(output.metadata?.alt ?? about.alt ?? this.model.widget_manager.words.picture);
  }

  make(output) {
    const child = document.createElement("div");
    child.className = "jp-OutputArea-child";
    const place = document.createElement("div");
    place.className = "jp-OutputArea-output";
    child.append(place);
    if (output.output_type === RECORDED) {
      child.className = place.className = "";
      this.recall(place);
    } else if (output.output_type === "stream") {
      place.classList.add("jp-RenderedText");
      place.append(pre(output.text));
    } else if (output.output_type === "error") {
      const notice = document.createElement("p");
      notice.className = "ct-notice";
      notice.textContent = this.model.widget_manager.words.failed_value;
      place.append(notice);
    }
    return child;
  }

  fill(part) {
    const { output } = part;
    const place = part.element.firstChild;
    const kind = best(output.data);
    if (!output.data) return;
    if (kind === VIEW) {
      part.view = this.model.widget_manager.get_model(output.data[VIEW].model_id)
        .then((model) => this.create_child_view(model))
        .then((view) => {
          if (place.isConnected) Widget.attach(view.luminoWidget, place);
          else this.displayed.then(() => Widget.attach(view.luminoWidget, place));
          return view;
        });
      part.view.catch(() => { place.append(this.make({ output_type: "error" }).firstChild); });
    } else if (kind === "text/html") {
      place.classList.add("jp-RenderedHTMLCommon", "jp-RenderedHTML");
      html(place, plain(output.data[kind]));
    } else if (kind === "text/markdown") {
      place.classList.add("jp-RenderedHTMLCommon", "jp-RenderedMarkdown");
      const text = plain(output.data[kind]);
      place.append(pre(text));
      import("./markdown.js").then(({ markdown }) => html(place, markdown(text)), () => {});
    } else if (IMAGES.includes(kind)) {
      place.classList.add("jp-RenderedImage");
      const image = document.createElement("img");
      image.className = "ct-picture";
      this.picture(image, output, kind);
      place.append(image);
    } else if (kind) {
      place.classList.add("jp-RenderedText");
      place.append(pre(output.data[kind]));
    }
  }

  remove() {
    for (const part of this.parts.splice(0)) this.drop(part);
    return super.remove();
  }
}

const withoutErrors = (outputs) => outputs.filter((one) => one.output_type !== "error");

const best = (data) => data && ORDER.find((kind) => data[kind] !== undefined);

function pre(text) {
  const element = document.createElement("pre");
  element.textContent = plain(text).replace(COLOURS, "");
  return element;
}

/** HTML of the lesson, as trusted as the lesson's own cells: its scripts run. */
function html(place, text) {
  place.innerHTML = text;
  for (const old of place.querySelectorAll("script")) {
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
  for (const table of place.querySelectorAll("table")) {
    const box = document.createElement("div");
    box.className = "ct-scroll";
    box.tabIndex = 0;
    table.replaceWith(box);
    box.append(table);
  }
}
