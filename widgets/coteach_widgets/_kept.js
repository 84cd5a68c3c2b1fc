// What this browser keeps, in IndexedDB: answers that wait, answers the server has, words that are
// being written. Everything lies under the pupil it belongs to.
//
// Rule: `keep` says whether it is really on the disk of this device. Where the browser denies
// storage everything is held in memory, and `safe` is false so that the page can say so.

const NAME = "coteach-answers";
const STORES = { waiting: { keyPath: "seq", autoIncrement: true }, known: {}, drafts: {}, about: {} };
const SETTLE = 4000;
const FIRST_OF_MEMORY = 1e9; // after everything that is on the disk

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) request.result.createObjectStore(name, options);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    setTimeout(() => reject(new Error("no answer")), SETTLE);
  });
}

/** One device's storage. */
export class Kept {
  constructor() {
    this.safe = true;
    this.memory = { waiting: new Map(), known: new Map(), drafts: new Map(), about: new Map() };
    this.last = 0;
    try {
      this.opening = open().catch(() => null);
    } catch {
      this.opening = Promise.resolve(null);
    }
    this.opening.then((database) => {
      if (!database) this.safe = false;
      // Another tab may bring a newer layout; it must not wait for us.
      else database.onversionchange = () => { database.close(); this.safe = false; };
    });
  }

  /** Do something in one transaction; null where there is no storage. */
  async within(names, mode, work) {
    const database = this.safe ? await this.opening : null;
    if (!database) return null;
    try {
      // "strict": acknowledged to the pupil means on the disk, not in a buffer.
      const transaction = database.transaction(names, mode, { durability: "strict" });
      const over = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
      });
      const result = await work(...names.map((name) => transaction.objectStore(name)));
      await over;
      return { result };
    } catch {
      return null;
    }
  }

  /** Keep an answer; it gets the next number of this device. Returns [number, is it safe]. */
  async add(pupil, event, blob) {
    const row = { pupil, event, blob: blob ?? null };
    const kept = await this.within(["waiting"], "readwrite", (store) => done(store.add(row)));
    if (kept) return [kept.result, true];
    const seq = FIRST_OF_MEMORY + (this.last += 1);
    this.memory.waiting.set(seq, { ...row, seq, unsafe: true });
    return [seq, false];
  }

  /** Return the answers of a pupil that wait, oldest first. */
  async waiting(pupil) {
    const found = await this.within(["waiting"], "readonly", (store) => done(store.getAll()));
    return [...(found?.result ?? []), ...this.memory.waiting.values()]
      .filter((row) => row.pupil === pupil).sort((a, b) => a.seq - b.seq);
  }

  /** Replace an answer that waits (it was refused). */
  async change(row) {
    if (this.memory.waiting.has(row.seq)) this.memory.waiting.set(row.seq, row);
    else await this.within(["waiting"], "readwrite", (store) => done(store.put(row)));
  }

  /** The server has these rows: they wait no more, and what they say is known. */
  async arrived(pupil, rows, nameOf) {
    for (const row of rows) this.memory.waiting.delete(row.seq);
    const put = (known) => rows.forEach((row) => known.put(
      { value: row.event.value, blob: row.blob }, [pupil, nameOf(row.event)]));
    await this.within(["waiting", "known"], "readwrite", (waiting, known) => {
      rows.forEach((row) => waiting.delete(row.seq));
      put(known);
    });
  }

  /** Take rows away without keeping what they say. */
  async drop(rows) {
    for (const row of rows) this.memory.waiting.delete(row.seq);
    await this.within(["waiting"], "readwrite", (store) => rows.forEach((row) => store.delete(row.seq)));
  }

  async put(store, pupil, name, value) {
    this.memory[store].set(`${pupil} ${name}`, value);
    const key = [pupil, name];
    await this.within([store], "readwrite", (box) => (
      value === null ? box.delete(key) : box.put(value, key)));
  }

  /** Return everything of a pupil in a store: Map of name to value. */
  async all(store, pupil) {
    const range = IDBKeyRange.bound([pupil], [pupil, []]);
    const found = await this.within([store], "readonly", async (box) => [
      await done(box.getAllKeys(range)), await done(box.getAll(range))]);
    if (!found) {
      return new Map([...this.memory[store]].filter(([key]) => key.startsWith(`${pupil} `))
        .map(([key, value]) => [key.slice(pupil.length + 1), value]));
    }
    const [keys, values] = found.result;
    return new Map(keys.map((key, place) => [key[1], values[place]]));
  }

  /**
   * Forget what is known of all pupils but these, and what they were writing; what waits stays, and
   * so does whose it is. Who left the device without a word is forgotten when the next one comes.
   */
  async keepOnly(...pupils) {
    await this.within(["known", "drafts", "about", "waiting"], "readwrite", async (...stores) => {
      const rows = await done(stores.pop().getAll());
      const holders = new Set(rows.map((row) => row.pupil));
      for (const store of stores) {
        for (const key of await done(store.getAllKeys())) {
          const spared = store.name === "about" && (!Array.isArray(key) || holders.has(key[0]));
          if (!spared && !pupils.includes(key[0])) store.delete(key);
        }
      }
    });
  }

  /** Return the pupils whose answers, or unsaved words, this device holds. */
  async pupils() {
    const found = await this.within(["waiting", "drafts"], "readonly", async (waiting, drafts) => [
      ...(await done(waiting.getAll())).map((row) => row.pupil),
      ...(await done(drafts.getAllKeys())).map((key) => key[0])]);
    return [...new Set(found?.result ?? [])];
  }

  /** Return those of them who came with a name card. */
  async withCard(card) {
    const found = [];
    for (const pupil of card ? await this.pupils() : []) {
      if ((await this.all("about", pupil)).get("whose")?.card === card) found.push(pupil);
    }
    return found;
  }

  /** Take a lease that one tab holds at a time; where there are no Web Locks. */
  async lease(name, owner, seconds) {
    const now = Date.now();
    const got = await this.within(["about"], "readwrite", async (store) => {
      const held = await done(store.get(name));
      // A clock that jumped must not lock us out for ever.
      const foreign = held && held.owner !== owner && held.until > now && held.until < now + 120_000;
      if (!foreign) store.put({ owner, until: now + seconds * 1000 }, name);
      return !foreign;
    });
    return got ? got.result : true;
  }

  async release(name, owner) {
    await this.within(["about"], "readwrite", async (store) => {
      if ((await done(store.get(name)))?.owner === owner) store.delete(name);
    });
  }

  /** Say whether something is done for the first time on this device. */
  async first(name) {
    const found = await this.within(["about"], "readwrite", async (store) => {
      const before = await done(store.get(name));
      store.put(true, name);
      return before === undefined;
    });
    return found?.result ?? false;
  }
}
