// Answers on their way: kept in this browser until the server has them, sent in order, once.
//
// Each answer is one item of localStorage, so two tabs never overwrite each other's. It has a UUID;
// the server stores it once however often it is sent. Nothing here needs a kernel.

const FIRST_WAIT = 1500;
const LONGEST_WAIT = 30000;
const BATCH = 40;

/** Return a random UUID; crypto.randomUUID is not there over plain http. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Return the name of a question: its cell, and its key where the author gave one. */
export const nameOf = (cell, key) => (key ? `${cell}#${key}` : cell);

class Outbox extends EventTarget {
  constructor(page) {
    super();
    this.page = page;
    this.prefix = `coteach.answer.${page.pupil}.`;
    this.counter = `coteach.seq.${page.pupil}`;
    this.memory = new Map(); // when the browser does not let us store
    this.known = new Map(); // question -> answer the server has
    this.refusal = null;
    this.trouble = ""; // what keeps the server from taking answers now, in its own words
    this.wait = FIRST_WAIT;
    this.busy = false;
    this.ready = this.load();
    addEventListener("online", () => this.send());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.send();
    });
  }

  /** Return the answers not yet acknowledged, oldest first. */
  waiting() {
    const found = [...this.memory.values()];
    try {
      for (let i = 0; i < localStorage.length; i++) {
        const name = localStorage.key(i);
        if (name.startsWith(this.prefix)) found.push(JSON.parse(localStorage.getItem(name)));
      }
    } catch { /* no storage here; what is in memory is all there is */ }
    return found.sort((a, b) => a.client_seq - b.client_seq);
  }

  nextSeq() {
    let last = this.seq ?? 0;
    try { last = Math.max(last, Number(localStorage.getItem(this.counter)) || 0); } catch { /* - */ }
    this.seq = last + 1;
    try { localStorage.setItem(this.counter, String(this.seq)); } catch { /* - */ }
    return this.seq;
  }

  /** Keep an answer and send it when the line lets us. */
  add(cell, value) {
    const event = {
      id: uuid(), cell, verb: "answered", value,
      client_time: new Date().toISOString(), client_seq: this.nextSeq(),
    };
    try {
      localStorage.setItem(this.prefix + event.id, JSON.stringify(event));
    } catch {
      this.memory.set(event.id, event);
    }
    this.changed();
    this.send();
  }

  forget(id) {
    this.memory.delete(id);
    try { localStorage.removeItem(this.prefix + id); } catch { /* - */ }
  }

  /** Return where the newest answer to a question is: {state, value, words}. */
  about(name) {
    const mine = this.waiting().filter((e) => nameOf(e.cell, e.value.key) === name).at(-1);
    if (mine) {
      if (this.refusal) return { state: "refused", value: mine.value, words: this.refusal };
      return { state: this.memory.has(mine.id) ? "unsafe" : "here", value: mine.value,
        words: this.trouble };
    }
    const value = this.known.get(name);
    return value ? { state: "sent", value } : { state: "none", value: null };
  }

  changed() { this.dispatchEvent(new Event("change")); }

  take(events) {
    for (const event of events) {
      this.known.set(nameOf(event.cell, event.value?.key ?? ""), event.value);
      this.seq = Math.max(this.seq ?? 0, event.client_seq);
    }
  }

  /** Fetch what the server has, so that a reload shows it, and send what waits. */
  async load() {
    try {
      const answer = await fetch(`${this.page.answers}?pupil=${this.page.pupil}`,
        { cache: "no-store" });
      if (answer.ok) this.take((await answer.json()).events);
    } catch { /* the line is down: what waits here is shown */ }
    this.changed();
    this.send();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** Send the oldest answers; go on until none waits. */
  async send() {
    if (this.busy) return;
    const batch = this.waiting().slice(0, BATCH);
    if (!batch.length) return;
    this.busy = true;
    clearTimeout(this.timer);
    let more = false;
    try {
      const answer = await fetch(this.page.answers, {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ pupil: this.page.pupil, events: batch }),
      });
      const body = await answer.json();
      if (answer.ok) {
        const stored = new Set(body.stored);
        for (const event of batch) {
          if (!stored.has(event.id)) continue;
          this.take([event]);
          this.forget(event.id);
        }
        this.refusal = null;
        this.trouble = "";
        this.wait = FIRST_WAIT;
        more = stored.size > 0;
      } else {
        // The server's own sentence: the class is closed, or somebody else uses this device now.
        const final = [400, 401, 403, 409, 410, 413].includes(answer.status);
        const words = `${body.error.message} ${body.error.hint}`.trim();
        this.refusal = final ? words : null;
        this.trouble = final ? "" : words;
        this.later();
      }
    } catch {
      this.later(); // no line, or an answer that was not ours
    } finally {
      this.busy = false;
      this.changed();
    }
    if (more) this.send();
  }
}

const place = Symbol.for("coteach.outbox");

/** Return the page's one outbox, or null where answers go nowhere (a notebook). */
export function outbox() {
  const about = document.getElementById("coteach-page");
  const page = about ? JSON.parse(about.textContent) : {};
  if (!page.answers || !page.pupil) return null;
  return (globalThis[place] ??= new Outbox(page));
}
