// Keeps class pages for times without a line. Served as /c/sw.js with WORDS and VERSION before it.
//
// Rule: a class page is kept under the pupil whose page it is and shown to nobody else; when she
// leaves the device, or another card is chosen, it is removed. Answers, photos, teachers' pages and
// everything under api/ and teach/ go to the server and are never kept. Pages come from the server
// first; files whose address changes with their content come from here first.
/* global WORDS, VERSION, BASE */

const PAGES = "coteach-pages";
const FILES = "coteach-files";
const NOTES = "coteach-notes"; // who uses this device; kept as small responses
const MOST_FILES = 300;
const MOST_PAGES = 12;
const SLOW = 8000; // a line that says nothing for so long counts as none, when the page is here
const TEMPORARY = [502, 503, 504];
const PUPIL = /id="coteach-page"[^>]*>[^<]*"pupil":\s*"([0-9a-f]{8,64})"/;
const PENDING = /id="coteach-page"[^>]*>[^<]*"pending":/; // its lesson was being executed

const note = (name) => new URL(`${BASE}note/${name}`, location.origin).href;
const pageName = (pupil, path) => new URL(`${BASE}kept/${pupil}${path}`, location.origin).href;

async function remember(name, value) {
  const box = await caches.open(NOTES);
  if (value === null) await box.delete(note(name));
  else await box.put(note(name), new Response(value));
}

async function recall(name) {
  return (await (await caches.open(NOTES)).match(note(name)))?.text() ?? null;
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil((async () => {
  await clients.claim();
  await remember("version", VERSION);
})()));

/** Remove the pages of a pupil, or of everybody. */
async function forget(pupil) {
  const box = await caches.open(PAGES);
  const prefix = pupil ? pageName(pupil, "") : "";
  for (const request of await box.keys()) if (request.url.startsWith(prefix)) await box.delete(request);
}

async function trim(name, most) {
  const box = await caches.open(name);
  const keys = await box.keys();
  for (const request of keys.slice(0, Math.max(0, keys.length - most))) await box.delete(request);
}

/** Keep a class page under its pupil; a page without one says that nobody is here. */
async function keepPage(path, response) {
  const copy = response.clone();
  const html = await response.text();
  const pupil = PUPIL.exec(html)?.[1];
  const before = await recall("pupil");
  if (before && before !== pupil) await forget(before);
  if (!pupil) {
    await remember("pupil", null);
    return;
  }
  const box = await caches.open(PAGES);
  await box.delete(pageName(pupil, path));
  await box.put(pageName(pupil, path), copy);
  await remember("pupil", pupil);
  await remember("path", path);
  await remember("language", html.match(/<html[^>]*\blang="([\w-]+)"/)?.[1] ?? "en");
  await trim(PAGES, MOST_PAGES);
}

const isPage = (response) => response.ok && !response.redirected
  && response.headers.get("Content-Type")?.startsWith("text/html");

/** A small page of our own: there is no line and nothing is kept. */
async function sorry() {
  const language = (await recall("language")) ?? navigator.language;
  const words = WORDS[language] ?? WORDS[Object.keys(WORDS).find((tag) => language.startsWith(tag.split("-")[0]))]
    ?? WORDS.en;
  const page = `<!doctype html><html lang="${words.tag}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${words.title}</title>
<style>:root{color-scheme:light dark}body{font:1.2rem/1.6 system-ui,"Noto Sans TC","PingFang TC",sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}
a{display:inline-block;min-height:44px;padding:.5rem 1.2rem;border-radius:8px;background:#0b5d57;color:#fff;text-decoration:none;font-weight:600}</style>
<h1>${words.title}</h1><p>${words.text}</p><p><a href="">${words.again}</a></p></html>`;
  return new Response(page, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}

/** Return the page that is kept for the pupil on this device, or null. */
async function kept(path) {
  const pupil = await recall("pupil");
  if (!pupil) return null;
  const box = await caches.open(PAGES);
  // The door leads to her last lesson, as it would with a line.
  const wanted = path === BASE ? (await recall("path")) ?? path : path;
  if (wanted !== path && await box.match(pageName(pupil, wanted))) return Response.redirect(wanted, 302);
  return (await box.match(pageName(pupil, path))) ?? null;
}

/** Somebody left while there was no line: the server hears it before anything else is asked. */
async function leaveFirst() {
  if (!(await recall("leaving"))) return;
  await fetch(`${BASE}leave`, { method: "POST", redirect: "manual" });
  await remember("leaving", null);
}

async function open(request, path, event) {
  const here = await kept(path);
  const asked = (async () => {
    await leaveFirst();
    return fetch(request);
  })();
  try {
    const response = await (here ? Promise.race([asked, new Promise((_, no) => {
      setTimeout(() => no(new Error("slow")), SLOW);
    })]) : asked);
    if (here && TEMPORARY.includes(response.status)) return here;
    if (isPage(response) && path !== BASE) event.waitUntil(keepPage(path, response.clone()));
    else if (response.status === 410) event.waitUntil(closed(path));
    return response;
  } catch {
    // A line that was only slow still brings the newer page, for the next time.
    event.waitUntil(asked.then((late) => (isPage(late) && path !== BASE ? keepPage(path, late) : null))
      .catch(() => {}));
    return here ?? sorry();
  }
}

/** A class that is over is kept no longer than its pupil's answers need. */
async function closed(path) {
  const pupil = await recall("pupil");
  if (pupil) await (await caches.open(PAGES)).delete(pageName(pupil, path));
}

/** Leaving, or choosing another card: what was kept for the pupil before goes first. */
async function change(request, path) {
  await forget(await recall("pupil"));
  await remember("pupil", null);
  try {
    const response = await fetch(request);
    await remember("leaving", null);
    return response;
  } catch {
    if (path === `${BASE}leave`) await remember("leaving", "1");
    return sorry();
  }
}

async function file(request) {
  const box = await caches.open(FILES);
  const here = await box.match(request.url);
  const url = new URL(request.url);
  const lasting = url.searchParams.has("v") || LASTING.test(url.pathname);
  if (here && lasting) return here;
  try {
    const response = await fetch(request);
    if (response.ok && response.status === 200) {
      const copy = response.clone();
      await box.put(request.url, copy).then(() => trim(FILES, MOST_FILES)).catch(() => {});
    }
    return response;
  } catch (error) {
    if (here) return here;
    throw error;
  }
}

const CODE = new RegExp(`^${BASE}[A-Za-z]{4,8}/?$`);
const FILE = new RegExp(`^${BASE}(static|page/static|page/nbextensions|files|page/lessons/[^/]+/(states|files))(/|$)`);
const LASTING = new RegExp(`^${BASE}page/(static/runtime|lessons/[^/]+/files)/`);

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin || !url.pathname.startsWith(BASE)) return;
  const path = url.pathname;
  if (path.startsWith(`${BASE}teach`) || path.startsWith(`${BASE}api/`)) return;
  if (request.mode === "navigate") {
    if (request.method === "POST" && (path === `${BASE}leave` || path.endsWith("/enter"))) {
      event.respondWith(change(request, path));
    } else if (request.method === "GET" && (path === BASE || CODE.test(path))) {
      event.respondWith(open(request, path, event));
    }
    return;
  }
  // Parts of a sound or a film are asked for by range and left to the browser.
  if (request.method === "GET" && FILE.test(path) && !request.headers.has("Range")) {
    event.respondWith(file(request));
  }
});

/** Keep the page that a message is about, unless it is kept already. */
async function keepTold({ page, pupil, filled }) {
  const path = new URL(page).pathname;
  if (!CODE.test(path)) return;
  const here = await recall("pupil") === pupil
    && await (await caches.open(PAGES)).match(pageName(pupil, path));
  if (here && !(filled && PENDING.test(await here.text()))) return;
  // What the browser has just loaded needs no line; a page of text alone was filled in meanwhile.
  for (const cache of filled ? ["no-cache"] : ["force-cache", "no-cache"]) {
    const response = await fetch(path, { credentials: "same-origin", cache });
    if (!isPage(response) || PUPIL.exec(await response.clone().text())?.[1] !== pupil) continue;
    await keepPage(path, response);
    return;
  }
}

async function keepFiles(addresses) {
  const box = await caches.open(FILES);
  await Promise.all([...new Set(addresses)].map(async (address) => {
    const url = new URL(address);
    if (url.origin !== location.origin || !FILE.test(url.pathname) || await box.match(address)) return;
    const response = await fetch(address).catch(() => null);
    if (response?.status === 200) await box.put(address, response);
  }));
  await trim(FILES, MOST_FILES);
}

/** The page says what it is and what it has loaded: it came before this worker did. */
addEventListener("message", (event) => {
  if (event.data?.type !== "keep") return;
  event.waitUntil(Promise.allSettled([keepTold(event.data), keepFiles(event.data.files)])
    .then(() => event.source?.postMessage({ type: "kept" })));
});
