// The picture on the page: the very frame that a result belongs to, mirrored, with its boxes. While no result comes, the
// camera itself, without boxes: a box is never shown over a frame that it was not found in.

import { FaceBrush } from "./faces.js";

const STALE_MS = 700;

export class Stage {
  constructor(stage, video, canvas, words) {
    this.stage = stage;
    this.video = video;
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false });
    this.brush = new FaceBrush(this.pen, { ...words, numbered: true });
    this.shown_ms = -Infinity;
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  fit() {
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * scale);
    this.canvas.height = Math.round(this.canvas.clientHeight * scale);
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
  }

  // The true aspect ratio of whatever the camera gives.
  shape(width, height) {
    this.stage.parentElement.style.setProperty("--aspect", (width / height).toFixed(4));
  }

  show(picture, { faces, size }) {
    this.shown_ms = performance.now();
    const view = this.paint(picture, picture.width, picture.height);
    const scale = (view.scale * picture.width) / size[0];
    for (const face of faces) this.brush.draw(face, { ...view, scale, mirror_px: size[0] });
    this.canvas.dataset.faces = JSON.stringify(faces.map((face) => this.place(face, { ...view, scale, mirror_px: size[0] })));
  }

  // Where a face is on the canvas, for whoever has to check what is shown.
  place({ id, box, p }, { left, top, scale, mirror_px }) {
    const [x, y, width, height] = box.map((value) => Math.round(value * scale));
    return { id, box: [Math.round(left + mirror_px * scale) - x - width, Math.round(top) + y, width, height], p };
  }

  // A new frame of the camera: shown as it is when results are too old to show.
  onFrame() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth || performance.now() - this.shown_ms < STALE_MS) return;
    this.paint(this.video, videoWidth, videoHeight);
    delete this.canvas.dataset.faces;
  }

  paint(source, width, height) {
    const { clientWidth, clientHeight } = this.canvas;
    const scale = Math.min(clientWidth / width, clientHeight / height);
    const left = (clientWidth - width * scale) / 2;
    const top = (clientHeight - height * scale) / 2;
    this.pen.fillStyle = "#101315";
    this.pen.fillRect(0, 0, clientWidth, clientHeight);
    this.pen.save();
    this.pen.translate(left + width * scale, top);
    this.pen.scale(-1, 1);
    this.pen.drawImage(source, 0, 0, width * scale, height * scale);
    this.pen.restore();
    return { left, top, scale, right: clientWidth };
  }
}
