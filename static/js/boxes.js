// The faces around the present time, fetched in windows. A reading holds until the next one, and never longer than
// hold_s where its boxes are drawn: a box that the pipeline did not see is never shown; in words never longer than told_s.
// Knows boxes.json and no canvas.

import { rowAt } from "./rows.js";

const WINDOW_S = 20;
const AHEAD_S = 6;
const NEAR_S = 0.005; // less than pictures are apart, more than a browser's own rounding
const MAX_WINDOWS = 12; // a long recording with many faces would fill the memory

export class Boxes {
  constructor(url) {
    this.url = url;
    this.observers = new Set();
    this.windows = new Map();
  }

  onArrival(observer) {
    this.observers.add(observer);
  }

  // The reading whose boxes hold at t_s; null where none do, undefined where it is not known yet.
  at(t_s) {
    return this.held(t_s, "hold_s");
  }

  // The reading that speaks for t_s; likewise.
  toldAt(t_s) {
    return this.held(t_s, "told_s");
  }

  held(t_s, limit) {
    const index = Math.floor(t_s / WINDOW_S);
    const found = this.window(index);
    if (t_s + AHEAD_S >= (index + 1) * WINDOW_S) this.window(index + 1);
    if (!found.times) return undefined;
    const reading = found.readings[rowAt(found.times, t_s)];
    return reading && t_s - reading.t_s <= found[limit] ? reading : null;
  }

  // The time of the analysed picture after (1) or before (-1) the one at t_s; null where there is none.
  async beside(t_s, direction) {
    const index = Math.floor(t_s / WINDOW_S);
    const found = this.window(index);
    await found.loading;
    if (!found.times) return null;
    const row = direction > 0 ? rowAt(found.times, t_s + NEAR_S) + 1 : rowAt(found.times, t_s - NEAR_S);
    return found.times[row] ?? null; // a window holds the readings on either side of it too
  }

  window(index) {
    let found = this.windows.get(index);
    if (!found) {
      found = { times: null };
      if (this.windows.size >= MAX_WINDOWS) this.windows.delete(this.windows.keys().next().value);
      this.windows.set(index, found);
      found.loading = this.load(index, found);
    }
    return found;
  }

  async load(index, found) {
    try {
      const response = await fetch(`${this.url}?from=${index * WINDOW_S}&to=${(index + 1) * WINDOW_S}`);
      if (!response.ok) throw new Error(response.status);
      const body = await response.json();
      Object.assign(found, body, { times: body.readings.map((reading) => reading.t_s) });
      for (const observer of this.observers) observer();
    } catch {
      setTimeout(() => this.windows.delete(index), 2000); // asked again when the player comes by
    }
  }
}
