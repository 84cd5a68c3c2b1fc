// The door of a room: see yourself, say yes or no to being recorded, enter.

import { openBoth } from "./_camera.js";
import { h } from "./_dom.js";
import { t } from "./_i18n.js";

/** Show the door; resolves with {stream, consent} when she enters. */
export function door(root, { title, purpose, owner, onOpen }) {
  return new Promise((entered) => {
    const video = h("video", { autoplay: true, muted: true, playsInline: true, class: "ct-face",
      "aria-label": t("Your camera") });
    const problem = h("p", { class: "ct-problem", role: "alert", hidden: true });
    const enter = h("button", { type: "submit", class: "ct-primary", disabled: true },
      t("Enter the room"));
    const choice = (value, label) => h("label", { class: "ct-choice" },
      h("input", { type: "radio", name: "consent", value, required: true, onchange: ready }), label);
    let opened = null;
    function ready() {
      enter.disabled = !opened || !form.querySelector("input[name=consent]:checked");
    }
    const form = h("form", { class: "ct-door" },
      h("div", { class: "ct-tile" }, video),
      h("div", { class: "ct-ask" },
        title ? h("h3", {}, title) : null,
        problem,
        h("fieldset", {},
          h("legend", {}, t("May you be recorded?")),
          h("p", {}, purpose),
          choice("yes", t("Yes, record me")),
          choice("no", owner
            ? t("No. Then nothing can be recorded.")
            : t("No, leave me out. You see and hear each other all the same."))),
        enter));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const consent = form.querySelector("input[name=consent]:checked")?.value;
      if (consent && opened) entered({ stream: opened.stream, consent: consent === "yes" });
    });
    root.replaceChildren(form);
    openBoth().then((result) => {
      opened = result;
      onOpen(result.stream);
      if (result.stream) video.srcObject = result.stream;
      if (result.problem) {
        problem.hidden = false;
        problem.append(h("strong", {}, result.problem.cause), " ", result.problem.action);
        if (!result.stream) {
          problem.append(" ", t("You can enter and watch without camera and microphone."));
        }
      }
      ready();
    });
  });
}
