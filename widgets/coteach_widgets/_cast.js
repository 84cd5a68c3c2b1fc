// A person in a webcast: a room whose stage is the teacher's, with chat, captions and channels.

import { LiveRoom } from "./_live.js";

const SILENCE_CHECK = 500;

/** Like LiveRoom; "feed" tells that chat or captions are new. */
export class CastRoom extends LiveRoom {
  constructor(getPass) {
    super(getPass);
    this.feeds = { chat: new Map(), captions: new Map() };
    this.channel = "";
    this.asked = false;
    for (const name of Object.keys(this.feeds)) {
      this.addEventListener(name, ({ detail }) => {
        for (const entry of detail.entries) this.feeds[name].set(entry.id, entry);
        this.emit("feed", name);
      });
    }
    this.addEventListener("line", ({ detail }) => {
      if (detail === "open") this.say("read", { after: 0 });
    });
    this.watching = setInterval(() => this.leaveStage(), SILENCE_CHECK);
  }

  take(state) {
    const chosen = (state.channels ?? []).find((one) => one.seat === this.channel);
    if (!chosen) this.channel = "";
    const others = state.people.filter((one) => one.seat !== chosen?.seat);
    super.take({ ...state, people: chosen && chosen.seat !== state.you
      ? [...others, { seat: chosen.seat, name: chosen.language, publication: chosen.publication,
        media: ["audio"], here: true, channel: true }] : state.people });
    this.leaveStage();
  }

  /** Hear an interpreter ("" for nobody); the lesson goes on unchanged. */
  listen(seat) {
    this.channel = seat;
    this.say("read", { after: 0 }); // the answer is a new state, which is followed
  }

  /** Stop sending when the teacher took her off the stage: nothing is recorded of her unseen. */
  leaveStage() {
    const speaks = this.state?.stage || this.state?.channels?.some((one) => one.seat === this.state.you);
    if (!this.stream || !this.state || speaks) return;
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.publisher?.close({ tell: false });
    this.publisher = null;
    this.emit("state", this.state);
  }

  /** Show a track instead of the camera's picture. */
  async showInstead(track) {
    const sender = this.publisher?.peer.getSenders().find((one) => one.track?.kind === "video");
    await sender?.replaceTrack(track);
  }

  close() {
    clearInterval(this.watching);
    super.close();
  }
}
