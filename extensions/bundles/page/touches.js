// What is done to the snapshot of a widget before the widget is there, and how it is carried over.
//
// Rule: a hand is never told to do it again. Each control of a snapshot says with data-ct-model and
// data-ct-as what it stands for.

const NUMBER = /^\.(\d+)([f%])$/;

/** Write a number as the readout of a slider does; null for patterns that only the runtime knows. */
export function written(value, pattern) {
  if (pattern === "d") return String(Math.round(value)).replace("-", "−");
  const match = NUMBER.exec(pattern || "");
  if (!match) return null;
  const shown = match[2] === "%" ? `${(value * 100).toFixed(match[1])}%` : value.toFixed(match[1]);
  return shown.replace("-", "−");
}

/** The part of a control's address that all controls of one widget share. */
const kin = (control) => [...control.closest(".ct-widget").querySelectorAll(
  `[data-ct-model="${control.dataset.ctModel}"]`)];

/** What a control says now, as attributes of its model; null when there is nothing to set. */
function valueOf(control) {
  const kind = control.dataset.ctAs;
  switch (kind) {
    case "int": case "float": {
      const value = kind === "int" ? parseInt(control.value, 10) : parseFloat(control.value);
      return Number.isFinite(value) ? { value } : null;
    }
    case "ints": case "floats": return { value: kin(control).map((end) => Number(end.value)) };
    case "text": return { value: control.value };
    case "bool": return { value: control.checked };
    case "toggle": return { value: control.getAttribute("aria-pressed") === "true" };
    case "index":
      if (control.localName === "select") return { index: chosen(control)[0] ?? null };
      return { index: Number(control.value) };
    case "indexes":
      if (control.localName === "select") return { index: chosen(control) };
      return { index: kin(control).map((end) => Number(end.value)) };
    case "date": {
      const [year, month, date] = control.value.split("-").map(Number);
      return { value: date ? { year, month: month - 1, date } : null };
    }
    case "time": {
      const [hours, minutes, seconds = 0] = control.value.split(":").map(Number);
      return { value: control.value ? { hours, minutes, seconds, milliseconds: 0 } : null };
    }
    case "datetime-local": {
      const parts = control.value.split(/[-T:]/).map(Number);
      const [year, month, date, hours, minutes] = parts;
      return { value: parts.length < 5 ? null : { year, month: month - 1, date, hours, minutes,
        seconds: 0, milliseconds: 0 } };
    }
    case "open": {
      const details = control.closest("details");
      return { selected_index: details && !details.open ? null : Number(control.dataset.ctIndex) };
    }
    default:
      return kind?.startsWith("log:") ? { value: Number(kind.slice(4)) ** Number(control.value) }
        : null;
  }
}

const chosen = (select) => [...select.selectedOptions].filter((one) => one.value !== "")
  .map((one) => Number(one.value));

/** Whether a control says something else than the page said. */
function changed(control) {
  if (control.localName === "select") {
    return [...control.options].some((one) => one.selected !== one.defaultSelected)
      && !(control.selectedIndex === 0 && ![...control.options].some((one) => one.defaultSelected));
  }
  if (control.type === "checkbox") return control.checked !== control.defaultChecked;
  if (control.type === "radio") return control.checked && !control.defaultChecked;
  if (control.type === "range") {
    // The browser moves a value that lies between two steps; that is nobody's hand.
    const { min, max, step } = control;
    const still = Object.assign(document.createElement("input"), { type: "range", min, max, step });
    still.value = control.defaultValue;
    return control.value !== still.value;
  }
  return "defaultValue" in control && control.type !== "color"
    && control.value !== control.defaultValue;
}

/** Collects what was done to snapshots. */
export class Touches {
  constructor() {
    this.values = {};
    this.presses = [];
    this.plays = [];
    this.controls = new Map();
    for (const kind of ["input", "change", "click", "keydown", "toggle"]) {
      document.addEventListener(kind, (event) => this.#note(event), true);
    }
    this.#before();
  }

  /** On a slow line a hand is faster than this script: take what was done by then. */
  #before() {
    for (const control of document.querySelectorAll(".ct-widget [data-ct-as]")) {
      if (!changed(control)) continue;
      this.#echo(control);
      this.controls.set(control.dataset.ctModel, control);
    }
  }

  #note(event) {
    const control = event.target.closest?.("[data-ct-as]")
      ?? (event.type === "toggle" ? event.target.querySelector("summary[data-ct-as]") : null);
    if (!control || control.disabled) return;
    const kind = control.dataset.ctAs;
    const button = control.localName === "button";
    const tab = control.getAttribute("role") === "tab";
    const pressed = event.type === "click" || (tab && event.type === "keydown"
      && (event.key === "Enter" || event.key === " "));
    if (button || tab ? !pressed : !["input", "change", "toggle"].includes(event.type)) return;
    if (kind === "press") this.presses.push(control.dataset.ctModel);
    else if (kind === "play") this.plays.push(control.dataset.ctModel);
    else {
      if (button) choose(control, kind);
      else if (tab) openTab(control);
      else this.#echo(control);
      this.controls.set(control.dataset.ctModel, control);
    }
  }

  /** Show at once what a live slider would show. */
  #echo(control) {
    if (control.type !== "range") return;
    const box = control.closest(".widget-slider");
    const ends = [...box.querySelectorAll("input")];
    if (ends.length === 2 && Number(ends[0].value) > Number(ends[1].value)) {
      control.value = ends[control === ends[0] ? 1 : 0].value;
    }
    const share = (end) => (end.value - end.min) / (end.max - end.min);
    ["--ct-a", "--ct-b"].forEach((name, place) => {
      if (ends[1]) control.parentElement.style.setProperty(name, share(ends[place]));
    });
    const readout = box.querySelector(".widget-readout[data-ct-format]");
    const shown = readout && ends.map((end) => {
      const base = end.dataset.ctAs.startsWith("log:") ? Number(end.dataset.ctAs.slice(4)) : 0;
      return written(base ? base ** end.value : Number(end.value), readout.dataset.ctFormat);
    });
    if (shown && !shown.includes(null)) readout.textContent = shown.join(" – ");
  }

  /** What is to be set in the models, by widget. */
  collected() {
    const found = {};
    for (const [id, control] of this.controls) {
      const value = valueOf(control);
      if (value) found[id] = value;
    }
    return found;
  }

  /** Nothing is left of what was done before. */
  forget(element) {
    for (const [id, control] of this.controls) if (element.contains(control)) this.controls.delete(id);
  }
}

function choose(button, kind) {
  const group = kind === "toggle" ? [] : [...button.parentElement.children];
  for (const other of group) {
    other.setAttribute("aria-pressed", "false");
    other.classList.remove("mod-active");
  }
  const on = kind !== "toggle" || button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  button.classList.toggle("mod-active", on);
}

function openTab(tab) {
  const box = tab.closest(".widget-tab");
  const all = [...tab.parentElement.children];
  const panels = [...box.querySelector(".widget-tab-contents").children];
  all.forEach((one, place) => {
    const here = one === tab;
    one.classList.toggle("lm-mod-current", here);
    one.setAttribute("aria-selected", String(here));
    if (panels[place]) panels[place].hidden = !here;
  });
}
