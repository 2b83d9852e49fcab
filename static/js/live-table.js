// The last three minutes before the camera as a table, every few seconds a row, newest first; written while it is open.
// Knows the points of both charts and how to write one.

import { clock } from "./format.js";

const EVERY_S = 5;

class LiveTable {
  // `points`: gives what there is, oldest first; `columns`: how each value of a point is written.
  constructor(details, points, columns) {
    this.details = details;
    this.points = points;
    this.columns = columns;
    details.addEventListener("toggle", () => this.fill());
    setInterval(() => this.fill(), EVERY_S * 1000);
  }

  fill() {
    if (this.details.open) this.details.querySelector("tbody").replaceChildren(...this.rows());
  }

  rows() {
    const latest = new Map(this.points().map((point) => [Math.floor(point.t_s / EVERY_S), point]));
    return [...latest.values()].reverse().map((point) => {
      const row = document.createElement("tr");
      for (const [index, text] of [clock(point.t_s), ...this.columns.map((write) => write(point))].entries()) {
        const cell = document.createElement(index ? "td" : "th");
        if (index) cell.className = "num";
        else cell.scope = "row";
        cell.textContent = text;
        row.append(cell);
      }
      return row;
    });
  }
}

export const keepTables = (chart, attendance) => {
  const lineOf = (name) => ({ lines }) => lines[chart.environment]?.[name]?.toFixed(2) ?? "–";
  const of = (id) => document.getElementById(id);
  new LiveTable(of("lines-table"), () => chart.points, ["30s", "60s", "cumulative"].map(lineOf));
  new LiveTable(of("attendance-table"), () => attendance.points, [({ faces }) => String(faces)]);
};
