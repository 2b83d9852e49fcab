// The segments in the order of their scores, and how far each moved from its place before. Knows its table's body.

import { clock } from "./format.js";
import { ranks, score } from "./weights.js";

const moved = (places) => (places > 0 ? `↑ ${places}` : places < 0 ? `↓ ${-places}` : "");

const write = (cell, text) => {
  if (cell.textContent !== text) cell.textContent = text;
};

export class Ranking {
  constructor(body, segments) {
    this.segments = segments;
    this.rows = segments.map((segment) => this.row(segment));
    this.body = body;
    this.order = null;
  }

  row(segment) {
    const row = document.createElement("tr");
    const go = document.createElement("button");
    Object.assign(go, { type: "button", className: "link", textContent: clock(segment.start_s) });
    go.dataset.seek = segment.start_s.toFixed(3);
    go.setAttribute("aria-label", `Go to ${clock(segment.start_s)}`);
    const cells = Array.from({ length: 5 }, () => document.createElement("td"));
    for (const column of [0, 1, 4]) cells[column].className = "num";
    cells[2].append(go);
    cells[3].className = "lab-words";
    Object.assign(cells[3], { textContent: segment.text, dir: "auto" });
    row.append(...cells);
    return { row, cells };
  }

  show(values, before) {
    const scores = this.segments.map((segment) => (segment.shares ? score(segment.shares, values) : null));
    const places = ranks(scores);
    const former = ranks(this.segments.map((segment) => (segment.shares ? score(segment.shares, before) : null)));
    const order = this.rows.map((_, index) => index);
    order.sort((one, other) => (places[one] ?? Infinity) - (places[other] ?? Infinity) || one - other);
    for (const index of order) {
      const { row, cells } = this.rows[index];
      write(cells[0], String(places[index] ?? "–"));
      write(cells[1], places[index] === null ? "" : moved(former[index] - places[index]));
      write(cells[4], scores[index] === null ? "–" : scores[index].toFixed(2));
      row.dataset.score = scores[index] ?? "";
    }
    if (order.join() === this.order) return;
    this.order = order.join();
    const focused = document.activeElement;
    this.body.replaceChildren(...order.map((index) => this.rows[index].row));
    if (this.body.contains(focused)) focused.focus({ preventScroll: true });
  }
}
