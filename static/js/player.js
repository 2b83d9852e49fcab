// The visitor's own video with the faces drawn over it, picture by picture.
// Knows the stage's elements and Boxes; what else shares the moment, and what the faces mean, is none of its business.

import { FaceBrush } from "./faces.js";

export class Player {
  constructor(stage, { emotions, reasons, boxes, enlarge }) {
    this.stage = stage;
    this.video = stage.querySelector("video");
    this.canvas = stage.querySelector("canvas");
    this.pen = this.canvas.getContext("2d");
    this.brush = new FaceBrush(this.pen, { emotions, reasons });
    this.boxes = boxes;
    this.t_s = 0; // of the picture on screen
    this.visible = true;
    this.drawn = undefined;
    this.size = { width: Number(stage.dataset.width), height: Number(stage.dataset.height) };
    stage.parentElement.style.setProperty("--aspect", this.size.width / this.size.height);
    boxes.onArrival(() => this.render());
    this.listen();
    this.offerFullScreen(enlarge);
    this.render();
  }

  // Some phones let no more than a video of their own fill the screen.
  offerFullScreen(button) {
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else this.stage.requestFullscreen().catch(() => {}); // the browser says why, where it says anything
    });
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
    for (const kind of ["seeking", "seeked"]) video.addEventListener(kind, () => this.move(video.currentTime));
    video.addEventListener("error", () => this.stage.toggleAttribute("data-broken", true), true);
  }

  move(t_s) {
    this.t_s = t_s;
    this.render();
  }

  setVisible(visible) {
    this.visible = visible;
    this.redraw();
  }

  retheme() {
    this.brush.retheme();
    this.redraw();
  }

  fit() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.video;
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.redraw();
  }

  // Where the picture lies inside the video element, which keeps its aspect (bars appear in full screen).
  get picture() {
    const { clientWidth, clientHeight } = this.video;
    const scale = Math.min(clientWidth / this.size.width, clientHeight / this.size.height);
    const left = (clientWidth - this.size.width * scale) / 2;
    return { scale, left, top: (clientHeight - this.size.height * scale) / 2, right: clientWidth };
  }

  redraw() {
    this.drawn = undefined;
    this.render();
  }

  // A reading holds for several pictures: it is drawn once.
  render() {
    const reading = this.boxes.at(this.t_s) ?? null;
    if (reading === this.drawn) return;
    this.drawn = reading;
    this.pen.clearRect(0, 0, this.video.clientWidth, this.video.clientHeight);
    if (!reading || !this.visible) return;
    const picture = this.picture;
    for (const face of reading.faces) this.brush.draw(face, picture);
  }
}
