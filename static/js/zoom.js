// Which part of the recording the charts over time show. What is there is stretched at once; after a short rest the
// exact values of that part are asked for. Knows the axis and its controls; what is drawn on it is the charts'.

import { clock } from "./format.js";

const LEAST_S = 10;
const REST_MS = 180;
const WHEEL = 0.0025;

export class Zoom {
  constructor(controls, { charts, cursor, load, until_s }) {
    Object.assign(this, { controls, charts, cursor, load, until_s });
    this.view = null;
    this.place = controls.querySelector("[data-zoom-place]");
    controls.hidden = until_s < 2 * LEAST_S;
    const actions = { in: () => this.by(0.5), out: () => this.by(2), whole: () => this.show(0, until_s) };
    for (const button of controls.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => button.ariaDisabled !== "true" && actions[button.dataset.zoom]());
    }
    this.place.addEventListener("input", () => this.show(Number(this.place.value), Number(this.place.value) + this.length_s));
    for (const chart of charts) chart.node.parentElement.addEventListener("wheel", (event) => this.wheel(event, chart), { passive: false });
    this.tell();
  }

  get length_s() {
    return this.view ? this.view[1] - this.view[0] : this.until_s;
  }

  // Around the cursor where it can be seen, otherwise around the middle of what can.
  by(factor) {
    const [from_s, to_s] = this.view ?? [0, this.until_s];
    const { t_s } = this.cursor;
    this.around(t_s >= from_s && t_s <= to_s ? t_s : (from_s + to_s) / 2, factor);
  }

  around(t_s, factor) {
    if (this.controls.hidden) return;
    const [from_s, to_s] = this.view ?? [0, this.until_s];
    const length_s = Math.min(this.until_s, Math.max(LEAST_S, (to_s - from_s) * factor));
    const from = t_s - ((t_s - from_s) / (to_s - from_s)) * length_s;
    this.show(from, from + length_s);
  }

  show(from_s, to_s) {
    const length_s = to_s - from_s;
    const from = Math.min(Math.max(0, from_s), Math.max(0, this.until_s - length_s));
    this.view = length_s >= this.until_s - 0.01 ? null : [from, from + length_s];
    for (const chart of this.charts) chart.look(this.view);
    this.tell();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.load(this.view), this.view ? REST_MS : 0);
  }

  // While it plays, the part that is shown turns like a page.
  follow(t_s) {
    if (!this.view || (t_s >= this.view[0] && t_s <= this.view[1])) return;
    this.show(t_s, t_s + this.length_s);
  }

  wheel(event, chart) {
    if (!chart.layout || this.controls.hidden) return;
    if (event.ctrlKey) this.around(chart.timeAt(event.clientX), Math.exp(event.deltaY * WHEEL));
    else if (this.view && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const moved_s = (event.deltaX / chart.span.length) * this.length_s;
      this.show(this.view[0] + moved_s, this.view[1] + moved_s);
    } else return;
    event.preventDefault();
  }

  tell() {
    const isWhole = this.view === null;
    this.allow("whole", !isWhole);
    this.allow("out", !isWhole);
    this.allow("in", this.length_s > LEAST_S);
    this.place.hidden = isWhole;
    if (isWhole) return;
    Object.assign(this.place, { min: 0, max: this.until_s - this.length_s, step: this.length_s / 20, value: this.view[0] });
    this.place.setAttribute("aria-valuetext", clock(this.view[0]));
  }
  // A button that was just pressed keeps the focus, so it is never disabled altogether.
  allow(name, isAllowed) {
    this.controls.querySelector(`[data-zoom=${name}]`).ariaDisabled = String(!isAllowed);
  }
}
