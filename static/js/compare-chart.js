// Two lines over one time axis, as SVG in the page's own size. Knows geometry; what the lines mean is the page's.

import { clock } from "./format.js";

const SPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 300;
const MARGIN = { left: 40, right: 20, top: 10, bottom: 28 };
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const TICK_PX = 90;
const MAX_POINTS = 1500;

const made = (name, attributes, text) => {
  const node = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

const ticks = (until, isShare, width) => {
  if (isShare) return [0, 0.25, 0.5, 0.75, 1].map((at) => [at, `${100 * at} %`]);
  const most = Math.max(2, width / TICK_PX);
  const step = STEPS_S.find((each) => until / each <= most) ?? STEPS_S.at(-1);
  return Array.from({ length: Math.floor(until / step + 1e-9) + 1 }, (_, row) => [row * step, clock(row * step)]);
};

// At most MAX_POINTS steps of the points and the last; one that has a gap between itself and the one before is a gap.
const thinned = (points) => {
  const step = Math.ceil(points.length / MAX_POINTS);
  const kept = [];
  let gap = false;
  points.forEach(([at, value], row) => {
    gap ||= value === null;
    if (row % step && row !== points.length - 1) return;
    kept.push([at, gap ? null : value]);
    gap = false;
  });
  return kept;
};

// M and L of a line that breaks where there is no value.
const path = (points, x, y) => {
  let drawing = false;
  let text = "";
  for (const [at, value] of thinned(points)) {
    if (value !== null) text += `${drawing ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = value !== null;
  }
  return text;
};

// lines: {A: [[at, value or null], ...], B: ...}; span: lowest and highest value; until: end of the axis.
export const draw = (place, { lines, span, until, isShare, summary }) => {
  const width = Math.max(280, place.clientWidth);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const x = (at) => MARGIN.left + (at / until) * inner.width;
  const y = (value) => MARGIN.top + ((span[1] - value) / (span[1] - span[0])) * inner.height;
  const svg = made("svg", { width, height: HEIGHT, role: "img", "aria-label": summary });
  for (let value = span[0]; value <= span[1] + 1e-9; value += 0.5) {
    svg.append(made("line", { class: "compare-grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }));
    svg.append(made("text", { class: "compare-tick", x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
  }
  for (const [at, words] of ticks(until, isShare, inner.width)) {
    const anchor = x(at) > width - 40 ? "end" : at === 0 ? "start" : "middle";
    svg.append(made("text", { class: "compare-tick", x: x(at), y: HEIGHT - 8, "text-anchor": anchor }, words));
  }
  for (const [side, points] of Object.entries(lines)) {
    svg.append(made("path", { class: `compare-line compare-line-${side.toLowerCase()}`, d: path(points, x, y) }));
    const last = points.findLast(([, value]) => value !== null);
    if (last) svg.append(made("text", { class: `compare-end compare-end-${side.toLowerCase()}`, x: Math.min(x(last[0]) + 5, width - 14), y: y(last[1]) + 4 }, side));
  }
  place.replaceChildren(svg);
};
