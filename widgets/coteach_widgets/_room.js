// The room itself: faces before chrome, quiet controls with words, the state of the line in words.

import { clock, h } from "./_dom.js";
import { n, sentences, t } from "./_i18n.js";

const LINES = () => ({
  connecting: t("Connecting to the room…"),
  open: "",
  lost: t("The line is gone. Connecting again by itself…"),
  closed: t("You left the room."),
  replaced: t("You opened this room in another window, so this one stopped."),
  refused: t("The room can't be entered."),
});

function face(name, own) {
  const video = h("video", { autoplay: true, playsInline: true, muted: own, class: "ct-face",
    "aria-label": own ? t("Your camera") : t("{name}'s camera", { name }) });
  const label = h("figcaption", {});
  return { video, label, figure: h("figure", { class: own ? "ct-tile ct-own" : "ct-tile" }, video, label) };
}

/** Show a room that `live` (a LiveRoom) is in; `options.invite` is a link for peers. */
export function showRoom(root, live, options) {
  const tiles = new Map();
  const faces = h("div", { class: "ct-faces" });
  const status = h("p", { class: "ct-status", role: "status" });
  const notice = h("p", { class: "ct-problem", role: "alert", hidden: true });
  const timer = h("span", { class: "ct-timer", "aria-hidden": "true" });
  const record = h("button", { type: "button", class: "ct-primary ct-record", onclick: toggle });
  const after = h("p", { class: "ct-after", role: "status", hidden: true });
  const mute = toggleTrack("audio", () => t("Turn microphone off"), () => t("Turn microphone on"));
  const hide = toggleTrack("video", () => t("Turn camera off"), () => t("Turn camera on"));
  const consent = h("button", { type: "button", class: "ct-quiet", onclick: () => {
    live.answer(!live.me?.consent);
  } });
  const leave = h("button", { type: "button", class: "ct-quiet", onclick: options.onLeave },
    t("Leave the room"));

  function toggleTrack(kind, off, on) {
    const track = live.stream?.getTracks().find((one) => one.kind === kind);
    const button = h("button", { type: "button", class: "ct-quiet", hidden: !track,
      onclick: () => {
        track.enabled = !track.enabled;
        button.textContent = track.enabled ? off() : on();
      } }, off());
    return button;
  }

  function toggle() {
    notice.hidden = true;
    if (live.state?.recording) live.stopRecording();
    else live.record();
  }

  function draw() {
    const state = live.state;
    if (!state) return;
    for (const person of state.people) {
      const own = person.seat === state.you;
      if (!tiles.has(person.seat)) {
        const made = face(person.name, own);
        if (own) made.video.srcObject = live.stream;
        tiles.set(person.seat, made);
        if (own) faces.prepend(made.figure);
        else faces.append(made.figure);
      }
      const tile = tiles.get(person.seat);
      const words = [own ? t("{name} (you)", { name: person.name }) : person.name];
      if (!person.here) words.push(t("coming back…"));
      else if (!person.publication && !own) words.push(t("connecting…"));
      else if (person.silent) words.push(t("no picture and no sound arrives"));
      if (state.recording) words.push(person.recorded ? t("recorded") : t("not recorded"));
      const text = words.join(" · ");
      if (tile.label.textContent !== text) tile.label.textContent = text;
    }
    for (const [seat, tile] of tiles) {
      if (!state.people.some((person) => person.seat === seat)) {
        tile.figure.remove();
        tiles.delete(seat);
      }
    }
    controls(state);
  }

  function controls(state) {
    const me = live.me;
    record.hidden = !live.pass?.owner;
    record.textContent = state.recording ? t("Stop recording") : t("Start recording");
    record.classList.toggle("ct-on", Boolean(state.recording));
    record.disabled = live.line !== "open" || state.saving
      || (!state.recording && !(me?.consent && me?.publication));
    consent.hidden = me?.consent === null || me?.consent === undefined;
    consent.textContent = me?.consent ? t("Do not record me any more") : t("You may record me");
    faces.dataset.count = String(Math.min(tiles.size, 4));
    if (state.recording) after.hidden = true;
    say(state, me);
  }

  function say(state, me) {
    const others = state.people.filter((person) => person.seat !== state.you && person.here).length;
    let text = LINES()[live.line];
    if (!text && state.saving) text = t("Saving the recording…");
    else if (!text && state.recording && !me?.recorded) {
      text = t("A recording runs. You are not in it.");
    } else if (!text && state.recording) text = t("You are being recorded.");
    else if (!text && live.pass?.owner && me?.consent === false) {
      text = t("You said no to being recorded, so nothing can be recorded.");
    } else if (!text && live.pass?.owner && !live.stream) {
      text = t("Your camera and microphone are off, so nothing can be recorded. Allow them in the browser, leave the room and enter again.");
    } else if (!text && live.stream && !me?.publication) text = t("Connecting your camera…");
    else if (!text) {
      text = others ? n("{count} colleague is here.", "{count} colleagues are here.", others)
        : t("You are alone in the room. That is fine for practising.");
    }
    if (state.recording && typeof state.recording.stops_in === "number" && live.line === "open") {
      // The number stays the same, so that a screen reader does not count.
      const away = t("The teacher is away. If she does not come back within half a minute, the recording stops by itself and is kept.");
      text = sentences(text, away);
    }
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle("ct-live", Boolean(me?.recorded && state.recording && live.line === "open"));
  }

  const listeners = {
    state: draw,
    line: draw,
    stream: ({ detail }) => {
      draw();
      const tile = tiles.get(detail.seat);
      if (tile) tile.video.srcObject = detail.stream;
    },
    notice: ({ detail }) => tell(detail),
    after: ({ detail }) => {
      after.hidden = false;
      after.replaceChildren(detail.message, ...(detail.act ? [" ", h("button", { type: "button",
        class: "ct-secondary", onclick: detail.act }, detail.label)] : []));
    },
    error: ({ detail }) => tell(detail),
  };
  function tell({ message, hint }) {
    notice.hidden = false;
    notice.textContent = sentences(message, hint);
  }
  for (const [type, listener] of Object.entries(listeners)) live.addEventListener(type, listener);
  const showTime = () => {
    timer.hidden = live.seconds === null;
    timer.textContent = live.seconds === null ? "" : clock(live.seconds);
  };
  const ticking = setInterval(showTime, 250);
  showTime();

  const bar = h("div", { class: "ct-bar" }, record, timer, mute, hide, consent, leave);
  const invite = options.invite ? inviteRow(options.invite) : null;
  root.replaceChildren(h("section", { class: "ct-room", "aria-label": t("Practice room") },
    faces, status, notice, bar, after, invite));
  draw();
  return () => {
    clearInterval(ticking);
    for (const [type, listener] of Object.entries(listeners)) live.removeEventListener(type, listener);
  };
}

function inviteRow(link) {
  const field = h("input", { type: "text", readOnly: true, value: link, class: "ct-link",
    "aria-label": t("Link for a colleague"), onfocus: () => field.select() });
  const button = h("button", { type: "button", class: "ct-quiet", onclick: async () => {
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      field.select();
      document.execCommand("copy");
    }
    button.textContent = t("Copied");
    setTimeout(() => { button.textContent = t("Copy the link"); }, 2000);
  } }, t("Copy the link"));
  return h("div", { class: "ct-invite" },
    h("span", {}, t("Invite a colleague of your course:")), field, button);
}
