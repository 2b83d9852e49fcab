// The webcam page where no expression is read: how many faces are in view, and when. Counts what each result holds;
// knows nothing of scores, for there are none.

import { colour } from "./charts.js";
import { clock, percent } from "./format.js";

const SHOWN_S = 180;
const LEAST_S = 60;
const RECENT_S = 30;
const HOLD_S = 2; // a count speaks for the time until the next, and never longer
const FIGURES_MS = 200;
const MARGIN = { left: 44, right: 8, top: 10, bottom: 26 };
const STEPS_S = [10, 15, 30, 60];
const TICK_PX = 60;

export class Attendance {
  constructor(page) {
    this.page = page;
    this.canvas = page.querySelector("#attendance-chart");
    this.points = []; // {t_s, faces}
    this.most = 0;
    this.figures_ms = -Infinity;
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  add({ t_s, faces }) {
    this.points.push({ t_s, faces: faces.length });
    this.most = Math.max(this.most, faces.length);
    while (this.points[0].t_s < t_s - SHOWN_S - HOLD_S) this.points.shift();
    if (performance.now() - this.figures_ms < FIGURES_MS) return;
    this.figures_ms = performance.now();
    this.figures();
    this.draw();
  }

  figures() {
    const set = (name, text) => {
      this.page.querySelector(`[data-attendance="${name}"]`).textContent = text;
    };
    set("now", this.points.at(-1).faces);
    set("recent", percent(this.recent()));
    set("most", this.most);
  }

  // Share of the last RECENT_S in which any face was in view.
  recent() {
    const end_s = this.points.at(-1).t_s;
    const start_s = Math.max(end_s - RECENT_S, this.points[0].t_s);
    if (end_s <= start_s) return this.points.at(-1).faces ? 1 : 0;
    let seen_s = 0;
    for (const [from_s, until_s, faces] of this.steps()) {
      if (faces) seen_s += Math.max(0, until_s - Math.max(from_s, start_s));
    }
    return Math.min(1, seen_s / (end_s - start_s));
  }

  *steps() {
    for (let index = 0; index + 1 < this.points.length; index += 1) {
      const { t_s, faces } = this.points[index];
      yield [t_s, Math.min(this.points[index + 1].t_s, t_s + HOLD_S), faces];
    }
  }

  // Steps of the same height that touch, as one: drawn one by one, their edges would show.
  *stretches() {
    let whole = null;
    for (const [from_s, until_s, faces] of this.steps()) {
      if (whole && whole[2] === faces && from_s - whole[1] < 1e-6) whole[1] = until_s;
      else {
        if (whole) yield whole;
        whole = [from_s, until_s, faces];
      }
    }
    if (whole) yield whole;
  }

  draw() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth) return;
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const wide = clientWidth - MARGIN.left - MARGIN.right;
    const tall = clientHeight - MARGIN.top - MARGIN.bottom;
    const end_s = Math.max(this.points.at(-1)?.t_s ?? 0, LEAST_S);
    const start_s = Math.max(0, end_s - SHOWN_S);
    const top = Math.max(2, this.most + 1);
    const x = (t_s) => MARGIN.left + ((Math.max(t_s, start_s) - start_s) / (end_s - start_s)) * wide;
    const y = (faces) => MARGIN.top + (1 - faces / top) * tall;
    this.axes(pen, { start_s, end_s, top, wide, tall, x, y });
    pen.fillStyle = colour("accent");
    for (const [from_s, until_s, faces] of this.stretches()) {
      if (!faces || until_s <= start_s) continue;
      pen.globalAlpha = 0.22;
      pen.fillRect(x(from_s), y(faces), x(until_s) - x(from_s), y(0) - y(faces));
      pen.globalAlpha = 1;
      pen.fillRect(x(from_s), y(faces) - 1, x(until_s) - x(from_s), 2);
    }
    this.canvas.dataset.points = this.points.length;
  }

  axes(pen, { start_s, end_s, top, wide, tall, x, y }) {
    pen.strokeStyle = colour("hairline");
    pen.fillStyle = colour("ink-soft");
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    const step = Math.ceil(top / 5);
    for (let faces = 0; faces <= top; faces += step) {
      pen.beginPath();
      pen.moveTo(MARGIN.left, Math.round(y(faces)) + 0.5);
      pen.lineTo(MARGIN.left + wide, Math.round(y(faces)) + 0.5);
      pen.stroke();
      pen.fillText(String(faces), MARGIN.left - 10, y(faces));
    }
    const step_s = STEPS_S.find((each) => (each / (end_s - start_s)) * wide >= TICK_PX) ?? STEPS_S.at(-1);
    pen.textAlign = "center";
    for (let t_s = Math.ceil(start_s / step_s) * step_s; t_s <= end_s; t_s += step_s) {
      pen.fillText(clock(t_s), Math.min(x(t_s), MARGIN.left + wide - 14), MARGIN.top + tall + 16);
    }
  }
}
