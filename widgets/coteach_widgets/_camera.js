// Camera and microphone: opening them, and saying in words why they would not open.

import { t } from "./_i18n.js";

const WISH = {
  video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 25, max: 30 } },
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};

/** Return {cause, action, code} for a failure of getUserMedia. */
export function explain(error, kind = "camera") {
  const camera = kind === "camera";
  if (!window.isSecureContext) {
    return { code: "insecure", cause: t("This page was opened without https, so the browser gives no camera."),
      action: t("Open the page with its https address, or ask your trainer for it.") };
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    return { code: "unsupported", cause: t("This browser can't use a camera."),
      action: t("Copy the address and open it in Chrome, Edge, Firefox or Safari.") };
  }
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return camera
        ? { code: "refused", cause: t("The browser was told not to use the camera."),
          action: t("Click the lock beside the address, allow the camera, and load the page again.") }
        : { code: "refused", cause: t("The browser was told not to use the microphone."),
          action: t("Click the lock beside the address, allow the microphone, and load the page again.") };
    case "NotFoundError":
    case "OverconstrainedError":
      return camera
        ? { code: "none", cause: t("No camera was found."), action: t("Plug a camera in, then check again.") }
        : { code: "none", cause: t("No microphone was found."),
          action: t("Plug a microphone or headset in, then check again.") };
    case "NotReadableError":
    case "AbortError":
      return camera
        ? { code: "in-use", cause: t("Another program uses the camera."),
          action: t("Close the other program, then check again.") }
        : { code: "in-use", cause: t("Another program uses the microphone."),
          action: t("Close the other program, then check again.") };
    default:
      return { code: "unknown", cause: t("The device did not start."),
        action: t("Load the page again; if it stays so, restart the computer.") };
  }
}

/** Open camera and microphone; falls back to one of them. Returns {stream, problem}. */
export async function openBoth() {
  const media = navigator.mediaDevices;
  if (!media?.getUserMedia) return { stream: null, problem: explain(null) };
  try {
    return { stream: await media.getUserMedia(WISH), problem: null };
  } catch (error) {
    for (const [wish, missing] of [[{ audio: WISH.audio }, "camera"], [{ video: WISH.video }, "microphone"]]) {
      try {
        return { stream: await media.getUserMedia(wish), problem: explain(error, missing) };
      } catch { /* the next wish */ }
    }
    return { stream: null, problem: explain(error) };
  }
}

/** Open one device. */
export const open = (kind) => navigator.mediaDevices.getUserMedia(
  kind === "camera" ? { video: WISH.video } : { audio: WISH.audio });

/** Stop all tracks of a stream. */
export function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
