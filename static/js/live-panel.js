// The numbers beside the picture. Bars follow every result; figures change a few times a second, or nobody could read them.

import { claim } from "./faces.js";
import { clock, percent } from "./format.js";

const FIGURES_MS = 200;
const MOST_FACES = 8;
const HOLD_S = 2; // a result speaks for the time until the next, and never longer

const LINES = ["30s", "60s", "cumulative", "instant"];
const one = (value) => (value === null || value === undefined ? "–" : value.toFixed(1));
const whole = (value) => (value === null ? "–" : Math.round(value).toString());

export class Panel {
  constructor(page, emotions) {
    this.get = (id) => page.querySelector(`#${id}`);
    this.emotions = emotions;
    this.rows = [...page.querySelectorAll("#shares li")].map((row) => ({
      bar: row.querySelector("progress"),
      share: row.querySelector(".num"),
    }));
    this.outputs = Object.fromEntries(LINES.map((name) => [name, page.querySelector(`[data-line="${name}"]`)]));
    this.figures_ms = -Infinity;
    this.measured_s = 0;
    this.until_s = null;
  }

  // Of each result: `read` is {rate, p50, p95} in results a second and milliseconds.
  show(message, environment, read, count, { settled = false } = {}) {
    this.measure(message.t_s);
    const used = message.faces.filter((face) => face.left_out === 0);
    const shares = this.emotions.map((_, index) =>
      used.length ? used.reduce((sum, face) => sum + face.p[index], 0) / used.length : null,
    );
    this.rows.forEach(({ bar }, index) => {
      bar.value = shares[index] ?? 0;
    });
    const now_ms = performance.now();
    this.last = [message, environment, read, count];
    if (!settled && now_ms - this.figures_ms < FIGURES_MS) return;
    this.figures_ms = now_ms;
    this.rows.forEach(({ share }, index) => {
      share.textContent = shares[index] === null ? "–" : percent(shares[index]);
    });
    this.faces(message.faces, used.length);
    this.outputs.instant.textContent = one(message.engagement?.[environment]);
    this.keeping(message, read, count);
  }

  // Reading begins or ends for now: what passes until the next result was not measured. Where no more results come, the
  // figures are those of the last one, like the bars and the picture.
  turn(isReading) {
    this.until_s = null;
    if (!isReading && this.last) this.show(...this.last, { settled: true });
  }

  // The clock of the recording goes on in a pause, so that its gap is seen; what was measured is the time between results
  // that belong together: a page that is not looked at, or whose camera changes, gets none for a while.
  measure(t_s) {
    if (this.until_s !== null) this.measured_s += Math.min(HOLD_S, Math.max(0, t_s - this.until_s));
    this.until_s = t_s;
  }

  faces(faces, used) {
    const apart = faces.length - used;
    const found = faces.length === 1 ? "1 face" : `${faces.length} faces`;
    this.get("found").textContent = faces.length ? found + (apart ? `, ${apart} left out` : "") : "No face found";
    const shown = faces.slice(0, MOST_FACES);
    const list = this.get("faces");
    while (list.children.length > shown.length) list.lastChild.remove();
    while (list.children.length < shown.length) list.append(chip());
    shown.forEach((face, index) => this.face(list.children[index], face));
  }

  face(item, face) {
    const said = face.left_out ? { name: "left out", index: -1 } : claim(face, this.emotions);
    item.firstChild.dataset.expression = said.index < 0 ? "left-out" : said.name.toLowerCase();
    item.lastChild.textContent = `Face ${face.id}: ${said.name}${face.left_out ? "" : ` ${percent(said.share)}`}`;
  }

  keeping({ dropped }, { rate, p50, p95 }, count) {
    this.get("rate").textContent = rate ? rate.toFixed(1) : "–";
    this.get("p50").textContent = whole(p50);
    this.get("p95").textContent = whole(p95);
    this.get("dropped").textContent = dropped;
    this.get("elapsed").textContent = clock(this.measured_s);
    this.get("count").textContent = count;
  }

  // The rolling values of the chosen environment, about twice a second.
  lines(values) {
    for (const name of LINES) if (name !== "instant") this.outputs[name].textContent = one(values?.[name]);
    const score = values?.["30s"] ?? null;
    this.get("score").textContent = one(score);
    this.gauge(score, values?.low ?? null, values?.high ?? null);
  }

  gauge(score, low, high) {
    const gauge = this.get("gauge");
    const share = (value) => `${(((value - 1) / 4) * 100).toFixed(2)}%`;
    gauge.querySelector(".gauge-mark").hidden = score === null;
    gauge.querySelector(".gauge-band").hidden = low === null;
    gauge.setAttribute("aria-valuetext", score === null ? "not known" : `${one(score)} of 5, 95 % interval ${one(low)} to ${one(high)}`);
    if (score !== null) gauge.setAttribute("aria-valuenow", score.toFixed(2));
    gauge.ariaHidden = String(score === null); // a meter has a value; without one the sentence below says so
    gauge.style.setProperty("--at", share(score ?? 1));
    gauge.style.setProperty("--from", share(low ?? 1));
    gauge.style.setProperty("--to", `${(((5 - (high ?? 5)) / 4) * 100).toFixed(2)}%`);
    this.get("band").textContent =
      score === null ? "No score: too few faces could be read." : `95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}`;
  }
}

const chip = () => {
  const item = document.createElement("li");
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  item.append(swatch, document.createTextNode(""));
  return item;
};
