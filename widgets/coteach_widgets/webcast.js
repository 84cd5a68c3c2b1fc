// Webcast: one teacher on stage, classrooms that watch until she brings them on stage.

import { api } from "./_api.js";
import { openBoth, stop } from "./_camera.js";
import { CastRoom } from "./_cast.js";
import { captions, chat } from "./_chat.js";
import { clock, h } from "./_dom.js";
import { handButtons, sideList } from "./_hands.js";
import { n, sentences, t } from "./_i18n.js";
import { poll } from "./_poll.js";
import { begin } from "./_widget.js";

const LINES = () => ({ connecting: t("Connecting to the room…"),
  lost: t("The line is gone. Connecting again by itself…"), closed: t("You left the room."),
  replaced: t("You opened this room in another window, so this one stopped."),
  refused: t("The room can't be entered.") });

/** Show a webcast in `root`; `options.room` names it. */
export function mount(root, options) {
  root.classList.add("ct");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const enter = h("button", { type: "button", class: "ct-primary", onclick: start }, t("Enter the room"));
  let live = null;
  let leave = () => null;
  root.replaceChildren(h("p", {}, t("You watch and listen. Your camera and microphone stay off until you turn them on yourself.")), enter);

  function start() {
    live = new CastRoom(() => api(`/api/v1/rooms/${encodeURIComponent(options.room)}/token`,
      { method: "POST", json: {} }));
    leave = show(root, live);
    live.run();
  }
  return () => {
    leave();
    live?.close();
    stop(live?.stream);
  };
}

function show(root, live) {
  const faces = h("div", { class: "ct-faces" });
  const status = h("p", { class: "ct-status", role: "status" });
  const problem = h("p", { class: "ct-problem", role: "alert", hidden: true });
  const timer = h("span", { class: "ct-timer", hidden: true });
  const parts = [handButtons(live), captions(live), poll(live), sideList(live), chat(live)];
  const [hands, caption, question, list, talk] = parts;
  const tiles = new Map();
  const camera = h("button", { type: "button", class: "ct-primary", onclick: goOn }, t("Turn camera and microphone on"));
  const mute = h("button", { type: "button", class: "ct-quiet",
    onclick: () => live.say("mute", { on: !live.state.muted }) });
  const screen = h("button", { type: "button", class: "ct-quiet", onclick: share }, t("Share your screen"));
  const channels = h("select", { "aria-label": t("Interpreter"), onchange: () => {
    live.listen(channels.value);
  } });
  const sounds = h("div", { hidden: true });

  async function goOn() {
    camera.disabled = true;
    const opened = await openBoth();
    camera.disabled = false;
    if (opened.problem) tell({ message: opened.problem.cause, hint: opened.problem.action });
    if (opened.stream && !live.closed) live.publish(opened.stream);
    draw();
  }

  async function share() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: true });
      const [track] = stream.getVideoTracks();
      await live.showInstead(track);
      track.onended = () => live.showInstead(live.stream?.getVideoTracks()[0] ?? null);
    } catch { /* she changed her mind */ }
  }

  function tell({ message, hint }) {
    problem.hidden = false;
    problem.textContent = sentences(message, hint);
  }

  function draw() {
    const { state } = live;
    const words = LINES()[live.line];
    // What is said while the line is gone would be lost.
    for (const part of parts) part.element.inert = live.line !== "open";
    if (!state) {
      status.textContent = words ?? "";
      return;
    }
    const staged = state.people.filter((one) => one.publication || (one.seat === state.you && live.stream));
    for (const one of staged) if (!tiles.has(one.seat)) tiles.set(one.seat, tile(one));
    for (const [seat, made] of tiles) {
      if (!staged.some((one) => one.seat === seat)) {
        made.figure.remove();
        tiles.delete(seat);
      }
    }
    faces.dataset.count = String(Math.min(tiles.size, 4));
    faces.hidden = !tiles.size;
    const seen = staged.length ? n("{count} classroom is here.", "{count} classrooms are here.", Math.max(0, state.present - 1))
      : t("Nobody is on stage yet.");
    const text = words ?? (state.stage && !state.leads && !live.stream
      ? t("The teacher brings you on stage. Turn your camera and microphone on when you are ready.") : seen);
    if (status.textContent !== text) status.textContent = text;
    const interprets = state.channels.some((one) => one.seat === state.you);
    camera.hidden = Boolean(live.stream) || !(state.stage || interprets);
    mute.hidden = !live.stream;
    mute.textContent = state.muted ? t("Turn microphone on") : t("Turn microphone off");
    for (const track of live.stream?.getAudioTracks() ?? []) track.enabled = !state.muted;
    screen.hidden = !live.stream || !state.leads || !navigator.mediaDevices?.getDisplayMedia;
    channels.hidden = !state.channels.length;
    const choices = JSON.stringify(state.channels);
    if (channels.dataset.made !== choices) {
      channels.dataset.made = choices;
      channels.replaceChildren(h("option", { value: "" }, t("As it is spoken")),
        ...state.channels.map((one) => h("option", { value: one.seat }, one.language)));
      channels.value = live.channel;
    }
    for (const [seat, made] of tiles) made.video.muted = seat === state.you || (Boolean(live.channel) && seat !== live.channel);
    timer.hidden = state.timer === null;
    for (const part of parts) part.draw();
    tick();
  }

  function tile(one) {
    const own = one.seat === live.state.you;
    const video = h("video", { autoplay: true, playsInline: true, muted: own, class: "ct-face",
      "aria-label": t("{name}'s camera", { name: one.name }) });
    if (own) video.srcObject = live.stream;
    else video.srcObject = live.viewers.get(one.seat)?.stream ?? null;
    const figure = h("figure", { class: one.channel ? "ct-channel" : own ? "ct-tile ct-own" : "ct-tile" }, video,
      h("figcaption", {}, own ? t("{name} (you)", { name: one.name }) : one.name));
    if (one.channel) sounds.append(figure);
    else if (one.leads) faces.prepend(figure);
    else faces.append(figure);
    return { video, figure };
  }

  function tick() {
    const left = live.state?.timer;
    if (left === null || left === undefined) return;
    timer.textContent = clock(Math.max(0, left - (performance.now() - live.stateAt) / 1000));
  }

  const listeners = { state: draw, line: draw, feed: () => live.state && parts.forEach((part) => part.draw()),
    stream: ({ detail }) => {
      draw();
      const made = tiles.get(detail.seat);
      if (made) made.video.srcObject = detail.stream;
    },
    error: ({ detail }) => tell(detail),
    "unmute-asked": ({ detail }) => tell({ message: t("{name} asks you to turn your microphone on.", { name: detail.name }) }),
  };
  for (const [type, listener] of Object.entries(listeners)) live.addEventListener(type, listener);
  const ticking = setInterval(tick, 500);
  root.replaceChildren(h("section", { class: "ct-cast", "aria-label": t("Webcast") },
    h("div", { class: "ct-main" }, faces, caption.element, status, problem,
      h("div", { class: "ct-bar" }, camera, mute, screen, channels, timer), hands.element, question.element),
    h("div", { class: "ct-side" }, list.element, talk.element), sounds));
  draw();
  return () => {
    clearInterval(ticking);
    for (const [type, listener] of Object.entries(listeners)) live.removeEventListener(type, listener);
  };
}

function render({ model, el }) {
  begin(model);
  return mount(el, { room: model.get("room") });
}

export { begin };
export default { render };
