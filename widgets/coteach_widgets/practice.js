// Practice: the room in a notebook or on a page, and the recordings that come out of it.

import { api } from "./_api.js";
import { stop } from "./_camera.js";
import { door } from "./_door.js";
import { h, tellProgress } from "./_dom.js";
import { t } from "./_i18n.js";
import { LiveRoom } from "./_live.js";
import { loadRecordings } from "./_recordings.js";
import { showPlayer } from "./_player.js";
import { showRoom } from "./_room.js";
import { begin } from "./_widget.js";

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
  const stage = h("div", { class: "ct-stage" });
  const below = h("div", { class: "ct-below" });
  root.classList.add("ct");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.replaceChildren(stage, below);

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
    if (pass.owner) showLatest();
    const answer = await door(stage, { title: options.headed ? "" : pass.title ?? t("Practice room"),
      purpose: pass.purpose, owner: pass.owner,
      onOpen(opened) {
        stream = opened;
        if (gone) stop(opened); // the cell went while the browser was still asking
      } });
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
      `${error.message} ${error.hint ?? ""}`.trim()),
    h("button", { type: "button", class: "ct-secondary", onclick: start }, t("Try again")));
  }

  async function recorded({ recording, status }) {
    if (!live?.pass?.owner) {
      below.replaceChildren(h("p", { class: "ct-status", role: "status" },
        t("The recording has ended. The teacher and her trainers can watch it.")));
      return;
    }
    if (status === "ready") await showLatest(recording);
    else {
      below.replaceChildren(h("p", { class: "ct-problem", role: "alert" },
        t("Nothing could be recorded. Record again, and stay a few seconds.")));
    }
  }

  async function showLatest(id) {
    try {
      const all = await loadRecordings({ module: options.module, mine: true });
      options.onRecordings?.(all);
      const newest = id ? all.find((one) => one.id === id) : all.find((one) => one.status === "ready");
      if (id) tellProgress();
      if (!newest) return;
      player?.close();
      const place = h("div", {});
      below.replaceChildren(h("h3", {}, id ? t("Your recording is ready") : t("Your latest recording")), place);
      player = showPlayer(place, newest, {
        onChange: (changed) => options.onRecordings?.(all.map((one) => (one.id === changed.id ? changed : one))),
        onDelete: () => { below.replaceChildren(); },
      });
    } catch (error) {
      below.replaceChildren(h("p", { class: "ct-problem" }, `${error.message} ${error.hint ?? ""}`));
    }
  }

  function close() {
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
