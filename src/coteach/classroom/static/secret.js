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

function tell(problem) {
  byId("problem").textContent = problem;
  byId("problem").hidden = !problem;
}

let sending = false;
/** Show the pictures to the server. A line that is down is waited for; nothing is tapped twice. */
async function send(values) {
  if (sending) return;
  sending = true;
  byId("busy").hidden = false; // at once: on a slow line the page takes its time
  byId("keeping").hidden = true;
  const body = new URLSearchParams({ ...Object.fromEntries(new FormData(form)), ...values });
  let answer = null;
  while (!answer) {
    answer = await fetch(form.action, { method: "POST", body, redirect: "manual",
      headers: { Accept: "application/json" } }).catch(() => null);
    if (answer) break;
    tell(t("The line is down. You need not do anything: this goes on by itself."));
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
  }
  const json = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (answer.type === "opaqueredirect") location.replace(form.dataset.inside);
  else if (answer.status === 409) {
    picks = [];
    show();
    form.submit(); // somebody was faster: the page is another one now
  } else if (json) {
    sending = false;
    byId("busy").hidden = true;
    picks = [];
    show();
    tell((await answer.json()).problem);
    buttons[0].focus({ preventScroll: true });
  } else form.submit(); // the server has a page for it
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  event.preventDefault();
  if (sending) return;
  if (button.name === "pick" && picks.length < most) {
    tell("");
    picks.push(button.value);
    show();
    if (!choosing && picks.length >= most) send({});
    else if (button.disabled) buttons.find((other) => !other.disabled)?.focus({ preventScroll: true });
  } else if (button.name === "again") {
    picks = [];
    show();
    buttons[0].focus({ preventScroll: true });
  } else if (button.name === "keep") send({ keep: "1" });
});

/* Back from the class page, or from another child's: what was tapped is nobody's to see. */
function forget() {
  byId("busy").hidden = true;
  picks = [];
  show();
}
addEventListener("pagehide", forget);
addEventListener("pageshow", (event) => { if (event.persisted) forget(); });
if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") forget();
