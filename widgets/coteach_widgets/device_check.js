// DeviceCheck: camera, light, microphone, line. Each failure has one cause and one action.

import { api } from "./_api.js";
import { explain, open, stop } from "./_camera.js";
import { h, tellProgress } from "./_dom.js";
import { t } from "./_i18n.js";
import { brightness, line, loudness, reachesRoom } from "./_measure.js";
import { begin } from "./_widget.js";

const DARK = 45;
const BRIGHT = 225;
const SILENT = -50;
const QUIET = -38;
const ENOUGH = 1.0;
const LITTLE = 0.3;

const good = (words) => ({ state: "good", words, action: "" });
const weak = (code, words, action) => ({ state: "weak", code, words, action });
const bad = (code, words, action) => ({ state: "bad", code, words, action });

async function checkCamera(found) {
  try {
    found.camera = await open("camera");
  } catch (error) {
    const { code, cause, action } = explain(error, "camera");
    return bad(code, cause, action);
  }
  found.video.srcObject = found.camera;
  await found.video.play().catch(() => null);
  const { width, height } = found.camera.getVideoTracks()[0].getSettings();
  return { ...good(t("The camera works.")), value: `${width}×${height}` };
}

async function checkLight(found) {
  if (!found.camera) return bad("no-camera", t("Without a camera the light can't be checked."), t("Bring the camera to work first."));
  const mean = Math.round(await brightness(found.video));
  if (mean < DARK) return { ...bad("too-dark", t("It is too dark: pupils can't see your face."), t("Turn on a lamp in front of you, not behind you.")), value: mean };
  if (mean > BRIGHT) return { ...weak("too-bright", t("It is too bright: your face is washed out."), t("Turn away from the window or close the curtain.")), value: mean };
  return { ...good(t("The light is good.")), value: mean };
}

async function checkMicrophone(found) {
  try {
    found.microphone = await open("microphone");
  } catch (error) {
    const { code, cause, action } = explain(error, "microphone");
    return bad(code, cause, action);
  }
  found.meter.hidden = false;
  const level = Math.round(await loudness(found.microphone, (value) => { found.meter.value = value; }));
  found.meter.hidden = true;
  if (level < SILENT) return { ...bad("silent", t("The microphone hears nothing."), t("Switch it on at its button, then check again and speak.")), value: level };
  if (level < QUIET) return { ...weak("quiet", t("You are hard to hear."), t("Move the microphone nearer to your mouth.")), value: level };
  return { ...good(t("The microphone hears you.")), value: level };
}

async function checkLine() {
  let speed;
  try {
    speed = await line();
  } catch {
    return bad("unreachable", t("The server can't be reached."), t("Check your line, then check again."));
  }
  const value = speed;
  const words = t("{down} Mbit/s down, {up} Mbit/s up", speed);
  if (speed.up < LITTLE || speed.down < LITTLE) return { ...bad("slow", t("Your line is very slow: {speed}.", { speed: words }), t("Use a cable or sit nearer to the router; practise with sound only.")), value };
  if (speed.up < ENOUGH || speed.down < ENOUGH) return { ...weak("slow", t("Your line is slow: {speed}.", { speed: words }), t("Close other programs that use the network.")), value };
  return { ...good(t("The line is good: {speed}.", { speed: words })), value };
}

async function checkRoom(found, module) {
  const tracks = [found.camera, found.microphone].flatMap((one) => one?.getTracks() ?? []);
  if (!tracks.length) return bad("no-device", t("Without camera and microphone the room can't be tried."), t("Bring one of them to work first."));
  let name;
  const getPass = async () => {
    name ??= (await api("/api/v1/rooms", { method: "POST", json: { kind: "check", module } })).room;
    return api(`/api/v1/rooms/${encodeURIComponent(name)}/token`, { method: "POST", json: {} });
  };
  const result = await reachesRoom(getPass, new MediaStream(tracks)).catch(() => "down");
  if (result === "ok") return good(t("Picture and sound reach the practice room."));
  if (result === "blocked") return bad("udp-blocked", t("Your network lets no picture and sound through."), t("Try another network, or ask its owner to allow UDP."));
  return bad("live-down", t("The practice room does not answer."), t("Wait a minute and check again; if it stays so, tell your trainer."));
}

const STEPS = () => [
  ["camera", t("Camera"), checkCamera], ["light", t("Light"), checkLight],
  ["microphone", t("Microphone"), checkMicrophone, t("Say a few words now…")],
  ["line", t("Line"), checkLine], ["room", t("Practice room"), checkRoom],
];
const SIGNS = { good: "✓", weak: "!", bad: "✕", wait: "…", idle: "·" };
const NAMES = () => ({ good: t("good"), weak: t("could be better"), bad: t("does not work"), wait: t("being checked"), idle: t("not checked yet") });

/** Show the check in `root`. */
export function mount(root, { module, onResult = () => null }) {
  root.classList.add("ct");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const found = { camera: null, microphone: null,
    video: h("video", { autoplay: true, muted: true, playsInline: true, class: "ct-face", "aria-label": t("Your camera") }),
    meter: h("meter", { min: 0, max: 1, value: 0, hidden: true, class: "ct-meter", "aria-label": t("Microphone level") }) };
  const rows = new Map(STEPS().map(([id, title]) => [id, row(title)]));
  const tile = h("div", { class: "ct-tile", hidden: true }, found.video);
  const start = h("button", { type: "button", class: "ct-primary", onclick: run }, t("Check my devices"));
  const summary = h("p", { class: "ct-status", role: "status" }, t("Takes about 20 seconds. Your browser will ask for camera and microphone."));

  function row(title) {
    const sign = h("span", { class: "ct-sign" });
    const words = h("p", { class: "ct-words" });
    const action = h("p", { class: "ct-action" });
    const element = h("li", { class: "ct-check" }, sign, h("div", {}, h("h4", {}, title), words, action));
    const set = (result) => {
      element.dataset.state = result.state;
      sign.textContent = SIGNS[result.state];
      sign.setAttribute("aria-label", NAMES()[result.state]);
      sign.setAttribute("role", "img");
      words.textContent = result.words ?? "";
      action.textContent = result.action ?? "";
    };
    set({ state: "idle", words: NAMES().idle });
    return { element, set };
  }

  async function run() {
    start.disabled = true;
    release();
    tile.hidden = false;
    const result = {};
    for (const [id, , check, hint] of STEPS()) {
      rows.get(id).set({ state: "wait", words: hint ?? t("Checking…") });
      result[id] = await check(found, module).catch(() => bad("unknown", t("This could not be checked."), t("Load the page again.")));
      rows.get(id).set(result[id]);
    }
    release();
    const values = Object.values(result);
    const overall = ["bad", "weak"].find((state) => values.some((one) => one.state === state)) ?? "good";
    summary.textContent = { good: t("Everything works. You are ready to practise."),
      weak: t("You can practise. What is marked could be better."),
      bad: t("Something does not work yet. Do what is written beside it, then check again.") }[overall];
    start.textContent = t("Check again");
    start.disabled = false;
    await report(overall, result);
  }

  async function report(overall, result) {
    const parts = Object.fromEntries(Object.entries(result).map(([id, one]) => [id,
      { state: one.state, code: one.code ?? "", value: one.value ?? null }]));
    onResult({ overall, parts });
    try {
      await api("/api/v1/device-checks", { method: "POST", json: { id: crypto.randomUUID?.() ?? fallbackId(), module, overall, parts } });
      tellProgress();
    } catch (error) {
      summary.append(" ", t("The result could not be saved: {reason}", { reason: error.message }));
    }
  }

  function release() {
    stop(found.camera);
    stop(found.microphone);
    found.camera = found.microphone = null;
    tile.hidden = true;
  }

  root.replaceChildren(h("section", { class: "ct-checks", "aria-label": t("Device check") },
    tile, h("div", {}, h("ul", { class: "ct-rows" }, [...rows.values()].map((one) => one.element)),
      found.meter, summary, start)));
  return release;
}

// crypto.randomUUID needs https; the check must be able to say that https is missing.
function fallbackId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

function render({ model, el }) {
  begin(model);
  return mount(el, { module: model.get("module"), onResult(result) {
    model.set("result", result);
    model.save_changes();
  } });
}

export default { render };
