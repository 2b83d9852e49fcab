// Lines that grow while they are looked at. A canvas of a few hundred points takes under a millisecond to draw, where a
// chart library would take away frames from the camera; colours, widths and dots are those of the results page.

import { colour } from "./charts.js";
import { clock } from "./format.js";

const SHOWN_S = 180;
const LEAST_S = 60;
const GAP_S = 3; // without a value for longer than this, a line breaks
const MARGIN = { left: 44, right: 8, top: 10, bottom: 26 };
const STEPS_S = [10, 15, 30, 60];
const TICK_PX = 60;
const LINES = [
  { name: "instant", width: 1 },
  { name: "cumulative", width: 1.75 },
  { name: "60s", width: 1.75 },
  { name: "30s", width: 2.5 },
];

export class LiveChart {
  constructor(canvas, windows_s) {
    this.canvas = canvas;
    this.windows_s = windows_s;
    this.points = []; // {t_s, lines: {environment: {30s, 60s, cumulative, low, high, instant}}}
    this.environment = "";
    this.range = [1, 5];
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  add(t_s, lines) {
    this.points.push({ t_s, lines });
    while (this.points[0].t_s < t_s - SHOWN_S - GAP_S) this.points.shift();
    this.canvas.dataset.points = this.points.length;
    this.draw();
  }

  // `values`: what the environment can give.
  choose(environment, values) {
    this.environment = environment;
    this.range = [Math.floor(Math.min(...values) * 2) / 2, Math.ceil(Math.max(...values) * 2) / 2];
    this.draw();
  }

  get last() {
    return this.points.at(-1)?.lines[this.environment];
  }

  draw() {
    const pen = this.prepare();
    const end_s = Math.max(this.points.at(-1)?.t_s ?? 0, LEAST_S);
    const start_s = Math.max(0, end_s - SHOWN_S);
    const [low, high] = this.range;
    const x = (t_s) => MARGIN.left + ((t_s - start_s) / (end_s - start_s)) * this.wide;
    const y = (value) => MARGIN.top + (1 - (value - low) / (high - low)) * this.tall;
    this.axes(pen, start_s, end_s, x, y);
    pen.save();
    pen.beginPath();
    pen.rect(MARGIN.left, 0, this.wide, MARGIN.top + this.tall);
    pen.clip();
    this.band(pen, x, y);
    for (const line of LINES) this.line(pen, line, x, y);
    pen.restore();
  }

  prepare() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    this.wide = clientWidth - MARGIN.left - MARGIN.right;
    this.tall = clientHeight - MARGIN.top - MARGIN.bottom;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    return pen;
  }

  axes(pen, start_s, end_s, x, y) {
    pen.strokeStyle = colour("hairline");
    pen.fillStyle = colour("ink-soft");
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (let value = this.range[0]; value <= this.range[1] + 1e-9; value += 0.5) {
      pen.beginPath();
      pen.moveTo(MARGIN.left, Math.round(y(value)) + 0.5);
      pen.lineTo(MARGIN.left + this.wide, Math.round(y(value)) + 0.5);
      pen.stroke();
      pen.fillText(value.toFixed(1), MARGIN.left - 10, y(value));
    }
    const step_s = STEPS_S.find((step) => (step / (end_s - start_s)) * this.wide >= TICK_PX) ?? STEPS_S.at(-1);
    pen.textAlign = "center";
    for (let t_s = Math.ceil(start_s / step_s) * step_s; t_s <= end_s; t_s += step_s) {
      pen.fillText(clock(t_s), Math.min(x(t_s), MARGIN.left + this.wide - 14), MARGIN.top + this.tall + 16);
    }
  }

  // Stretches of neighbouring points that all have a value.
  *stretches(has) {
    let stretch = [];
    for (const point of this.points) {
      const value = point.lines[this.environment];
      const breaks = stretch.length && point.t_s - stretch.at(-1).t_s > GAP_S;
      if (!has(value) || breaks) {
        if (stretch.length) yield stretch;
        stretch = [];
      }
      if (has(value)) stretch.push({ t_s: point.t_s, value });
    }
    if (stretch.length) yield stretch;
  }

  band(pen, x, y) {
    pen.fillStyle = colour("line-30s");
    pen.globalAlpha = 0.18;
    for (const stretch of this.stretches((value) => value.low !== null && value.high !== null)) {
      pen.beginPath();
      for (const { t_s, value } of stretch) pen.lineTo(x(t_s), y(value.high));
      for (const { t_s, value } of stretch.reverse()) pen.lineTo(x(t_s), y(value.low));
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  line(pen, { name, width }, x, y) {
    const full_s = this.windows_s[name] ?? 0;
    pen.strokeStyle = colour(`line-${name}`);
    pen.lineWidth = width;
    for (const stretch of this.stretches((value) => value[name] !== null)) {
      const from = stretch.findIndex(({ t_s }) => t_s >= full_s);
      const split = from < 0 ? stretch.length : from;
      this.stroke(pen, stretch.slice(0, split + 1), name, [3, 3], x, y);
      this.stroke(pen, stretch.slice(split), name, [], x, y);
    }
  }

  stroke(pen, points, name, dash, x, y) {
    pen.setLineDash(dash);
    pen.beginPath();
    for (const { t_s, value } of points) pen.lineTo(x(t_s), y(value[name]));
    pen.stroke();
    pen.setLineDash([]);
  }
}
