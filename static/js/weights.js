// Scores, their order and how firm that order is, from shares and values: the arithmetic of analytics/laboratory.py, which
// has the formulas and their sources. Knows no page.

const TIED = 1e-9;
const LIKELY = 0.95;
const MIN_SEGMENTS = 3;
const SLICE_MS = 10;
const COLUMNS = 6; // a time and five shares

export const score = (shares, values) => shares.reduce((sum, share, column) => sum + share * values[column], 0);

// A table of single-precision rows (t_s, five shares): its times, and a way to its scores; NaN where there is a gap.
export const table = (base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const numbers = new Float32Array(bytes.buffer);
  const count = numbers.length / COLUMNS;
  const times = Float64Array.from({ length: count }, (_, row) => numbers[row * COLUMNS]);
  const scores = (values) =>
    Float64Array.from({ length: count }, (_, row) => {
      let sum = 0;
      for (let column = 1; column < COLUMNS; column += 1) sum += numbers[row * COLUMNS + column] * values[column - 1];
      return sum;
    });
  return { times, scores };
};

const sign = (difference) => (difference > TIED ? 1 : difference < -TIED ? -1 : 0);

const pairSigns = (scores) => {
  const signs = new Int8Array((scores.length * (scores.length - 1)) / 2);
  let pair = 0;
  for (let one = 0; one < scores.length; one += 1) {
    for (let other = one + 1; other < scores.length; other += 1) signs[pair++] = sign(scores[one] - scores[other]);
  }
  return signs;
};

const tauOfSigns = (one, other) => {
  let agreement = 0;
  let firsts = 0;
  let seconds = 0;
  for (let pair = 0; pair < one.length; pair += 1) {
    agreement += one[pair] * other[pair];
    firsts += one[pair] !== 0;
    seconds += other[pair] !== 0;
  }
  return firsts && seconds ? agreement / Math.sqrt(firsts * seconds) : null;
};

export const tauB = (one, other) => tauOfSigns(pairSigns(one), pairSigns(other));

function* mulberry32(state) {
  for (;;) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

const corners = (width) => Array.from({ length: 2 ** width }, (_, row) => Array.from({ length: width }, (_, bit) => ((row >> bit) & 1 ? 1 : -1)));

const draws = (count, width, seed) => {
  const numbers = mulberry32(seed);
  return Array.from({ length: count }, () => Array.from({ length: width }, () => 2 * numbers.next().value - 1));
};

const changed = (values, by, change, [lowest, highest]) =>
  values.map((value, column) => Math.min(highest, Math.max(lowest, value * (1 + change * by[column]))));

const pause = () => new Promise((resolve) => setTimeout(resolve));

// Resolves to { likely, corner }, or to null where there is no order to speak of. Gives way to the page every few
// milliseconds and rejects when `signal` is aborted.
export const firmness = async (shares, values, { change, count, seed, scale }, signal) => {
  const scores = (weights) => shares.map((row) => score(row, weights));
  const before = pairSigns(scores(values));
  if (shares.length < MIN_SEGMENTS || !before.some(Boolean)) return null;
  let until = performance.now() + SLICE_MS;
  const agreements = async (boxes) => {
    const found = [];
    for (const by of boxes) {
      found.push(tauOfSigns(before, pairSigns(scores(changed(values, by, change, scale)))) ?? 0);
      if (performance.now() < until) continue;
      await pause();
      signal?.throwIfAborted();
      until = performance.now() + SLICE_MS;
    }
    return found;
  };
  const sorted = (await agreements(draws(count, values.length, seed))).sort((one, other) => one - other);
  const corner = Math.min(...(await agreements(corners(values.length))));
  return { likely: sorted[Math.round(count * (1 - LIKELY))], corner };
};

// Places from 1 on, the highest score first; ties share a place. Null for what has no score.
export const ranks = (scores) =>
  scores.map((mine) => (mine === null ? null : 1 + scores.filter((other) => other !== null && other - mine > TIED).length));
