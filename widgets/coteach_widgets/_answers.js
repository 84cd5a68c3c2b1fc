// The form of each kind of question. A form is {element, show(answer)}; it calls `save(answer)`
// with what was entered. Real form controls, so that keyboards and screen readers just work.

import { h, uniqueId } from "./_dom.js";
import { t } from "./_i18n.js";

const fresh = () => uniqueId("ct-q");

/** One of several: saved at the tap. */
export function choiceForm({ options, label }, save) {
  const name = fresh();
  const inputs = options.map((option, place) => h("input", {
    type: "radio", name, value: String(place),
    onchange: () => save({ choice: place, text: option }),
  }));
  const element = h("div", { role: "radiogroup", "aria-labelledby": label, class: "ct-options" },
    options.map((option, place) => h("label", { class: "ct-option" }, inputs[place],
      h("span", {}, option))));
  return {
    element,
    show: (answer) => inputs.forEach((input, place) => { input.checked = answer?.choice === place; }),
  };
}

/** Return a number that a child of any of our languages may have written, or null. */
export function numberIn(text) {
  // Full-width digits come from Chinese keyboards, a comma from Vietnamese ones.
  const plain = text.trim().normalize("NFKC").replace(",", ".").replace(/[−–]/g, "-");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}

function withButton(control, submit, ...around) {
  return h("form", {
    class: "ct-line", novalidate: true,
    onsubmit: (event) => { event.preventDefault(); submit(); },
  }, control, ...around, h("button", { type: "submit", class: "ct-secondary" }, t("Save")));
}

/** A number with its unit. */
export function numberForm({ unit, label }, save) {
  const hint = fresh();
  const problem = h("p", { class: "ct-problem", id: hint, hidden: true },
    t("Write a number, like 3 or 2.5."));
  let last = null;
  const submit = () => {
    const value = numberIn(input.value);
    problem.hidden = value !== null || input.value.trim() === "";
    input.setAttribute("aria-invalid", String(!problem.hidden));
    if (value !== null && value !== last) save({ number: (last = value) });
  };
  const input = h("input", {
    type: "text", inputmode: "decimal", autocomplete: "off", maxlength: "20", size: "8",
    "aria-labelledby": label, "aria-describedby": hint, onchange: submit,
  });
  return {
    element: h("div", {}, withButton(input, submit, unit ? h("span", { class: "ct-unit" }, unit) : null),
      problem),
    show: (answer) => {
      if (typeof answer?.number !== "number" || document.activeElement === input) return;
      last = answer.number;
      input.value = String(answer.number);
    },
  };
}

/** A few words. */
export function textForm({ label }, save) {
  let last = "";
  const submit = () => {
    const words = input.value.trim();
    if (words && words !== last) save({ text: (last = words) });
  };
  const input = h("textarea", {
    rows: "2", maxlength: "500", "aria-labelledby": label, onchange: submit,
  });
  return {
    element: withButton(input, submit),
    show: (answer) => {
      if (typeof answer?.text !== "string" || document.activeElement === input) return;
      last = input.value = answer.text;
    },
  };
}

/** How it went, and what to change. */
export function exitForm(_model, save) {
  const answer = {};
  const [first, second] = [fresh(), fresh()];
  const send = (part) => { Object.assign(answer, part); save({ ...answer }); };
  const feeling = choiceForm({
    options: [t("I can explain it to a friend."), t("I understood some of it."), t("I need it once more.")],
    label: first,
  }, ({ choice }) => send({ feeling: choice }));
  const words = textForm({ label: second }, ({ text }) => send({ words: text }));
  return {
    element: h("div", { class: "ct-exit" },
      h("p", { id: first, class: "ct-asked" }, t("How did it go today?")), feeling.element,
      h("p", { id: second, class: "ct-asked" }, t("What do you still wonder? What should we change?")),
      words.element),
    show: (known) => {
      Object.assign(answer, known);
      feeling.show({ choice: known?.feeling });
      words.show({ text: known?.words });
    },
  };
}
