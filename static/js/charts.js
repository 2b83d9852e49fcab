// Draws plotly figures in the page's theme, and tells where on those over time a moment lies.
// Knows roles (meta.colour names a custom property of base.css) and geometry; what the numbers mean is the server's.

import { clock } from "./format.js";
import { plotly } from "./plotly.js";

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };
const NARROW_PX = 640;
const NARROW_LEFT_PX = 56;
const TICK_PX = 96;
const NARROW_TICK_PX = 52;
const TICK_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

const probe = document.createElement("span");
probe.hidden = true;
probe.style.setProperty("forced-color-adjust", "none"); // the lines keep their own colours where the system chooses those of words
document.body.append(probe);

// Custom properties hold light-dark() pairs; only a real property of an element resolves them.
export const colour = (role) => {
  probe.style.color = `var(--${role})`;
  return getComputedStyle(probe).color;
};

export const paint = (trace) => {
  const { meta } = trace;
  if (meta?.colours) {
    trace.marker.colors = meta.colours.map(colour);
    trace.marker.line.color = colour("paper");
  }
  if (!meta?.colour) return trace;
  const tone = colour(meta.colour);
  if (trace.line) trace.line.color = tone;
  if (trace.marker) trace.marker.color = tone;
  if (trace.error_x) trace.error_x.color = colour(meta.bar);
  if (trace.fillcolor) trace.fillcolor = tone;
  return trace;
};

const ticks = ([from_s, to_s], width) => {
  const most = Math.max(2, Math.floor(width / (width < NARROW_PX ? NARROW_TICK_PX : TICK_PX)));
  const step_s = TICK_STEPS_S.find((each) => (to_s - from_s) / each <= most) ?? TICK_STEPS_S.at(-1);
  const tickvals = [];
  for (let at_s = Math.ceil(from_s / step_s) * step_s; at_s <= to_s + 1e-9; at_s += step_s) tickvals.push(at_s);
  return { range: [from_s, to_s], tickvals, ticktext: tickvals.map(clock) };
};

const dress = (layout, width) => {
  const style = getComputedStyle(document.body);
  const zoom = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const narrow = width < NARROW_PX;
  layout.font = { ...layout.font, family: style.fontFamily, color: colour("ink-soft"), size: (narrow ? 12 : 13) * zoom };
  layout.height *= zoom;
  layout.width = width; // without it plotly keeps the width of its first drawing
  if (narrow && layout.xaxis?.ticktext) layout.margin = { ...layout.margin, l: NARROW_LEFT_PX, r: 8 };
  for (const side of ["l", "r", "t", "b"]) layout.margin[side] *= zoom;
  layout.hoverlabel = { bgcolor: colour("surface"), bordercolor: colour("edge"), font: { ...layout.font, color: colour("ink") } };
  for (const axis of [layout.xaxis, layout.yaxis]) {
    if (!axis) continue;
    Object.assign(axis, { gridcolor: colour("hairline"), linecolor: colour("hairline"), tickcolor: colour("hairline") });
  }
  for (const note of layout.annotations ?? []) note.font = { ...layout.font, color: colour(note.name ?? "ink") };
  return layout;
};

export class Chart {
  constructor(node) {
    this.node = node;
    this.figure = null;
    this.view = null; // [from_s, to_s], of a chart over time that does not show all of it
    this.hiddenLines = new Set();
    node.setAttribute("aria-hidden", "true"); // its table and its summary are what a screen reader gets
    new ResizeObserver(() => this.resized()).observe(node);
  }

  show(figure) {
    this.figure = figure;
    return this.draw();
  }

  async draw() {
    if (!this.figure || !this.node.clientWidth) return;
    const Plotly = await plotly();
    const { data, layout } = structuredClone(this.figure);
    this.arrange(layout);
    const traces = data.map(paint);
    for (const trace of traces) if (this.hiddenLines.has(trace.meta?.line)) trace.visible = false;
    await Plotly.react(this.node, traces, layout, CONFIG);
    this.onDraw?.();
  }

  arrange(layout) {
    this.width = this.node.clientWidth;
    this.until_s ??= layout.xaxis?.range?.[1];
    this.layout = dress(layout, this.width);
    if (layout.xaxis?.ticktext) Object.assign(layout.xaxis, ticks(this.view ?? layout.xaxis.range, this.span.length));
  }

  // Shows another part of the time axis at once, with the points that are there.
  async look(view) {
    this.view = view;
    if (!this.layout) return;
    const axis = ticks(view ?? [0, this.until_s], this.span.length);
    Object.assign(this.layout.xaxis, axis);
    this.onDraw?.();
    const Plotly = await plotly();
    await Plotly.relayout(this.node, Object.fromEntries(Object.entries(axis).map(([name, value]) => [`xaxis.${name}`, value])));
  }

  resized() {
    if (this.node.clientWidth !== this.width) this.draw();
  }

  toggle(line, on) {
    if (on) this.hiddenLines.delete(line);
    else this.hiddenLines.add(line);
    this.draw();
  }

  // Pixels from the chart's left edge to the time axis, and its length.
  get span() {
    const { l, r } = this.layout.margin;
    return { left: l, length: Math.max(1, this.width - l - r) };
  }

  get shown() {
    return this.layout.xaxis.range;
  }

  timeAt(clientX) {
    const { left, length } = this.span;
    const [from_s, to_s] = this.shown;
    const share = (clientX - this.node.getBoundingClientRect().left - left) / length;
    return from_s + Math.min(1, Math.max(0, share)) * (to_s - from_s);
  }

  xAt(t_s) {
    const { left, length } = this.span;
    const [from_s, to_s] = this.shown;
    return left + ((Math.min(t_s, this.until_s) - from_s) / (to_s - from_s)) * length;
  }

  // Whether a moment lies within what is shown.
  holds(t_s) {
    const [from_s, to_s] = this.shown;
    const slack_s = (to_s - from_s) / 1000;
    return t_s >= from_s - slack_s && Math.min(t_s, this.until_s) <= to_s + slack_s;
  }
}
