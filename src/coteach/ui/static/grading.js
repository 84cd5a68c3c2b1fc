// Trainers' marking pages: how far background work is, and saving by keyboard.
import { t } from "./i18n.js";

const run = document.getElementById("run");

function say(now) {
  if (now.kind === "check") return; // it has no steps to count
  const words = document.getElementById("run-words");
  const bar = document.getElementById("run-bar");
  if (now.total) {
    bar.max = now.total;
    bar.value = now.done;
  }
  const sentence = now.kind === "release"
    ? t("Giving back: {done} of {total}", now)
    : t("Marking: {done} of {total}", now);
  const whole = [sentence, left(now.seconds_left)].filter(Boolean).join(" · ");
  if (words.textContent !== whole) words.textContent = whole;
}

function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  // Rounded, so that a screen reader is not told of every second.
  return seconds < 90
    ? t("about {n} s left", { n: Math.max(5, Math.ceil(seconds / 5) * 5) })
    : t("about {n} min left", { n: Math.ceil(seconds / 60) });
}

async function follow() {
  let misses = 0;
  for (;;) {
    try {
      const answer = await fetch(run.dataset.url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = (await answer.json()).run;
      if (now.state !== "running" && now.state !== "waiting") {
        location.reload();
        return;
      }
      misses = 0;
      say(now);
    } catch {
      misses += 1;
      if (misses === 3) {
        document.getElementById("run-words").textContent = t("The connection is gone. Trying again…");
      }
    }
    await new Promise((done) => setTimeout(done, Math.min(700 * (misses + 1), 5000)));
  }
}

if (run && !run.hidden) follow();

document.getElementById("mark")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.currentTarget.requestSubmit();
  }
});
document.getElementById("points")?.select();
