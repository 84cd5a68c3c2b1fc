// The class around the page: is it open, is there a newer lesson, what does the teacher want.
//
// Other scripts hear of it through the event `ct-state` on the document.

import { carryPlace } from "./reading.js";

const EVERY = 4000;

/** Nobody types for nothing into a class that is closed. */
function close() {
  for (const control of document.querySelectorAll(
    ".ct-question button, .ct-question input, .ct-question select, .ct-question textarea")) {
    control.disabled = true;
  }
}

/** Ask for the class's state as long as the page is looked at. */
export function watchClass(data, notices, ended) {
  if (!data.state) return;

  async function look() {
    if (document.visibilityState === "visible" && navigator.onLine !== false) {
      const answer = await fetch(data.state, { cache: "no-cache" }).catch(() => null);
      if (answer?.status === 410) {
        notices.say("over");
        close();
        ended();
        document.dispatchEvent(new CustomEvent("ct-state", { detail: { open: false } }));
        return;
      }
      if (answer?.status === 401) {
        document.dispatchEvent(new CustomEvent("ct-state", { detail: { gone: true } }));
      }
      if (answer?.ok) {
        const detail = await answer.json().catch(() => null);
        if (detail) {
          document.dispatchEvent(new CustomEvent("ct-state", { detail }));
          if (detail.lesson && data.lesson && detail.lesson !== data.lesson) {
            notices.say("newer", "load", () => {
              carryPlace(data, detail.lesson);
              location.reload();
            });
          }
        }
      }
    }
    setTimeout(look, EVERY);
  }
  setTimeout(look, 500);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && notices.has("over")) close();
  });
}
