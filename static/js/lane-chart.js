// The lanes of faces on a canvas: thousands of stretches, drawn in a few milliseconds where plotly makes an element of each.
// Knows the figure that the server made for plotly; places times as every other chart of the page does.

import { Chart, colour, paint } from "./charts.js";

const LANE_SHARE = 0.72; // of the height of its row
const TICK_PX = 5;
const LABEL_GAP_PX = 8;
const HATCH_PX = 5;

export class LaneChart extends Chart {
  constructor(node) {
    super(node);
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d");
    node.replaceChildren(this.canvas);
    // As on a chart that plotly drew, for whoever makes a picture of it.
    Object.defineProperty(node, "data", { get: () => this.figure && structuredClone(this.figure.data).map(paint) });
    Object.defineProperty(node, "layout", { get: () => this.layout });
  }

  draw() {
    if (!this.figure || !this.node.clientWidth) return;
    this.arrange(structuredClone(this.figure.layout));
    this.paint();
    this.onDraw?.();
  }

  look(view) {
    this.view = view;
    this.draw();
  }

  paint() {
    const { pen, canvas, width } = this;
    const { height } = this.layout;
    const scale = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.style.setProperty("height", `${height}px`);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.font = `${this.layout.font.size}px ${this.layout.font.family}`;
    for (const trace of this.figure.data) this.paintKind(trace);
    this.paintAxes();
  }

  get rows() {
    const { margin, height, yaxis } = this.layout;
    const labels = yaxis.categoryarray;
    return { labels, top: margin.t, step: (height - margin.t - margin.b) / Math.max(labels.length, 1) };
  }

  paintKind(trace) {
    const { pen } = this;
    const { labels, top, step } = this.rows;
    const { left, length } = this.span;
    const [from_s, to_s] = this.shown;
    const row = new Map(labels.map((label, index) => [label, index]));
    pen.fillStyle = colour(trace.meta.colour);
    const hatches = trace.marker.pattern ? this.hatches() : null;
    trace.base.forEach((start_s, index) => {
      const stop_s = start_s + trace.x[index];
      if (stop_s <= from_s || start_s >= to_s) return;
      const x = Math.max(left, this.xAt(start_s));
      const area = [x, top + step * (row.get(trace.y[index]) + (1 - LANE_SHARE) / 2), Math.max(Math.min(left + length, this.xAt(stop_s)) - x, 0.5), step * LANE_SHARE];
      pen.fillRect(...area);
      if (!hatches) return;
      pen.save();
      pen.fillStyle = hatches;
      pen.fillRect(...area);
      pen.restore();
    });
  }

  // What is left out differs by more than its colour.
  hatches() {
    const tile = Object.assign(document.createElement("canvas"), { width: HATCH_PX, height: HATCH_PX });
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour("ink-soft");
    pen.globalAlpha = 0.7;
    pen.beginPath();
    for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
      pen.moveTo(shift, HATCH_PX);
      pen.lineTo(shift + HATCH_PX, 0);
    }
    pen.stroke();
    return this.pen.createPattern(tile, "repeat");
  }

  paintAxes() {
    const { pen } = this;
    const { labels, top, step } = this.rows;
    const { left } = this.span;
    const base = top + step * labels.length;
    pen.fillStyle = this.layout.font.color;
    pen.strokeStyle = colour("hairline");
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    labels.forEach((label, index) => pen.fillText(label, left - LABEL_GAP_PX, top + step * (index + 0.5), left - LABEL_GAP_PX));
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.beginPath();
    pen.moveTo(left + 0.5, top);
    pen.lineTo(left + 0.5, base);
    const { tickvals, ticktext } = this.layout.xaxis;
    tickvals.forEach((t_s, index) => {
      const x = this.xAt(t_s);
      pen.moveTo(x, base);
      pen.lineTo(x, base + TICK_PX);
      const isWhole = x + pen.measureText(ticktext[index]).width / 2 <= this.width; // plotly leaves out what would be cut
      if (isWhole) pen.fillText(ticktext[index], x, base + TICK_PX + 3);
    });
    pen.stroke();
  }
}
