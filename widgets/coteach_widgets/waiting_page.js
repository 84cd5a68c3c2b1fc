// On the page that asks for a class code: what this browser still holds of a class is sent from here
// as well, or saved as a file. The class page itself does not open any more once it is closed.

import { h } from "./_dom.js";
import { setCatalog, t } from "./_i18n.js";
import { Kept } from "./_kept.js";
import { fileButton, lateWords } from "./_late.js";
import { Outbox } from "./_outbox.js";

const place = document.getElementById("ct-held");
const about = JSON.parse(place.querySelector("script").textContent);
setCatalog(about.phrases);

/** Show what becomes of the answers of one pupil. */
function show(pupil, whose) {
  const box = new Outbox({ pupil, answers: about.answers, media: about.answers.replace(/answers$/, "media"),
    visits: true });
  const text = h("p", { role: "status" });
  const button = whose ? fileButton(box) : null;
  const part = h("div", { class: "notice late", hidden: true }, h("strong", {}, whose?.nickname ?? ""), text,
    button);
  place.append(part);
  const tell = () => {
    const words = box.closed || box.held ? lateWords(box) : box.sent ? t("Your answers arrived.") : "";
    part.hidden = !words;
    if (text.textContent !== words) text.textContent = words;
    if (button) button.hidden = !box.held;
  };
  box.addEventListener("change", tell);
  box.ready.then(tell);
}

const kept = new Kept();
for (const pupil of await kept.pupils()) {
  show(pupil, (await kept.all("about", pupil)).get("whose"));
}
