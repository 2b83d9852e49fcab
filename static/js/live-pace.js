// How fast results come, and what to send so that they keep coming. Pure: numbers in, numbers out.

const SLOW_MS = 250;
const QUICK_MS = 120;
const WINDOW_MS = 10_000;
const FEW = 5;
const STEP_DOWN_MS = 1500; // between two steps: what was changed needs time to show
const STEP_UP_MS = 8000;

// From full to least: longer side in pixels, quality of the JPEG, least time between two frames.
const STEPS = [
  { px: 640, quality: 0.75, gap_ms: 0 },
  { px: 480, quality: 0.7, gap_ms: 0 },
  { px: 320, quality: 0.65, gap_ms: 0 },
  { px: 320, quality: 0.6, gap_ms: 250 },
  { px: 240, quality: 0.55, gap_ms: 500 },
];

const quantile = (values, share) => {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
};

export class Pace {
  constructor() {
    this.trips = []; // {at_ms, ms}
    this.level = 0;
    this.changed_ms = 0;
  }

  get step() {
    return STEPS[this.level];
  }

  // What a picture of that size is sent as, with no side longer than `most_px` either.
  size(width, height, most_px) {
    const scale = Math.min(1, Math.min(this.step.px, most_px) / Math.max(width, height));
    return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  }

  // A result came, or after `ms` none has.
  add(at_ms, ms) {
    this.trips.push({ at_ms, ms });
    while (this.trips.length && this.trips[0].at_ms < at_ms - WINDOW_MS) this.trips.shift();
    this.adapt(at_ms);
  }

  adapt(at_ms) {
    const since = this.trips.filter((trip) => trip.at_ms > this.changed_ms).map((trip) => trip.ms);
    if (since.length < FEW) return;
    const passed_ms = at_ms - this.changed_ms;
    const usual_ms = quantile(since.slice(-20), 0.5);
    if (usual_ms > SLOW_MS && passed_ms > STEP_DOWN_MS) this.to(this.level + 1, at_ms);
    else if (usual_ms < QUICK_MS && passed_ms > STEP_UP_MS) this.to(this.level - 1, at_ms);
  }

  to(level, at_ms) {
    this.level = Math.max(0, Math.min(STEPS.length - 1, level));
    this.changed_ms = at_ms;
  }

  // A frame did not fit into a message.
  tooLarge(at_ms) {
    this.to(this.level + 1, at_ms);
  }

  read(at_ms) {
    const recent = this.trips.filter((trip) => trip.at_ms > at_ms - WINDOW_MS);
    const times = recent.map((trip) => trip.ms);
    const span_s = recent.length > 1 ? (recent.at(-1).at_ms - recent[0].at_ms) / 1000 : 0;
    return { rate: span_s ? (recent.length - 1) / span_s : 0, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
  }
}
