// Three taps without a trip to the server after each; the page works the same without this script.

import { t } from "/c/static/i18n.js";

const byId = (id) => document.getElementById(id);
const form = byId("secret");
const choosing = form.dataset.choosing === "yes";
const most = Number(form.dataset.most);
const buttons = [...form.querySelectorAll("button[name=pick]")];
let picks = byId("picks").value.split(" ").filter(Boolean);

const named = (name) => buttons.find((button) => button.value === name);

function show() {
  const complete = picks.length >= most;
  [...byId("slots").children].forEach((slot, place) => {
    const name = picks[place];
    // What opens a card stays unseen; what is being chosen is shown, so that it can be learnt.
    if (!name) slot.textContent = String(place + 1);
    else if (choosing) slot.replaceChildren(named(name).querySelector("svg").cloneNode(true));
    else slot.textContent = "●";
    slot.classList.toggle("full", Boolean(name));
  });
  for (const button of buttons) button.disabled = choosing && picks.includes(button.value);
  byId("picks").value = picks.join(" ");
  byId("again").hidden = !picks.length;
  byId("keeping").hidden = !(choosing && complete);
  byId("all").hidden = choosing && complete;
  const said = t("{n} of {most}", { n: picks.length, most });
  byId("said").textContent = choosing && picks.length
    ? `${said}: ${picks.map((name) => named(name).textContent.trim()).join(", ")}` : said;
  if (choosing && complete) byId("keep").focus();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.name === "pick") {
    event.preventDefault();
    if (picks.length >= most) return; // on its way already
    picks.push(button.value);
    show();
    if (!choosing && picks.length >= most) form.submit();
    else if (button.disabled) buttons.find((other) => !other.disabled)?.focus({ preventScroll: true });
  } else if (button?.name === "again") {
    event.preventDefault();
    picks = [];
    show();
    buttons[0].focus({ preventScroll: true });
  }
});

/* Back from the class page, or from another child's: what was tapped is nobody's to see. */
function forget() {
  picks = [];
  show();
}
addEventListener("pagehide", forget);
addEventListener("pageshow", (event) => { if (event.persisted) forget(); });
if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") forget();
