// Draws plotly figures in the page's theme and moves one cursor over those that share the time axis.
// Knows roles (meta.colour names a custom property of base.css) and geometry; what the numbers mean is the server's.

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };
const NARROW_PX = 640;
const NARROW_LEFT_PX = 56;

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

// Custom properties hold light-dark() pairs; only a real property of an element resolves them.
export const colour = (role) => {
  probe.style.color = `var(--${role})`;
  return getComputedStyle(probe).color;
};

const paint = (trace) => {
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

const dress = (layout, width) => {
  const style = getComputedStyle(document.body);
  const zoom = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const narrow = width < NARROW_PX;
  layout.font = { ...layout.font, family: style.fontFamily, color: colour("ink-soft"), size: (narrow ? 12 : 13) * zoom };
  layout.height *= zoom;
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
    this.hiddenLines = new Set();
    node.setAttribute("aria-hidden", "true"); // its table and its summary are what a screen reader gets
    new ResizeObserver(() => this.resized()).observe(node);
  }

  show(figure) {
    this.figure = figure;
    return this.draw();
  }

  draw() {
    if (!this.figure || !this.node.clientWidth) return;
    const { data, layout } = structuredClone(this.figure);
    this.width = this.node.clientWidth;
    this.layout = dress(layout, this.width);
    for (const trace of data) {
      paint(trace);
      if (this.hiddenLines.has(trace.meta?.line)) trace.visible = false;
    }
    return window.Plotly.react(this.node, data, this.layout, CONFIG);
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

  get until_s() {
    return this.layout.xaxis.range[1];
  }

  timeAt(clientX) {
    const { left, length } = this.span;
    const share = (clientX - this.node.getBoundingClientRect().left - left) / length;
    return Math.min(1, Math.max(0, share)) * this.until_s;
  }

  xAt(t_s) {
    const { left, length } = this.span;
    return left + (Math.min(t_s, this.until_s) / this.until_s) * length;
  }
}

// The last row at or before t_s, or -1.
export const rowAt = (times, t_s) => {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t_s + 1e-6) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
