// A question of a lesson. On a class page it sends through the outbox; in a notebook it previews.

import { choiceForm, exitForm, numberForm, textForm } from "./_answers.js";
import { h, uniqueId } from "./_dom.js";
import { t } from "./_i18n.js";
import { nameOf, outbox } from "./_outbox.js";
import { begin } from "./_widget.js";

const FORMS = { choice: choiceForm, number: numberForm, text: textForm, exit: exitForm };

const words = {
  none: () => "",
  here: (about) => about.words ? `${about.words} ${t("Your answer stays on this device.")}`
    : t("Saved on this device. It goes to your teacher when the line is there."),
  unsafe: () => t("Keep this page open until your teacher has it."),
  sent: () => t("Your teacher has it."),
  refused: (about) => about.words + " " + t("Your answer stays on this device."),
};

const SIGNS = { none: "", here: "•", unsafe: "!", sent: "✓", refused: "!" };

/** Tell the kernel too, for a preview in a notebook; a kernel that is gone does not matter. */
function tellKernel(model, answer) {
  try {
    model.set("answer", answer);
    model.save_changes();
  } catch { /* the answer has its own way */ }
}

function render({ model, el }) {
  begin(model);
  const label = uniqueId("ct-asked");
  const status = h("p", { class: "ct-answer-state", role: "status" });
  const key = model.get("named") ? model.get("key") : "";
  const kind = model.get("kind");
  const where = () => el.closest("[data-cell-id]")?.dataset.cellId || model.get("key");
  const box = outbox();

  const save = (answer) => {
    if (box) box.add(where(), { kind, key, answer });
    else status.textContent = t("This is a preview. On a class page the answer is sent.");
    tellKernel(model, answer);
  };
  const form = FORMS[kind]({ options: model.get("options"), unit: model.get("unit"), label }, save);
  const prompt = model.get("prompt");
  el.classList.add("ct", "ct-question");
  el.append(prompt ? h("p", { class: "ct-prompt", id: label }, prompt) : "", form.element, status);
  if (!box) {
    form.show(model.get("answer"));
    return undefined;
  }

  let shown;
  const update = () => {
    const about = box.about(nameOf(where(), key));
    const text = words[about.state](about);
    if (status.dataset.state !== about.state || status.dataset.words !== text) {
      status.dataset.state = about.state;
      status.dataset.words = text;
      status.replaceChildren(...(text
        ? [h("span", { class: "ct-tick", "aria-hidden": "true" }, SIGNS[about.state]), ` ${text}`]
        : []));
    }
    const now = JSON.stringify(about.value?.answer ?? null);
    if (now !== shown) form.show(JSON.parse((shown = now)));
  };
  box.addEventListener("change", update);
  // The element is put into the page after this: only then is its cell known.
  queueMicrotask(update);
  box.ready.then(update);
  return () => box.removeEventListener("change", update);
}

export default { render };
