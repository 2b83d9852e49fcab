// Says which face a pointer is over, how it looked there and for how long. Knows the lanes' figure and no colours.

import { clock } from "./format.js";
import { rowAt } from "./rows.js";

export class Lanes {
  constructor(chart, readout) {
    this.chart = chart;
    this.readout = readout;
    this.rows = new Map();
  }

  read(figure) {
    if (!figure) return;
    this.labels = figure.layout.yaxis.categoryarray;
    this.rows = new Map(this.labels.map((label) => [label, []]));
    for (const trace of figure.data) {
      trace.y.forEach((label, row) => this.rows.get(label)?.push({ from_s: trace.base[row], to_s: trace.base[row] + trace.x[row], kind: trace.name }));
    }
    for (const segments of this.rows.values()) segments.sort((a, b) => a.from_s - b.from_s);
  }

  point(event) {
    const { layout, node } = this.chart;
    if (!layout || !this.labels?.length) return;
    const height = layout.height - layout.margin.t - layout.margin.b;
    const share = (event.clientY - node.getBoundingClientRect().top - layout.margin.t) / height;
    const label = this.labels[Math.floor(share * this.labels.length)];
    this.readout.textContent = label === undefined ? "" : this.words(label, this.chart.timeAt(event.clientX));
  }

  words(label, t_s) {
    const segments = this.rows.get(label);
    const segment = segments[rowAt(segments.map((each) => each.from_s), t_s)];
    if (!segment || t_s > segment.to_s) return `${label}, not seen at ${clock(t_s)}`;
    return `${label}, ${segment.kind.toLowerCase()} from ${clock(segment.from_s)} to ${clock(segment.to_s)}`;
  }

  leave() {
    this.readout.textContent = "";
  }
}
