// A question as a widget: the form that Python made, put in and made live. On a class page it sends
// through the page's outbox; in a notebook it previews.

import { uniqueId } from "./_dom.js";
import { outbox } from "./_outbox.js";
import { hydrate } from "./_question.js";
import { begin } from "./_widget.js";

/** Tell the kernel too, for a preview in a notebook; a kernel that is gone does not matter. */
function tellKernel(model, answer) {
  try {
    model.set("answer", answer);
    model.save_changes();
  } catch { /* the answer has its own way */ }
}

function render({ model, el }) {
  begin(model);
  let undo = () => {};
  const put = () => {
    undo();
    // Shown twice in a notebook, the two must not share ids.
    el.innerHTML = model.get("form").replaceAll(model.get("uid"), uniqueId("ctq"));
    undo = hydrate(el.firstElementChild, {
      box: outbox(), answer: model.get("answer"), tell: (answer) => tellKernel(model, answer),
      cell: () => el.closest("[data-cell-id]")?.dataset.cellId || model.get("key"),
    });
  };
  put();
  model.on("change:form", put);
  return () => { model.off("change:form", put); undo(); };
}

export default { render };
