// The visitor's own video with the faces drawn over it, frame by frame. Tells the page which moment is on screen.
// Knows the stage's elements and Boxes; the charts are none of its business.

import { Boxes } from "./boxes.js";
import { colour } from "./charts.js";
import { percent } from "./format.js";

const FULL_LABEL_PX = 110;
const SHORT_LABEL_PX = 56;

export class Player {
  constructor(stage, { emotions, reasons, onTime, onReading }) {
    this.stage = stage;
    this.video = stage.querySelector("video");
    this.canvas = stage.querySelector("canvas");
    this.pen = this.canvas.getContext("2d");
    this.emotions = emotions;
    this.reasons = reasons;
    this.onTime = onTime;
    this.onReading = onReading;
    this.t_s = 0;
    this.visible = true;
    this.size = { width: Number(stage.dataset.width), height: Number(stage.dataset.height) };
    stage.parentElement.style.setProperty("--aspect", this.size.width / this.size.height);
    this.boxes = new Boxes(stage.dataset.boxes, () => this.render());
    this.retheme();
    this.listen();
    this.render();
  }

  listen() {
    const { video } = this;
    new ResizeObserver(() => this.fit()).observe(video);
    if ("requestVideoFrameCallback" in video) {
      const onFrame = (_, frame) => {
        this.move(frame.mediaTime);
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
    } else {
      const onTick = () => {
        if (!video.paused) this.move(video.currentTime);
        requestAnimationFrame(onTick);
      };
      requestAnimationFrame(onTick);
    }
    video.addEventListener("seeking", () => this.move(video.currentTime));
    video.addEventListener("seeked", () => this.move(video.currentTime));
    video.addEventListener("error", () => this.stage.toggleAttribute("data-broken", true), true);
  }

  seek(t_s) {
    this.video.currentTime = t_s;
    this.move(t_s);
  }

  move(t_s) {
    this.t_s = t_s;
    this.onTime(t_s);
    this.render();
  }

  setVisible(visible) {
    this.visible = visible;
    this.render();
  }

  retheme() {
    this.tones = this.emotions.map((emotion) => colour(`on-video-${emotion.toLowerCase()}`));
    this.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
    this.render();
  }

  fit() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.video;
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.render();
  }

  // Where the picture lies inside the video element, which keeps its aspect (bars appear in full screen).
  get picture() {
    const { clientWidth, clientHeight } = this.video;
    const scale = Math.min(clientWidth / this.size.width, clientHeight / this.size.height);
    const left = (clientWidth - this.size.width * scale) / 2;
    return { scale, left, top: (clientHeight - this.size.height * scale) / 2 };
  }

  render() {
    if (!this.boxes) return;
    const reading = this.boxes.at(this.t_s);
    if (reading !== undefined) this.onReading(reading);
    this.pen.clearRect(0, 0, this.video.clientWidth, this.video.clientHeight);
    if (!reading || !this.visible) return;
    const picture = this.picture;
    for (const face of reading.faces) this.drawFace(face, picture);
  }

  drawFace(face, { scale, left, top }) {
    const [x, y, width, height] = face.box.map((value) => value * scale);
    const best = face.p.indexOf(Math.max(...face.p));
    const used = face.left_out === 0;
    const tone = used ? this.tones[best] : "#d0d4d6";
    this.outline(left + x, top + y, width, height, tone, used);
    this.label(left + x, top + y, width, tone, this.words(face, best, used, width));
  }

  words(face, best, used, width) {
    if (width < SHORT_LABEL_PX) return used ? this.emotions[best].slice(0, 2) : "";
    if (!used) return this.reasons[face.left_out];
    if (width < FULL_LABEL_PX) return this.emotions[best];
    return `${this.emotions[best]} ${percent(face.p[best])}`;
  }

  outline(x, y, width, height, tone, used) {
    const { pen } = this;
    pen.setLineDash(used ? [] : [5, 4]);
    for (const [style, line] of [["rgb(0 0 0 / 0.55)", 4.5], [tone, 2.25]]) {
      pen.strokeStyle = style;
      pen.lineWidth = line;
      pen.beginPath();
      pen.roundRect(x, y, width, height, 5);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  label(x, y, width, tone, words) {
    if (!words) return;
    const { pen } = this;
    pen.font = this.font;
    const wide = pen.measureText(words).width + 14;
    const above = y >= 24 ? y - 23 : y + 3;
    const from = Math.max(0, Math.min(x, this.video.clientWidth - wide));
    pen.fillStyle = "rgb(16 19 21 / 0.86)";
    pen.beginPath();
    pen.roundRect(from, above, wide, 20, 5);
    pen.fill();
    pen.fillStyle = tone;
    pen.textBaseline = "middle";
    pen.fillText(words, from + 7, above + 10.5);
  }
}
