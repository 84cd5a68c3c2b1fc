// A live room: the events socket, publishing by WHIP, watching by WHEP, and coming back by itself.
// The room's state is always the server's; this module only follows it.

import { pause } from "./_dom.js";

const PATIENCE = 4000;
const STOP_WITHIN = 30000;
const STEPS = [300, 700, 1500, 3000, 5000];

/** One WHIP or WHEP connection. */
class Connection {
  constructor(url, token, servers) {
    this.url = url;
    this.token = token;
    this.peer = new RTCPeerConnection({ iceServers: servers, bundlePolicy: "max-bundle" });
    this.location = null;
    this.lost = null;
    this.peer.addEventListener("connectionstatechange", () => {
      const state = this.peer.connectionState;
      this.lost = ["disconnected", "failed"].includes(state) ? this.lost ?? Date.now() : null;
    });
  }

  get dead() {
    return this.peer.connectionState === "closed" || this.peer.connectionState === "failed"
      || (this.lost !== null && Date.now() - this.lost > PATIENCE);
  }

  async negotiate() {
    await this.peer.setLocalDescription();
    // Without waiting for addresses: the server learns them from this browser's own checks. A TURN
    // server that does not answer would hold everybody up.
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${this.token}` },
      body: this.peer.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(`${response.status}`);
    this.location = new URL(response.headers.get("Location"), new URL(this.url, location.href));
    await this.peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
  }

  close({ tell = true } = {}) {
    this.peer.close();
    if (tell && this.location) {
      fetch(this.location, { method: "DELETE", keepalive: true,
        headers: { Authorization: `Bearer ${this.token}` } }).catch(() => null);
    }
  }
}

/** Stop the recording of a room that one is not in; resolves when it is saved. */
export function stopRecordingOf(pass) {
  const url = new URL(pass.events, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  return new Promise((done, failed) => {
    const timer = setTimeout(() => socket.close(), STOP_WITHIN);
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: pass.token }));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "welcome") socket.send(JSON.stringify({ type: "stop" }));
      else if (message.type === "recorded" || (message.type === "state" && !message.recording && !message.saving)) {
        done();
        socket.close();
      } else if (message.type === "error") {
        failed(message);
        socket.close();
      }
    };
    socket.onclose = () => {
      clearTimeout(timer);
      failed({ message: "", hint: "" });
    };
  });
}

/**
 * A person in a room. Events: "state" (the server's state), "line" (connecting, open, lost, closed,
 * replaced, refused), "notice", "error", "recorded", "stream" ({seat, stream}).
 */
export class LiveRoom extends EventTarget {
  constructor(getPass) {
    super();
    this.getPass = getPass;
    this.state = null;
    this.line = "connecting";
    this.stream = null;
    this.closed = false;
    this.viewers = new Map();
    this.publisher = null;
    this.recording = null;
    this.busy = false;
    this.timer = setInterval(() => this.follow(), 1000);
    this.onHide = () => this.close();
    addEventListener("pagehide", this.onHide);
  }

  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  setLine(line) {
    if (line !== this.line) {
      this.line = line;
      this.emit("line", line);
    }
  }

  /** Connect and stay connected until close(). */
  async run({ consent } = {}) {
    this.consent = consent;
    for (let attempt = 0; !this.closed; attempt += 1) {
      try {
        this.pass = await this.getPass();
      } catch (error) {
        if (error.status && error.status < 500) {
          this.emit("error", error);
          this.setLine("refused");
          return;
        }
      }
      if (this.pass && await this.talk()) attempt = -1;
      if (this.closed || ["replaced", "refused"].includes(this.line)) return;
      this.setLine("lost");
      await pause(STEPS[Math.min(Math.max(attempt, 0), STEPS.length - 1)]);
    }
  }

  /** Hold one socket until it closes; says whether the room was entered. */
  talk() {
    const url = new URL(this.pass.events, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.socket = new WebSocket(url);
    let entered = false;
    return new Promise((done) => {
      socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.pass.token,
        consent: this.consent }));
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "welcome") {
          entered = true;
          this.setLine("open");
        } else if (message.type === "state") this.take(message);
        else this.emit(message.type, message);
      };
      socket.onclose = ({ code }) => {
        if (code === 4409) this.setLine("replaced");
        if (code === 4403) this.setLine("refused");
        done(entered);
      };
    });
  }

  say(type, values = {}) {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type, ...values }));
      return true;
    }
    return false;
  }

  take(state) {
    this.state = state;
    this.stateAt = performance.now();
    if (state.recording) this.recording = state.recording.id;
    else if (state.saving) this.recording = null;
    this.emit("state", state);
    this.follow();
  }

  get me() {
    return this.state?.people.find((person) => person.seat === this.state.you);
  }

  /** Seconds the recording runs, between two states too. */
  get seconds() {
    const recording = this.state?.recording;
    return recording ? recording.seconds + (performance.now() - this.stateAt) / 1000 : null;
  }

  publish(stream) {
    this.stream = stream;
    this.follow();
  }

  /** Say yes or no to being recorded; said again by itself after a reconnection. */
  answer(given) {
    this.consent = given;
    this.say("consent", { given });
  }

  record() { this.say("record"); }

  stopRecording() {
    this.recording = null;
    this.say("stop");
  }

  /** Make the connections what the state says they should be. */
  async follow() {
    if (this.closed || this.line !== "open" || !this.state) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.again = false;
    try {
      await this.followMine();
      for (const person of this.state.people) {
        if (person.seat !== this.state.you) await this.followPerson(person);
      }
      for (const seat of [...this.viewers.keys()]) {
        if (!this.state.people.some((person) => person.seat === seat)) this.unwatch(seat);
      }
      // A recording that a restarted server cut off goes on as soon as she is seen again.
      if (this.recording && !this.state.recording && !this.state.saving && this.pass.owner
          && this.me?.publication) {
        const resume = this.recording;
        this.recording = null;
        this.say("record", { resume });
      }
    } catch { /* the next second tries again */ } finally {
      this.busy = false;
      if (this.again) setTimeout(() => this.follow());
    }
  }

  async followMine() {
    if (!this.stream) return;
    const old = this.publisher;
    const waiting = old && !old.dead && Date.now() - old.began < 8000;
    if (old && !old.dead && (this.me?.publication || waiting)) return;
    old?.close({ tell: false });
    const made = this.publisher = new Connection(this.pass.whip, this.pass.token, this.pass.ice_servers);
    made.began = Date.now();
    for (const track of this.stream.getTracks()) {
      made.peer.addTransceiver(track, { direction: "sendonly", streams: [this.stream] });
    }
    await made.negotiate();
  }

  async followPerson(person) {
    const old = this.viewers.get(person.seat);
    if (old && old.publication === person.publication && !old.connection.dead) return;
    if (old) this.unwatch(person.seat);
    if (!person.publication) return;
    const url = new URL(this.pass.whep, location.href);
    url.searchParams.set("source", person.seat);
    const connection = new Connection(url.href, this.pass.token, this.pass.ice_servers);
    const stream = new MediaStream();
    for (const kind of person.media) {
      const { receiver } = connection.peer.addTransceiver(kind, { direction: "recvonly" });
      stream.addTrack(receiver.track);
    }
    this.viewers.set(person.seat, { connection, publication: person.publication, stream });
    this.emit("stream", { seat: person.seat, stream });
    await connection.negotiate();
  }

  unwatch(seat) {
    const viewer = this.viewers.get(seat);
    this.viewers.delete(seat);
    viewer?.connection.close();
    this.emit("stream", { seat, stream: null });
  }

  /** Leave the room on purpose; a recording is saved. */
  leave() {
    this.say("leave");
    this.close();
  }

  /** Let go of everything. */
  close() {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    removeEventListener("pagehide", this.onHide);
    this.publisher?.close({ tell: false });
    for (const seat of [...this.viewers.keys()]) this.unwatch(seat);
    this.socket?.close();
    this.setLine("closed");
  }
}
