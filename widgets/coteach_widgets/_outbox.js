// Answers on their way: kept in this browser at once, sent when the line is there, in order, once.
//
// Each answer has a UUID; the server stores it once however often it is sent. One tab sends at a
// time. No clock counts: the order is the one in which this device kept the answers. Nothing here
// needs a kernel. On a page without a server (offline lessons) answers are kept and never sent.

import { answerOf, placeOf } from "./_draft.js";
import { Kept } from "./_kept.js";
import { t } from "./_i18n.js";

const FIRST_WAIT = 1500;
const LONGEST_WAIT = 30000;
const BATCH = 40;
const MOST_BATCH = 200_000; // characters; the server refuses bodies that are much larger
const HANGS = 60000;
const LEASE = 90; // seconds

/** Return a random UUID; crypto.randomUUID is not there over plain http. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Return the name of a question: its cell, and its key where the author gave one. */
export const nameOf = (cell, key) => (key ? `${cell}#${key}` : cell);
const nameOfEvent = (event) => nameOf(event.cell, event.value?.key ?? "");

/** Choose rows from the front that make one request. */
function batchOf(rows) {
  let size = 0;
  const most = rows.findIndex((row) => (size += JSON.stringify(row.event).length) > MOST_BATCH);
  return rows.slice(0, Math.min(BATCH, most < 0 ? BATCH : Math.max(1, most)));
}

export class Outbox extends EventTarget {
  /**
   * `page`: {answers: address or null, media: address, pupil}; `whose` says whose answers they are,
   * for a file. `visits`: another page than hers looks after what waits; `over`: her class is over.
   */
  constructor(page) {
    super();
    this.page = page;
    this.kept = new Kept();
    this.rows = []; // what waits, oldest first
    this.known = new Map(); // question -> {value, blob} the server has
    this.drafts = new Map();
    this.refusal = ""; // why the server takes nothing more
    this.trouble = ""; // what keeps the server from taking answers now, in its own words
    this.closed = false; // her class is over
    this.late = this.sent = false; // answers arrived from here, and after the class was closed
    this.whose = page.whose ?? null;
    this.line = true; // whether the server was reached at the last try
    // What the class allows and shows; photos are off until the class says otherwise.
    this.told = page.answers ? { photos: false } : {};
    this.wait = FIRST_WAIT;
    this.owner = uuid();
    try {
      this.channel = new BroadcastChannel("coteach-answers");
      this.channel.onmessage = () => this.refresh();
    } catch { this.channel = null; /* one tab knows nothing of the other until it sends */ }
    addEventListener("online", () => { this.wait = FIRST_WAIT; this.load(); });
    addEventListener("offline", () => { this.line = false; this.changed(); });
    addEventListener("pageshow", (event) => { if (event.persisted) this.load(); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.send();
    });
    this.kept_drafts = this.begin();
    this.ready = this.kept_drafts.then(() => this.load());
  }

  async begin() {
    await this.takeOver();
    const { pupil, visits, whose } = this.page;
    if (this.page.answers && !visits) {
      // The same card in an earlier opening of the lesson: what she wrote then is hers.
      await this.kept.keepOnly(pupil, ...await this.kept.withCard(whose?.card));
      if (whose) await this.kept.put("about", pupil, "whose", whose);
    }
    this.drafts = new Map([...await this.kept.all("drafts", pupil)].filter(([, draft]) => draft?.kind));
    const about = await this.kept.all("about", pupil);
    this.told = about.get("told") ?? this.told;
    this.whose ??= about.get("whose") ?? null;
    await this.refresh();
    if (this.page.over) await this.close();
  }

  /** Move answers that an earlier release kept in localStorage. */
  async takeOver() {
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith("coteach.answer."));
      const events = names.map((name) => [name, JSON.parse(localStorage.getItem(name))])
        .sort((a, b) => a[1].client_seq - b[1].client_seq);
      for (const [name, event] of events) {
        const [, safe] = await this.kept.add(name.split(".")[2], event);
        if (safe) localStorage.removeItem(name);
      }
    } catch { /* no localStorage here, or not ours */ }
  }

  /** Look again at what this device keeps; another tab may have changed it. */
  async refresh() {
    this.rows = await this.kept.waiting(this.page.pupil);
    const known = await this.kept.all("known", this.page.pupil);
    for (const [name, entry] of known) this.known.set(name, entry);
    this.changed();
  }

  changed() { this.dispatchEvent(new Event("change")); }

  tell() { this.channel?.postMessage(this.owner); }

  newId() { return uuid(); }

  /** How many answers are here and nowhere else. */
  get held() {
    // Elsewhere than on her page nobody sees what she was typing.
    const typed = this.page.visits ? [...this.drafts].filter(
      ([name, draft]) => answerOf(draft, this.about(name).value?.answer)) : [];
    return this.rows.length + typed.length;
  }

  get waiting() { return this.rows.filter((row) => !row.refused).length; }

  /** Keep an answer and send it when the line lets us. */
  async add(cell, value, blob = null) {
    // At the close the same words may be taken as a draft and saved by their field.
    const before = this.closed ? this.about(nameOf(cell, value.key)).value : null;
    if (before && JSON.stringify(before) === JSON.stringify(value)) return;
    const event = { id: uuid(), cell, verb: "answered", value, client_time: new Date().toISOString() };
    const row = { seq: Infinity, pupil: this.page.pupil, event, blob, fresh: true };
    // Shown at once; said to be kept when it is.
    this.rows = [...this.rows, row];
    this.changed();
    if (value.kind === "draw") await this.supersede(event);
    const [seq, safe] = await this.kept.add(this.page.pupil, event, blob);
    Object.assign(row, { seq, fresh: false, unsafe: !safe });
    if (this.drafts.has(nameOfEvent(event))) this.draft(nameOfEvent(event), null);
    this.rows.sort((a, b) => a.seq - b.seq);
    this.changed();
    this.tell();
    this.send();
    if (safe && await this.kept.first("persist")) navigator.storage?.persist?.().catch(() => {});
  }

  /** An unsent drawing of the same question is part of the newer one. */
  async supersede(event) {
    const old = this.rows.filter((row) => row.event !== event && !row.fresh && !row.sending
      && row.event.value.kind === "draw" && nameOfEvent(row.event) === nameOfEvent(event));
    this.rows = this.rows.filter((row) => !old.includes(row));
    await this.kept.drop(old);
  }

  /** Keep what is being written, so that a browser that is killed loses no word. */
  async draft(name, value, kind = "") {
    const draft = value === null ? null : { kind, value };
    if (draft) this.drafts.set(name, draft);
    else this.drafts.delete(name);
    await this.kept.put("drafts", this.page.pupil, name, draft);
    if (draft && this.closed) await this.adopt();
  }

  /** The class is over: what was typed and not saved is an answer, where it can be one. */
  async close() {
    if (this.closed) return;
    this.closed = true;
    await this.adopt();
    this.changed();
  }

  async adopt() {
    for (const [name, draft] of [...this.drafts]) {
      const answer = answerOf(draft, this.about(name).value?.answer);
      // A drawing on its own page saves itself.
      if (!answer || (draft.kind === "draw" && !this.page.visits)) continue;
      const { cell, key } = placeOf(name);
      await this.add(cell, { kind: draft.kind, key, answer });
    }
  }

  /** Return where the newest answer to a question is: {state, value, blob, words}. */
  about(name) {
    const mine = this.rows.filter((row) => nameOfEvent(row.event) === name).at(-1);
    if (mine) {
      const told = { value: mine.event.value, blob: mine.blob };
      if (mine.fresh) return { ...told, state: "keeping", words: "" };
      if (!this.page.answers) return { ...told, state: mine.unsafe ? "unsafe" : "kept", words: "" };
      const refused = mine.refused || this.refusal;
      if (refused) return { ...told, state: "refused", words: refused };
      return { ...told, state: mine.unsafe ? "unsafe" : "here", words: this.trouble };
    }
    const known = this.known.get(name);
    return known ? { state: "sent", ...known, words: "" }
      : { state: "none", value: null, blob: null, words: "" };
  }

  /** Fetch what the server has, so that another device's answers show too, and send what waits. */
  async load() {
    if (!this.page.answers) return;
    try {
      const answer = await fetch(`${this.page.answers}?pupil=${this.page.pupil}`,
        { cache: "no-store" });
      this.line = true;
      if (answer.ok) {
        const body = await answer.json();
        if (body.closed) await this.close();
        await this.hear(body.told);
        for (const event of body.events) {
          const name = nameOfEvent(event);
          const before = this.known.get(name);
          const same = JSON.stringify(before?.value) === JSON.stringify(event.value);
          const entry = { value: event.value, blob: same ? before?.blob ?? null : null };
          this.known.set(name, entry);
          if (!same) await this.kept.put("known", this.page.pupil, name, entry);
        }
      }
      this.wait = FIRST_WAIT;
    } catch {
      this.line = false; // what is kept here is shown
      this.later();
    }
    this.changed();
    this.send();
  }

  /** Take what the class allows and shows; a photo that was refused may go when photos are on. */
  async hear(told) {
    if (!told) return;
    this.told = told;
    await this.kept.put("about", this.page.pupil, "told", told);
    if (!told.photos) return;
    for (const row of this.rows.filter((one) => one.refused && one.event.value.kind === "photo")) {
      delete row.refused;
      await this.kept.change(row);
    }
  }

  later() {
    clearTimeout(this.timer);
    // With nothing to send it asks: "You are offline" goes by itself when the line is back.
    this.timer = setTimeout(() => (this.waiting || this.line ? this.send() : this.load()), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** Send what waits, one tab at a time. */
  async send() {
    if (this.busy) { this.more = true; return; }
    if (!this.page.answers || !this.waiting) return;
    this.busy = true;
    this.more = false;
    clearTimeout(this.timer);
    let all = false;
    try {
      all = await this.alone(() => this.sendAll());
    } finally {
      this.busy = false;
      this.changed();
    }
    if (!all) this.later();
    else if (this.more) this.send();
  }

  async alone(work) {
    const name = `coteach-answers-${this.page.pupil}`;
    if (navigator.locks) return navigator.locks.request(name, work);
    if (!await this.kept.lease(name, this.owner, LEASE)) return false;
    try {
      return await work();
    } finally {
      await this.kept.release(name, this.owner);
    }
  }

  /** Send from the oldest on; return whether nothing is left to be sent. */
  async sendAll() {
    for (;;) {
      // Read again: another tab may have sent or written meanwhile.
      const kept = await this.kept.waiting(this.page.pupil);
      const ids = new Set(kept.map((row) => row.event.id));
      this.rows = [...kept, ...this.rows.filter((row) => row.fresh && !ids.has(row.event.id))];
      const rows = batchOf(kept.filter((row) => !row.refused));
      if (!rows.length) return true;
      for (const row of rows) row.sending = true;
      const went = await this.sendRows(rows);
      for (const row of rows) row.sending = false;
      this.changed();
      if (!went) return false;
    }
  }

  /** Send some rows; return whether to go on at once. */
  async sendRows(rows) {
    try {
      for (const row of rows.filter((one) => one.blob)) {
        if (!await this.sendBlob(row)) return true; // it was refused; the others go on
      }
      const answer = await this.post(this.page.answers, JSON.stringify({
        pupil: this.page.pupil,
        events: rows.map((row) => ({ ...row.event, client_seq: row.seq })),
      }), "application/json");
      const body = await answer.json();
      this.line = true;
      if (answer.ok) return this.acknowledged(rows, body);
      return this.refused(rows, answer.status, `${body.error.message} ${body.error.hint}`.trim());
    } catch {
      this.line = false; // no line, or an answer that was not ours
      return false;
    }
  }

  post(address, body, type) {
    // A request that hangs must not hold the lock for ever.
    return fetch(address, { method: "POST", headers: { "Content-Type": type }, body,
      signal: AbortSignal.timeout?.(HANGS) });
  }

  async sendBlob(row) {
    const address = `${this.page.media}?pupil=${this.page.pupil}&id=${row.event.value.answer.media}`;
    const answer = await this.post(address, row.blob, row.blob.type || "image/jpeg");
    if (answer.ok) return true;
    const body = await answer.json();
    const words = `${body.error.message} ${body.error.hint}`.trim();
    if (!await this.refused([row], answer.status, words)) throw new Error(words);
    return false;
  }

  async acknowledged(rows, body) {
    const stored = new Set(body.stored);
    const there = rows.filter((row) => stored.has(row.event.id));
    await this.kept.arrived(this.page.pupil, there, nameOfEvent);
    for (const row of there) {
      this.known.set(nameOfEvent(row.event), { value: row.event.value, blob: row.blob });
    }
    this.rows = this.rows.filter((row) => !stored.has(row.event.id));
    await this.hear(body.told);
    // What was refused before is answered now.
    const names = new Set(there.map((row) => nameOfEvent(row.event)));
    const old = this.rows.filter((row) => row.refused && names.has(nameOfEvent(row.event))
      && row.seq < there.at(-1).seq);
    if (old.length) await this.kept.drop(old);
    this.rows = this.rows.filter((row) => !old.includes(row));
    this.refusal = this.trouble = "";
    this.wait = FIRST_WAIT;
    this.sent ||= there.length > 0;
    if (body.late) {
      this.late = true;
      await this.close();
    }
    this.tell();
    return there.length > 0;
  }

  /** The server's own sentence. Return whether others may still go. */
  async refused(rows, status, words) {
    if ([400, 413, 422].includes(status)) {
      if (rows.length > 1) {
        // One of them is at fault and must not hold up the others: they go one by one.
        for (const row of rows) if (!await this.sendRows([row])) return false;
        return true;
      }
      const { sending: _sending, ...row } = { ...rows[0], refused: words };
      this.rows = this.rows.map((one) => (one.event.id === row.event.id ? row : one));
      await this.kept.change(row);
      return true;
    }
    // The class is closed, or somebody else uses this device now; or the server is in need.
    const final = [401, 403, 404, 409, 410].includes(status);
    if (status === 410) await this.close();
    this.refusal = final ? words : "";
    this.trouble = final ? "" : words;
    return false;
  }

  /** One line for the whole page, or nothing. */
  get sentence() {
    const parts = [];
    if (!this.line) parts.push(t("You are offline. Your answers are kept here."));
    return parts.join(" ");
  }
}

const place = Symbol.for("coteach.outbox");

/** Return what the page tells its scripts. */
export function pageData() {
  const about = document.getElementById("coteach-page");
  return about ? JSON.parse(about.textContent) : {};
}

/** Return the page's one outbox, or null where answers go nowhere (a notebook). */
export function outbox() {
  const page = pageData();
  if (!page.pupil || !(page.answers || page.offline)) return null;
  return (globalThis[place] ??= new Outbox({
    pupil: page.pupil, answers: page.answers ?? null, whose: page.whose ?? null,
    media: page.media ?? page.answers?.replace(/answers$/, "media") }));
}
