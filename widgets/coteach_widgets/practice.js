// Practice: the room in a notebook or on a page, and the recordings that come out of it.

import { api } from "./_api.js";
import { stop } from "./_camera.js";
import { door } from "./_door.js";
import { h, tellProgress } from "./_dom.js";
import { sentences, t } from "./_i18n.js";
import { LiveRoom, stopRecordingOf } from "./_live.js";
import { loadRecordings } from "./_recordings.js";
import { showPlayer } from "./_player.js";
import { showRoom } from "./_room.js";
import { begin } from "./_widget.js";

const LOOK_AGAIN = 5000;

/**
 * Show a practice room in `root`.
 * @param options.room name of the room; its own room of `options.module` when not given
 * @param options.headed the page has the room's title above already
 */
export function mount(root, options) {
  let live = null;
  let stream = null;
  let leaveRoom = () => null;
  let player = null;
  let gone = false;
  let running = false;
  let shownId = null;
  const stage = h("div", { class: "ct-stage" });
  const below = h("div", { class: "ct-below" });
  const above = h("div", {});
  let looking = null;
  root.classList.add("ct");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.replaceChildren(above, stage, below);

  async function start() {
    stage.replaceChildren(h("p", { class: "ct-status", role: "status" }, t("Opening the room…")));
    let room = options.room;
    let pass;
    try {
      room ??= (await api("/api/v1/rooms", { method: "POST",
        json: { kind: "practice", module: options.module } })).room;
      pass = await getPass(room);
    } catch (error) {
      failed(error);
      return;
    }
    if (pass.owner) showLatest().then(() => lookForRunning(pass));
    const answer = await door(stage, { title: options.headed ? "" : pass.title ?? t("Practice room"),
      purpose: pass.purpose, owner: pass.owner,
      onOpen(opened) {
        stream = opened;
        if (gone) stop(opened); // the cell went while the browser was still asking
      } });
    stopLooking();
    live = new LiveRoom(() => getPass(room));
    live.addEventListener("recorded", ({ detail }) => recorded(detail));
    live.addEventListener("error", ({ detail }) => { if (live.line === "connecting") failed(detail); });
    if (stream) live.publish(stream);
    leaveRoom = showRoom(stage, live, {
      invite: pass.owner ? new URL(`/rooms/${encodeURIComponent(room)}`, location.href).href : null,
      onLeave() {
        live.leave();
        close();
        stage.replaceChildren(h("p", { class: "ct-status" }, t("You left the room.")),
          h("button", { type: "button", class: "ct-secondary", onclick: start }, t("Enter again")));
      },
    });
    live.run({ consent: answer.consent });
  }

  const getPass = (room) => api(`/api/v1/rooms/${encodeURIComponent(room)}/token`, { method: "POST", json: {} });

  function failed(error) {
    stage.replaceChildren(h("p", { class: "ct-problem", role: "alert" },
      sentences(error.message, error.hint)),
    h("button", { type: "button", class: "ct-secondary", onclick: start }, t("Try again")));
  }

  async function recorded({ recording, status }) {
    if (!live?.pass?.owner) {
      live?.emit("after", { message: t("The recording has ended. The teacher and her trainers can watch it.") });
      return;
    }
    if (status !== "ready") {
      live.emit("after", { message: t("Nothing could be recorded. Record again, and stay a few seconds.") });
      return;
    }
    await showLatest(recording);
    if (player && !live?.state?.recording) {
      live?.emit("after", { message: t("Your recording is ready."), label: t("Watch it"), act: watch });
    }
  }

  function watch() {
    const shown = below.querySelector(".ct-player");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    below.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    shown?.focus({ preventScroll: true });
    if (player && !player.head.playing) player.head.toggle();
  }

  /** Say that a recording of hers runs on without her, as long as it does. */
  function lookForRunning(pass) {
    clearTimeout(looking);
    if (!running || live || gone) {
      above.replaceChildren();
      return;
    }
    const again = () => showLatest().then(() => lookForRunning(pass));
    looking = setTimeout(again, LOOK_AGAIN);
    if (above.firstChild) return;
    const stopIt = h("button", { type: "button", class: "ct-danger", onclick: async () => {
      stopIt.disabled = true;
      try {
        await stopRecordingOf(pass);
      } catch (error) {
        stopIt.disabled = false;
        if (error.message) stopIt.before(h("p", { role: "alert" }, error.message));
      }
      again();
    } }, t("Stop the recording"));
    above.replaceChildren(h("div", { class: "ct-running", role: "status" },
      h("p", {}, t("A recording of yours is still running. Enter the room again to go on with it, or stop it now.")), stopIt));
  }

  function stopLooking() {
    clearTimeout(looking);
    above.replaceChildren();
  }

  async function showLatest(id) {
    try {
      const all = await loadRecordings({ module: options.module, mine: true });
      options.onRecordings?.(all);
      const newest = id ? all.find((one) => one.id === id) : all.find((one) => one.status === "ready");
      if (id) tellProgress();
      running = all.some((one) => one.mine && one.status === "recording");
      if (!newest || (!id && newest.id === shownId)) return;
      shownId = newest.id;
      player?.close();
      const place = h("div", {});
      below.replaceChildren(h("h3", {}, t("Your latest recording")), place);
      player = showPlayer(place, newest, {
        onChange: (changed) => options.onRecordings?.(all.map((one) => (one.id === changed.id ? changed : one))),
        onDelete: () => {
          player = null;
          shownId = null;
          below.replaceChildren();
        },
      });
    } catch (error) {
      below.replaceChildren(h("p", { class: "ct-problem" }, sentences(error.message, error.hint)));
    }
  }

  function close() {
    stopLooking();
    leaveRoom();
    leaveRoom = () => null;
    live?.close();
    live = null;
    stop(stream);
    stream = null;
  }

  start();
  return () => {
    gone = true;
    close();
    player?.close();
  };
}

function render({ model, el }) {
  begin(model);
  return mount(el, {
    module: model.get("module"),
    onRecordings(recordings) {
      model.set("recordings", recordings);
      model.save_changes();
    },
  });
}

export { begin };
export default { render };
