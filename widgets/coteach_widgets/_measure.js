// Measuring what pupils will see and hear: light, microphone, line. Numbers stay here; the pages
// say them in words.

import { LiveRoom } from "./_live.js";
import { pause } from "./_dom.js";

/** Mean brightness (0-255) of what a video element shows, over about a second. */
export async function brightness(video) {
  const canvas = document.createElement("canvas");
  canvas.width = 64;
  canvas.height = 36;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const seen = [];
  for (let i = 0; i < 5; i += 1) {
    await pause(200);
    pen.drawImage(video, 0, 0, 64, 36);
    const { data } = pen.getImageData(0, 0, 64, 36);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) {
      sum += 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
    }
    seen.push(sum / (data.length / 4));
  }
  return seen.reduce((one, other) => one + other, 0) / seen.length;
}

/** Listen for some seconds; calls `onLevel` (0-1) and returns the loudest level in dBFS. */
export async function loudness(stream, onLevel, seconds = 4) {
  const context = new AudioContext();
  await context.resume().catch(() => null);
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = -100;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await pause(60);
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const level = 10 * Math.log10(power + 1e-10);
    loudest = Math.max(loudest, level);
    onLevel(Math.min(1, Math.max(0, (level + 60) / 50)));
    if (loudest > -30 && performance.now() > end - seconds * 600) break;
  }
  await context.close();
  return loudest;
}

async function timed(load, kilobytes) {
  const start = performance.now();
  await load();
  return (kilobytes * 8) / (performance.now() - start); // kbit/ms = Mbit/s
}

/** Measure the line to our own server; returns {down, up} in Mbit/s. */
export async function line() {
  const get = (kb) => async () => {
    const response = await fetch(`/api/v1/line?kb=${kb}&r=${Math.random()}`, { cache: "no-store" });
    if (!response.ok) throw new Error(String(response.status));
    await response.arrayBuffer();
  };
  const post = (kb) => async () => {
    const body = crypto.getRandomValues(new Uint8Array(kb * 1024 > 65536 ? 65536 : kb * 1024));
    const whole = new Blob(Array.from({ length: Math.ceil((kb * 1024) / body.length) }, () => body));
    const response = await fetch("/api/v1/line", { method: "POST", body: whole,
      headers: { "Content-Type": "application/octet-stream" } });
    if (!response.ok) throw new Error(String(response.status));
  };
  // A first small one finds slow lines, so that nobody waits a minute for a megabyte.
  let down = await timed(get(64), 64);
  if (down > 1) down = await timed(get(1024), 1024);
  let up = await timed(post(64), 64);
  if (up > 1) up = await timed(post(512), 512);
  return { down: Math.round(down * 100) / 100, up: Math.round(up * 100) / 100 };
}

/** Send picture and sound to the live server for a moment; says whether they arrived. */
export async function reachesRoom(getPass, stream, seconds = 10) {
  const health = await fetch("/live/healthz", { cache: "no-store" }).catch(() => null);
  if (!health?.ok) return "down";
  const live = new LiveRoom(getPass);
  live.publish(stream);
  live.run({});
  const end = performance.now() + seconds * 1000;
  try {
    while (performance.now() < end) {
      await pause(150);
      if (live.me?.publication) return "ok";
    }
    return live.line === "open" ? "blocked" : "down";
  } finally {
    live.leave();
  }
}
