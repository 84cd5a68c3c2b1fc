// A page that came with its text alone, because its lesson was being executed for the first time:
// the outputs are put in when they are there. Nobody has to load the page again.

import { narrowTables } from "./reading.js";

const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });

/**
 * Wait for the outputs and put them in.
 *
 * @param data - the page's data; `pending` is where the outputs come from
 * @returns whether there are widgets among them
 */
export async function fillIn(data) {
  const address = `${data.pending}?assets=${encodeURIComponent(data.assets || "")}`;
  let filled = null;
  while (!filled) {
    const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
    if (answer?.status === 200) filled = await answer.json().catch(() => null);
    else if (answer && answer.status < 500 && answer.status !== 202) return false;
    if (!filled) await pause(1.5);
  }
  if (filled.style && !document.querySelector(`link[href="${filled.style}"]`)) {
    // Before the page's own style, which has the last word.
    document.querySelector("link[rel=stylesheet]").before(Object.assign(
      document.createElement("link"), { rel: "stylesheet", href: filled.style }));
  }
  for (const section of document.querySelectorAll(".ct-cell.ct-waiting")) {
    const html = filled.cells[section.dataset.cellId];
    if (!html) {
      section.remove();
      continue;
    }
    section.innerHTML = html;
    section.classList.remove("ct-waiting");
    for (const old of section.querySelectorAll("script")) {
      const script = document.createElement("script");
      for (const { name, value } of old.attributes) script.setAttribute(name, value);
      script.textContent = old.textContent;
      old.replaceWith(script);
    }
  }
  const state = document.getElementById("ct-state");
  if (filled.notice && state) {
    state.className = "ct-notice";
    state.textContent = filled.notice;
  } else state?.remove();
  narrowTables(document);
  document.dispatchEvent(new CustomEvent("ct-cells"));
  const { widgets, modules, states } = filled;
  Object.assign(data, { widgets, modules, states });
  return filled.widgets;
}
