// One clock for the tracks of a recording: each person's file begins at its own second.

const DRIFT = 0.25;

/** Plays several media elements as one. Emits "time" and "playing". */
export class Playhead extends EventTarget {
  constructor(tracks, duration) {
    super();
    this.tracks = tracks; // [{media, offset, duration}]
    this.duration = duration;
    this.time = 0;
    this.playing = false;
    this.rate = 1;
    this.tick = this.tick.bind(this);
    this.timer = setInterval(this.tick, 100);
  }

  inside({ offset, duration }, time = this.time) {
    return time >= offset - 0.05 && time < offset + duration - 0.05;
  }

  async play() {
    if (this.time >= this.duration - 0.2) this.seek(0);
    this.playing = true;
    this.last = performance.now();
    await Promise.all(this.tracks.map((track) => this.align(track, true)));
    this.dispatchEvent(new Event("playing"));
  }

  stop() {
    this.playing = false;
    for (const { media } of this.tracks) media.pause();
    this.dispatchEvent(new Event("playing"));
  }

  toggle() {
    return this.playing ? this.stop() : this.play();
  }

  seek(time) {
    this.time = Math.min(Math.max(0, time), this.duration);
    this.last = performance.now();
    for (const track of this.tracks) this.align(track, true);
    this.dispatchEvent(new Event("time"));
  }

  setRate(rate) {
    this.rate = rate;
    for (const { media } of this.tracks) media.playbackRate = rate;
  }

  async align(track, exact) {
    const { media, offset, duration } = track;
    const inside = this.inside(track);
    const wanted = Math.min(Math.max(0, this.time - offset), duration);
    if (exact || (inside && Math.abs(media.currentTime - wanted) > DRIFT)) media.currentTime = wanted;
    if (this.playing && inside) {
      if (media.paused) await media.play().catch(() => null);
    } else if (!media.paused) media.pause();
  }

  tick() {
    if (!this.playing) return;
    const now = performance.now();
    // The first person's file leads while it plays: sound must not jump to follow a clock.
    const leader = this.tracks.find((track) => this.inside(track) && !track.media.paused
      && !track.media.seeking && track.media.readyState > 2);
    if (leader) this.time = leader.media.currentTime + leader.offset;
    else if (!this.tracks.some((track) => this.inside(track))) {
      this.time += ((now - this.last) / 1000) * this.rate;
    }
    this.last = now;
    for (const track of this.tracks) if (track !== leader) this.align(track, false);
    if (this.time >= this.duration - 0.1) {
      this.time = this.duration;
      this.stop();
    }
    this.dispatchEvent(new Event("time"));
  }

  close() {
    clearInterval(this.timer);
    for (const { media } of this.tracks) {
      media.pause();
      media.removeAttribute("src");
      media.load();
    }
  }
}
