// The class around a lesson: its pace, its pause, what the teacher shows, and whose page this is.
// page.js asks for the state and tells it as the event `ct-state`; nothing here asks by itself.

const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");
const byId = (id) => document.getElementById(id);
const about = read("ct-class");
const { words } = about;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const NEWS_AFTER = 45_000; // without a word of the server for so long a pause is no reason to wait

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const spoken = make("p", { class: "visually-hidden", role: "status" });
document.body.append(spoken);

/* Whose page: after "Not you?" the Back button may bring the page of the pupil before. */
// Without the cookie nobody was here since: the class is over, and the page may be read on.
const holder = () => /(?:^|; )coteach_pupil=([0-9a-f]+)/.exec(document.cookie)?.[1] ?? "";
function mine() {
  if ([about.pupil, ""].includes(holder())) {
    sessionStorage.removeItem("ct-left");
    return true;
  }
  document.body.replaceChildren();
  // Once only: a page that is still not hers after a reload is left for the door.
  if (sessionStorage.getItem("ct-left") === about.pupil) location.replace("/c/");
  else {
    sessionStorage.setItem("ct-left", about.pupil);
    location.reload();
  }
  return false;
}
let leaving = false;
document.querySelector("form[action='/c/leave']")?.addEventListener("submit", () => { leaving = true; });
addEventListener("pagehide", () => { if (leaving) document.body.replaceChildren(); });
addEventListener("pageshow", (event) => { if (event.persisted) mine(); });

/* The pace: one rule hides everything from a cell on; a quiet line stands before it. */
const line = make("p", { class: "ct-beyond" });
line.textContent = words.beyond;
let beyond = "";
function pace(cell, first) {
  if (cell === beyond && line.isConnected === Boolean(cell)) return;
  const later = /^[\w-]+$/.test(cell) && byId(`cell-${cell}`);
  byId("ct-pace").textContent = later
    ? `#cell-${cell},#cell-${cell}~.ct-cell{display:none}` : "";
  if (later) later.before(line);
  else line.remove();
  if (!first && cell !== beyond) spoken.textContent = later ? words.beyond : words.opened;
  beyond = cell;
}

/* The pause: a calm curtain. What was typed stays where it is, and so does the caret. */
let curtain = null;
let before = null;
let heard = Date.now();
function pause(on) {
  if (on === Boolean(curtain)) return;
  if (!on) {
    for (const element of before.stilled) element.inert = false;
    curtain.remove();
    curtain = null;
    document.body.classList.remove("ct-paused");
    const { field, start, end } = before;
    if (field?.isConnected && field !== document.body) {
      field.focus({ preventScroll: true });
      if (start !== null) field.setSelectionRange?.(start, end);
    }
    return;
  }
  document.querySelector("dialog[open]")?.close(); // it would lie above the curtain
  const field = document.activeElement;
  let [start, end] = [null, null];
  try { [start, end] = [field.selectionStart ?? null, field.selectionEnd ?? null]; } catch { /* no text */ }
  before = { field, start, end,
    stilled: [...document.body.children].filter((child) => !child.inert && child !== spoken) };
  const heading = make("h2", { id: "ct-eyes-up" });
  heading.textContent = words.eyesUp;
  const sentence = make("p");
  sentence.textContent = words.look;
  curtain = make("div", { class: "ct-curtain", role: "alertdialog", "aria-modal": "true",
    "aria-labelledby": "ct-eyes-up", tabindex: "-1" }, make("div", {}, heading, sentence));
  for (const element of before.stilled) element.inert = true;
  document.body.append(curtain);
  document.body.classList.add("ct-paused");
  curtain.focus({ preventScroll: true });
}
function waitedInVain() {
  if (!curtain || curtain.querySelector("button") || Date.now() - heard < NEWS_AFTER) return;
  const button = make("button", { type: "button", class: "ct-button" });
  button.textContent = words.goOn;
  button.addEventListener("click", () => pause(false));
  curtain.querySelector("p").textContent = words.lineDown;
  curtain.firstElementChild.append(button);
  button.focus();
}
setInterval(waitedInVain, 5000);

/* Showing: scroll there once, say why, and offer the way back. */
const bar = make("div", { class: "ct-showing", role: "status" });
let lit = null;
let seen = Number(sessionStorage.getItem("ct-shown") ?? -1);
function show(cell, number) {
  if (!cell) {
    bar.remove();
    lit?.classList.remove("ct-lit");
    lit = null;
    return;
  }
  if (number === seen) return;
  const target = byId(`cell-${cell}`);
  if (!target) return;
  seen = number;
  sessionStorage.setItem("ct-shown", String(number));
  const [left, top] = [scrollX, scrollY];
  const said = make("p");
  said.textContent = words.showing;
  const back = make("button", { type: "button", class: "ct-button" });
  back.textContent = words.back;
  const stay = make("button", { type: "button", class: "link" });
  stay.textContent = words.stay;
  back.addEventListener("click", () => { bar.remove(); scrollTo(left, top); });
  stay.addEventListener("click", () => bar.remove());
  if (!bar.isConnected) document.body.append(bar);
  bar.replaceChildren(said, make("div", { class: "ct-showing-turns" }, back, stay));
  lit?.classList.remove("ct-lit");
  lit = target;
  lit.classList.add("ct-lit");
  // The bar covers the top; a heading has a margin of its own above it.
  target.style.setProperty("--ct-shown-below", `${bar.offsetHeight + 4}px`);
  target.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "start" });
}

function apply(state, first = false) {
  if (state.open === false) {
    pause(false); // page.js says that the class is over
    line.textContent = words.notOpened;
    show("");
    return;
  }
  if (state.pupil && state.pupil !== about.pupil) {
    mine();
    return;
  }
  pace(state.beyond ?? "", first);
  pause(Boolean(state.paused));
  if (!curtain) show(state.show, state.shown);
}

if (mine()) {
  apply(about.state, true);
  document.addEventListener("ct-state", (event) => {
    if (event.detail.gone) {
      // Signed out by the teacher, or left in another tab: the cards are at this address now.
      document.body.replaceChildren();
      location.reload();
      return;
    }
    heard = Date.now();
    apply(event.detail);
  });
}
