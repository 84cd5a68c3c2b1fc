// Is the kernel still there? A line that is down says nothing about that, and the page says which.

const EVERY = 4000;
const SOON = 1000;
const HIDDEN = 20_000;
const PATIENCE = 4000;

export class KernelWatch {
  /**
   * @param data - the page's data
   * @param notices - where things are said
   * @param restart - starts the moving parts again
   * @param back - called when the line is there
   */
  constructor(data, notices, restart, back) {
    this.data = data;
    this.notices = notices;
    this.restart = restart;
    this.back = back;
    this.room = null;
    this.broken = false;
    addEventListener("online", () => this.look());
    addEventListener("pageshow", (event) => { if (event.persisted) this.look(); });
    addEventListener("pagehide", (event) => {
      // A page kept for the Back button still needs its kernel.
      if (this.room && !event.persisted) navigator.sendBeacon(`${this.address}/close`);
    });
    document.addEventListener("visibilitychange", () => {
      // A phone in a pocket: its kernel may be given back meanwhile, and that is nobody's fault.
      if (document.visibilityState === "hidden") this.away = true;
      this.look();
    });
  }

  get address() {
    return `${this.data.base}page/kernels/${this.room.kernel}`;
  }

  /** Keep an eye on the kernel of these widgets. */
  follow(room) {
    this.room = room;
    this.broken = false;
    this.notices.take("gone", "away");
    this.#again(EVERY);
  }

  stop() {
    clearTimeout(this.timer);
    this.room = null;
  }

  /** The socket broke. */
  lost(room) {
    if (room !== this.room) return;
    this.broken = true;
    this.look();
  }

  #again(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), milliseconds);
  }

  async look() {
    const { room } = this;
    if (!room || this.looking) return;
    this.looking = true;
    const patience = new AbortController();
    const limit = setTimeout(() => patience.abort(), PATIENCE);
    const answer = await fetch(this.address, { cache: "no-store", signal: patience.signal })
      .catch(() => null);
    clearTimeout(limit);
    this.looking = false;
    if (room !== this.room) return;
    if (answer?.ok) await this.#there(room);
    else if (answer && answer.status < 500) this.#gone();
    else {
      if (navigator.onLine !== false) this.notices.say("away", "again", () => this.look());
      this.#again(SOON);
    }
  }

  async #there(room) {
    if (this.broken) {
      try {
        await room.reconnect();
        this.broken = false;
      } catch {
        this.#again(SOON);
        return;
      }
    }
    this.notices.take("away");
    this.back();
    const visible = document.visibilityState === "visible";
    if (visible) this.away = false;
    this.#again(visible ? EVERY : HIDDEN);
  }

  /** Only the server's own word counts. */
  #gone() {
    this.stop();
    this.notices.take("away");
    if (this.away) {
      this.away = false;
      this.restart();
      return;
    }
    document.body.classList.add("ct-kernel-gone");
    this.notices.say("gone", "restart", this.restart);
  }
}
