// The lines over time for whoever does not see them: one sentence, and a table of at most MOST_ROWS moments.
// Knows times and values; what is drawn and what is exact lies elsewhere.

import { clock } from "./format.js";
import { rowAt } from "./rows.js";

const MOST_ROWS = 120;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const COLUMNS = ["30s", "60s", "cumulative"];

const moments = ([from_s, to_s]) => {
  const step_s = STEPS_S.find((each) => (to_s - from_s) / each < MOST_ROWS) ?? STEPS_S.at(-1);
  const found = [];
  for (let t_s = Math.ceil(from_s / step_s) * step_s; t_s <= to_s; t_s += step_s) found.push(t_s);
  return found;
};

const written = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));

const cell = (kind, text, row) => {
  const node = document.createElement(kind);
  node.textContent = text;
  if (kind === "th") node.scope = "row";
  else node.className = "num";
  row.append(node);
};

export class LineTable {
  constructor(details, summary) {
    this.details = details;
    this.summary = summary;
    details.addEventListener("toggle", () => this.fill());
  }

  // `lines`: gives name -> {t_s, values}, once they are to be seen; `span`: what the chart shows, in seconds; `told`: where the 30-second line begins,
  // is highest, is lowest and ends there, [t_s, value] each, or nothing.
  show(lines, span, told) {
    this.lines = lines;
    this.span = span;
    this.summary.textContent = this.sentence(told);
    this.fill();
  }

  sentence({ begins, highest, lowest, ends }) {
    if (!begins) return "";
    const at = ([t_s, value]) => `at ${clock(t_s)} with ${written(value)}`;
    return `The 30-second line begins with ${written(begins[1])}, is highest ${at(highest)}, lowest ${at(lowest)}, and ends with ${written(ends[1])}.`;
  }

  fill() {
    if (!this.details.open || !this.lines) return;
    const lines = this.lines();
    const rows = moments(this.span).map((t_s) => {
      const row = document.createElement("tr");
      cell("th", clock(t_s), row);
      for (const name of COLUMNS) {
        const line = lines.get(name);
        cell("td", written(line?.values[rowAt(line.t_s, t_s)]), row);
      }
      return row;
    });
    this.details.querySelector("tbody").replaceChildren(...rows);
  }
}
