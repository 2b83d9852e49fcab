// What the faces show at the moment on screen: how many there are, why some are left out, and the mean of those that count.
// Knows the readings that Boxes fetches and the elements of the panel.

import { clock, percent } from "./format.js";

const mean = (faces, index) => faces.reduce((sum, face) => sum + face.p[index], 0) / faces.length;

const describe = (reading, used) => {
  if (!reading) return "Nothing was read here";
  if (!reading.faces.length) return "No face found";
  const isRead = reading.faces.some((face) => face.p.length); // where no expression is read, none is left out
  const apart = isRead ? reading.faces.length - used.length : 0;
  const seen = reading.faces.length === 1 ? "1 face" : `${reading.faces.length} faces`;
  return apart ? `${seen}, ${apart} left out` : seen;
};

// Why, in the order of types.LeftOut.
const why = (reading, reasons) => {
  const counts = reasons.map((_, code) => reading?.faces.filter((face) => face.left_out === code).length ?? 0);
  const told = reasons.flatMap((reason, code) => (code && counts[code] ? `${counts[code]} ${reason.toLowerCase()}` : []));
  return told.length ? `Left out: ${told.join(", ")}.` : "";
};

export class Now {
  constructor(panel, { emotions, reasons, boxes }) {
    Object.assign(this, { boxes, reasons });
    this.time = panel.querySelector("[data-now-time]");
    this.faces = panel.querySelector("[data-now-faces]");
    this.apart = panel.querySelector("[data-now-apart]");
    this.rows = emotions.map((emotion) => ({
      bar: panel.querySelector(`[data-now-bar="${emotion}"]`),
      share: panel.querySelector(`[data-now-share="${emotion}"]`),
    }));
    this.shown = undefined;
    this.t_s = 0;
    boxes.onArrival(() => this.show(this.t_s));
  }

  show(t_s) {
    this.t_s = t_s;
    const time = clock(t_s);
    if (this.time.textContent !== time) this.time.textContent = time;
    const reading = this.boxes.toldAt(t_s);
    if (reading === undefined || reading === this.shown) return;
    this.shown = reading;
    const used = reading?.faces.filter((face) => face.left_out === 0) ?? [];
    this.faces.textContent = describe(reading, used);
    if (this.apart) this.apart.textContent = why(reading, this.reasons);
    this.rows.forEach(({ bar, share }, index) => {
      const value = used.length ? mean(used, index) : null;
      if (bar) bar.value = value ?? 0;
      if (share) share.textContent = value === null ? "–" : percent(value);
    });
  }
}
