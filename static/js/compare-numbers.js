// Two results to what is said of them: the difference with its interval, and what they were made with. Pure.

import { rowAt } from "./rows.js";

const SHORT = 12;
const LONGEST_S = 2;
const TICK_S = 1e-6;

// 95 % interval of B less A from those of both, as of independent estimates (MOVER, Zou & Donner 2008).
export const difference = (a, b) => {
  const value = b.score - a.score;
  return {
    value,
    low: value - Math.hypot(b.score - b.low, a.high - a.score),
    high: value + Math.hypot(b.high - b.score, a.score - a.low),
  };
};

export const verdict = ({ value, low, high }) => {
  if (low <= 0 && high >= 0) return "The interval holds 0: the two cannot be told apart.";
  return `${value > 0 ? "B" : "A"} is higher, and the interval leaves out 0.`;
};

// Two intervals of the same faces are not independent, so nothing is said of their difference's.
export const isSame = (a, b) => Boolean(a.sha256) && a.sha256 === b.sha256;

export const SAME = "These are the same recording: whatever differs comes from how it was read, not from the audience.";

const number = (value) => (value === null || value === undefined ? "–" : String(value));
const share = (value) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(0)} %`);
const pace = ({ frames_analysed: count, first_s, last_s }) => (last_s > first_s ? ((count - 1) / (last_s - first_s)).toFixed(1) : "–");
const values = (result, environment) => Object.entries(result.environments[environment]?.values ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
const settings = ({ result, settings: own }) => own ?? result.settings ?? {};

// What must be said of a score that rests on less than the lines over time need for a value; "" where it rests on enough.
export const aboutFloor = (side, { engagement, coverage, readings_used: count, settings: own }) => {
  const { min_coverage: least = 0, min_instants: fewest = 0 } = own ?? {};
  if (!Object.values(engagement).some(Boolean) || (coverage >= least && count >= fewest)) return "";
  const percent = coverage > 0 && coverage < 0.005 ? "under 1" : Math.floor(1000 * coverage) / 10;
  return `${side} rests on ${count} reading${count === 1 ? "" : "s"} and ${percent} % of the time; its lines need ${fewest} and ${Math.round(100 * least)} %.`;
};

// [words, A, B, whether scores stop being comparable where it differs]
export const rows = (a, b, environment) => [
  ["Version", ...[a, b].map(({ result }) => result.version), false],
  ["Network", ...[a, b].map(({ result }) => `${result.model.name} ${result.model.sha256.slice(0, SHORT)}`), true],
  ["Ran on", ...[a, b].map(({ result }) => result.model.backend), false],
  ["Worth of expressions", ...[a, b].map(({ result }) => values(result, environment)), true],
  ["Most readings a second", ...[a, b].map((each) => number(settings(each).analysis_fps)), true],
  ["Windows", ...[a, b].map((each) => Object.values(settings(each).windows_s ?? {}).map((window_s) => `${window_s} s`).join(", ") || "–"), true],
  ["Coverage floor", ...[a, b].map((each) => share(settings(each).min_coverage)), true],
  ["Least readings in a window", ...[a, b].map((each) => number(settings(each).min_instants)), true],
  ["Readings a second, measured", ...[a, b].map(({ result }) => pace(result.recording)), null],
  ["Time with a readable face", ...[a, b].map(({ result }) => share(result.coverage)), null],
  ["Faces at once, at most", ...[a, b].map(({ result }) => number(result.peak_faces)), null],
  ["Digest checked", ...[a, b].map((each) => (each.checked ? "yes" : "no")), null],
];

const stepsOf = (points) => points.slice(1).map(([t_s], row) => t_s - points[row][0]);

// For how long a reading speaks: the rule of the results page (analytics/timeline.py).
export const holdOf = (points, longest_s = LONGEST_S) => {
  const steps = stepsOf(points).sort((a, b) => a - b);
  return Math.max(longest_s, 2 * (steps[Math.floor(steps.length / 2)] ?? 0));
};

// The points of a line with one more, without a value, where nothing was read for longer than a reading speaks.
export const broken = (points, hold_s) => {
  const steps = stepsOf(points);
  return points.flatMap((point, row) => (steps[row] > hold_s + TICK_S ? [point, [point[0] + hold_s, null]] : [point]));
};

// The line's last value at or before t_s; null where there is none.
export const valueAt = (times, line, t_s) => line[rowAt(times, t_s)] ?? null;
