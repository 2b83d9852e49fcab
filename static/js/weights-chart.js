// Lines of scores over time as one small SVG, quick enough to follow a slider. Knows geometry; colours are the style
// sheet's, by the kind of each line, and numbers come from elsewhere. Its label tells those of each named line.

import { clock } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 240;
const MARGIN = { left: 28, right: 8, top: 10, bottom: 24 };
const LABEL_ROOM = 104;
const LABEL_PX = 15;
const NARROW_PX = 460;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

const make = (name, attributes, text) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

const path = (times, scores, x, y) => {
  let d = "";
  let pen = "M";
  for (let row = 0; row < times.length; row += 1) {
    if (Number.isNaN(scores[row])) {
      pen = "M";
      continue;
    }
    d += `${pen}${Math.round(10 * x(times[row])) / 10} ${Math.round(10 * y(scores[row])) / 10}`;
    pen = "L";
  }
  return d;
};

const lastOf = (scores) => scores.findLast((value) => !Number.isNaN(value));

const told = ({ label, scores }) => {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of scores) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return lowest > highest ? `${label}: no score.` : `${label}: ${lowest.toFixed(2)} to ${highest.toFixed(2)}, ${lastOf(scores).toFixed(2)} at the end.`;
};

// Labels keep their order and stand a line apart at least.
const spread = (labels) => {
  labels.sort((one, other) => one.y - other.y);
  for (const [row, label] of labels.entries()) if (row) label.y = Math.max(label.y, labels[row - 1].y + LABEL_PX);
  const over = (labels.at(-1)?.y ?? 0) - (HEIGHT - MARGIN.bottom);
  if (over > 0) for (const label of labels) label.y -= over;
};

export class WeightsChart {
  constructor(svg, [lowest, highest], until_s) {
    Object.assign(this, { svg, lowest, highest, until_s });
    this.lines = [];
    this.width = 0; // asking for it at every move would lay the page out once more
    new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      this.draw();
    }).observe(svg.parentElement);
  }

  // Each line: kind, label ("" for none), times, scores.
  show(lines) {
    this.lines = lines;
    this.svg.setAttribute("aria-label", `The 30-second line of every set of values. ${lines.filter((line) => line.label).map(told).join(" ")}`);
    this.draw();
  }

  draw() {
    const { width } = this;
    if (!width) return;
    const room = width < NARROW_PX ? MARGIN.right : LABEL_ROOM;
    const span = width - MARGIN.left - room;
    const x = (t_s) => MARGIN.left + (Math.min(t_s, this.until_s) / this.until_s) * span;
    const y = (value) => MARGIN.top + ((this.highest - value) / (this.highest - this.lowest)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const paths = this.lines.map((line) => make("path", { class: `line-${line.kind}`, d: path(line.times, line.scores, x, y) }));
    this.svg.replaceChildren(...this.axes(x, y, width - room), ...paths, ...(room === LABEL_ROOM ? this.labels(width - room + 6, y) : []));
  }

  axes(x, y, right) {
    const marks = [];
    for (let value = this.lowest; value <= this.highest; value += 1) {
      marks.push(make("path", { class: "grid", d: `M${MARGIN.left} ${y(value)}H${right}` }));
      marks.push(make("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, value));
    }
    const most = Math.max(2, Math.floor((right - MARGIN.left) / 70));
    const step_s = STEPS_S.find((step) => this.until_s / step <= most) ?? STEPS_S.at(-1);
    for (let t_s = 0; t_s <= this.until_s; t_s += step_s) {
      marks.push(make("text", { x: x(t_s), y: HEIGHT - 4, "text-anchor": t_s === 0 ? "start" : x(t_s) > right - 20 ? "end" : "middle" }, clock(t_s)));
    }
    return marks;
  }

  labels(left, y) {
    const labels = this.lines
      .filter((line) => line.label && lastOf(line.scores) !== undefined)
      .map((line) => ({ y: y(lastOf(line.scores)), kind: line.kind, text: line.label }));
    spread(labels);
    return labels.map((label) => make("text", { class: `name-${label.kind}`, x: left, y: label.y + 4 }, label.text));
  }
}
