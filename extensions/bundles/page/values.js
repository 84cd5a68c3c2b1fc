// What was set in the widgets of this page, kept so that a new kernel can be brought to the same
// place. In this tab only, and under the pupil's own name for a shared computer.

const MOST = 200_000;

export class Values {
  constructor(data) {
    this.key = `ct-values:${data.base}${data.lesson}:${data.pupil || ""}`;
    this.kept = { kernel: null, values: {} };
    try {
      Object.assign(this.kept, JSON.parse(sessionStorage.getItem(this.key) || "{}"));
    } catch { /* nothing kept, or nothing readable */ }
  }

  /** What a kernel must be told; nothing when it was told before. */
  to(kernel) {
    return this.kept.kernel === kernel ? {} : this.kept.values;
  }

  /** Remember what was set in a kernel. */
  save(kernel, changed) {
    this.kept.kernel = kernel;
    for (const [id, state] of Object.entries(changed)) {
      this.kept.values[id] = { ...this.kept.values[id], ...state };
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), 300);
    if (!this.listening) {
      this.listening = true;
      addEventListener("pagehide", () => this.write());
    }
  }

  write() {
    const text = JSON.stringify(this.kept);
    try {
      if (text.length <= MOST) sessionStorage.setItem(this.key, text);
    } catch { /* a browser that keeps nothing */ }
  }
}
