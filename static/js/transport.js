// What moves the cursor: the video while it plays, at every picture of the screen and not only at its own, or, where
// there is no video, a clock that runs through the recording. Both play, pause and seek alike.

class Transport {
  constructor(cursor) {
    this.cursor = cursor;
    this.observers = new Set();
    cursor.transport = this;
  }

  onChange(observer) {
    this.observers.add(observer);
    observer();
  }

  changed() {
    for (const observer of this.observers) observer();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }
}

export class Film extends Transport {
  constructor(cursor, video) {
    super(cursor);
    this.video = video;
    for (const kind of ["seeking", "seeked", "pause", "ended"]) video.addEventListener(kind, () => cursor.move(video.currentTime));
    for (const kind of ["play", "pause", "ended"]) video.addEventListener(kind, () => this.changed());
    video.addEventListener("play", () => this.run());
  }

  get isPlaying() {
    return !this.video.paused && !this.video.ended;
  }

  play() {
    this.video.play().catch(() => {}); // the stage says so when it cannot be played
  }

  pause() {
    this.video.pause();
  }

  seek(t_s) {
    this.video.currentTime = t_s;
  }

  run() {
    if (!this.isPlaying) return;
    if (!this.video.seeking) this.cursor.move(this.video.currentTime);
    requestAnimationFrame(() => this.run());
  }
}

export class Clock extends Transport {
  constructor(cursor) {
    super(cursor);
    this.isPlaying = false;
  }

  play() {
    if (this.isPlaying) return;
    if (this.cursor.t_s >= this.cursor.until_s) this.cursor.seek(0);
    this.isPlaying = true;
    this.last_ms = performance.now();
    this.changed();
    requestAnimationFrame((now_ms) => this.run(now_ms));
  }

  pause() {
    this.isPlaying = false;
    this.changed();
  }

  seek() {}

  run(now_ms) {
    if (!this.isPlaying) return;
    const t_s = this.cursor.t_s + Math.max(0, now_ms - this.last_ms) / 1000;
    this.last_ms = now_ms;
    this.cursor.move(Math.min(t_s, this.cursor.until_s));
    if (t_s >= this.cursor.until_s) this.pause();
    else requestAnimationFrame((next_ms) => this.run(next_ms));
  }
}
