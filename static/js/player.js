// The visitor's own video with the faces drawn over it, frame by frame. Tells the page which moment is on screen.
// Knows the stage's elements and Boxes; the charts are none of its business.

import { Boxes } from "./boxes.js";
import { FaceBrush } from "./faces.js";

export class Player {
  constructor(stage, { emotions, reasons, onTime, onReading }) {
    this.stage = stage;
    this.video = stage.querySelector("video");
    this.canvas = stage.querySelector("canvas");
    this.pen = this.canvas.getContext("2d");
    this.brush = new FaceBrush(this.pen, { emotions, reasons });
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
    this.brush.retheme();
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
    return { scale, left, top: (clientHeight - this.size.height * scale) / 2, right: clientWidth };
  }

  render() {
    if (!this.boxes) return;
    const reading = this.boxes.at(this.t_s);
    if (reading !== undefined) this.onReading(reading);
    this.pen.clearRect(0, 0, this.video.clientWidth, this.video.clientHeight);
    if (!reading || !this.visible) return;
    const picture = this.picture;
    for (const face of reading.faces) this.brush.draw(face, picture);
  }
}
