"""Whether stretches of a series differ from the rest of it by more than the series swings anyway.

Knows a series of equally weighted cells, stretches of it at several lags, and chance. Refuses to know what the numbers
stand for, and calls nothing different that a slow course or a long memory of the series explains.

The null hypothesis is that where the stretches lie has nothing to do with the series. Neighbouring cells resemble each
other, so cells are never shuffled: blocks of `BLOCK_S` are, on a ring that is first turned by chance (Good 2005,
*Permutation, Parametric and Bootstrap Tests of Hypotheses*; blocks: Künsch 1989, Ann. Statist. 17, 1217). Three things
keep that honest:

- Blocks cut whatever lasts longer than they do, and shuffled means then vary too little. So a stretch's difference is
  divided by how widely windows of its own length differ under the circular shifts that keep clear of it, where the
  memory of the series is whole; every shuffled series is measured by its own windows in the same way. What is compared
  hardly depends on the scale, the idea of studentised permutation (Janssen 1997; Chung & Romano 2013).
- The slow course is taken out before anything else: all cosines longer than `SLOW_S` and than `SLOW_LENGTHS` times the
  longest stretch. A session that sags over half an hour does not make every late paragraph a low one.
- The lag is chosen once for all stretches, where the fourth powers of their values add up to the most: one that stands
  out says more about the lag than many that swing by chance. Each shuffled series chooses its own best lag, so the p of
  the lag and the p of every stretch are paid for the choice (the maximum statistic: Westfall & Young 1993). A lag whose
  p is above `LEVEL` is not used, neither there nor here: the first lag is.

p-values are two-sided and pooled over the stretches of all shuffled series, which is what lets a few hundred draws say
something about two hundred paragraphs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

BLOCK_S: Final = 4.0
"""Expressions last from half a second to four (Ekman 2003)."""
MIN_BLOCKS: Final = 8
SLOW_S: Final = 180.0
SLOW_LENGTHS: Final = 6
DRAWS: Final = 400
LEVEL: Final = 0.05
EXPONENT: Final = 4  # of what adds up to the evidence for a lag
MIN_CELLS: Final = 3
WINDOWS: Final = 400
LENGTHS: Final = 6
"""Windows are measured at this many lengths; a stretch takes those of the nearest."""
CHUNK_CELLS: Final = 1_000_000
MEAN_TO_STANDARD_DEVIATION: Final = float(np.sqrt(np.pi / 2))
FLAT: Final = 1e-6
"""Less than this share of the series, or of its own spread, is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """P stretches at L lags as ranges of the cells, and which of them are to be tested."""

    start: Rows  # (P, L)
    stop: Rows  # (P, L)
    tested: NDArray[np.bool_]  # (P, L)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """`lag` is a column of the stretches; `differences` are those of the levelled series at it."""

    lag: int
    lag_p: float
    differences: Floats  # (P,)
    p: Floats  # (P,) NaN where a stretch is not tested at that lag


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """What every draw shares: where the stretches lie, and which windows each is measured by."""

    start: Rows  # (P, L)
    stop: Rows  # (P, L)
    length: Rows  # (P, L)
    tested: NDArray[np.bool_]  # (P, L)
    window_lengths: Rows  # (R,)
    nearest: Rows  # (P, L) row of window_lengths


def permuted(series: Floats, cell_s: float, stretches: Stretches, seed: int) -> Outcome | None:
    """None where too little was seen, or no stretch leaves enough of a rest, to say anything."""
    count, block = len(series), max(round(BLOCK_S / cell_s), 1)
    layout = _layout(stretches, count)
    if count < MIN_BLOCKS * block or not layout.tested.any():
        return None
    longest_s = float(layout.length[layout.tested].max()) * cell_s
    levelled = _levelled(series, count * cell_s, max(SLOW_S, SLOW_LENGTHS * longest_s))
    values = _values(levelled[None], layout)[0]  # (P, L)
    shuffled = _shuffled_values(levelled, block, layout, np.random.default_rng(seed))
    lag, lag_p, null = _chosen(values, shuffled)
    return Outcome(
        lag=lag,
        lag_p=lag_p,
        differences=values[:, lag],
        p=np.where(layout.tested[:, lag], _share_above(null[:, layout.tested[:, lag]], values[:, lag]), np.nan),
    )


def adjusted(p: Floats) -> Floats:
    """Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289: the false discovery rate at which each is called."""
    order = np.argsort(p)
    steps = p[order] * (len(p) / np.arange(1, len(p) + 1))
    found = np.empty_like(p)
    found[order] = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1.0)
    return found


def _layout(stretches: Stretches, count: int) -> _Layout:
    length = stretches.stop - stretches.start
    tested = stretches.tested & (length >= MIN_CELLS) & (length <= count // 2)
    inside = length[tested] if tested.any() else np.array([1])
    windows = np.unique(np.geomspace(inside.min(), inside.max(), LENGTHS).round().astype(np.int64))
    length = np.where(tested, length, windows[0])
    nearest = np.abs(np.log(length)[..., None] - np.log(windows)).argmin(axis=-1)
    return _Layout(stretches.start, stretches.stop, length, tested, windows, nearest)


def _levelled(series: Floats, duration_s: float, slow_s: float) -> Floats:
    """The series without its mean and without the cosines whose period is `slow_s` or more."""
    count = len(series)
    order = np.arange(1, int(2 * duration_s / slow_s) + 1)
    cosines = np.sqrt(2 / count) * np.cos(np.pi * np.outer(order, np.arange(count) + 0.5) / count)
    level = series - series.mean()
    if level.std() <= FLAT * np.abs(series).max():
        return np.zeros(count)
    # Not @, whose threads wait for each other where cores are busy.
    return np.asarray(level - np.einsum("k,kn->n", np.einsum("kn,n->k", cosines, level), cosines))


def _shuffled_values(series: Floats, block: int, layout: _Layout, rng: np.random.Generator) -> Floats:
    chunk = max(CHUNK_CELLS // len(series), 1)
    draws = [min(chunk, DRAWS - done) for done in range(0, DRAWS, chunk)]
    return np.concatenate([_values(_shuffled(series, block, draw, rng), layout) for draw in draws])


def _shuffled(series: Floats, block: int, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, N): the ring turned by chance, cut into equal blocks, and these put in any order."""
    count = len(series)
    edges = np.arange(blocks + 1) * count // blocks if (blocks := round(count / block)) else np.array([0, count])
    order = rng.permuted(np.tile(np.arange(len(edges) - 1), (draws, 1)), axis=1)
    lengths = np.diff(edges)[order]
    moves = edges[order] - (np.cumsum(lengths, axis=1) - lengths)
    rows = np.repeat(moves.ravel(), lengths.ravel()).reshape(draws, count) + np.arange(count)
    return np.asarray(np.concatenate([series, series])[rows + rng.integers(0, count, (draws, 1))])


def _values(series: Floats, layout: _Layout) -> Floats:
    """Studentised differences (B, P, L) of series (B, N) with mean 0; 0 where a stretch is not tested."""
    sums = _sums(series)
    count = series.shape[1]
    weight = count / (layout.length * (count - layout.length))  # a sum of deviations -> mean inside less mean outside
    difference = (sums[:, layout.stop] - sums[:, layout.start]) * weight
    floor = FLAT * series.std(axis=1)[:, None, None]
    spread = np.maximum(_spread(sums, layout), floor)
    reliable = layout.tested & (spread > 0)
    return np.where(reliable, difference / np.where(reliable, spread, 1.0), 0.0)


def _spread(sums: Floats, layout: _Layout) -> Floats:
    """How widely windows as long as each stretch, and clear of it, differ from their rest (B, P, L)."""
    count = sums.shape[1] - 1
    windows = min(WINDOWS, count)
    first = np.arange(windows) * count // windows
    spread = np.empty((len(sums), *layout.length.shape))
    for row, length in enumerate(layout.window_lengths):
        size = np.abs(sums[:, (first + length) % count] - sums[:, first]) * (count / (length * (count - length)))
        totals = _sums(np.concatenate([size, size], axis=1))
        at = layout.nearest == row
        after, before = _clear(layout.start[at], layout.stop[at], int(length), count, windows)
        mean = (totals[:, before] - totals[:, after]) / (before - after)
        spread[:, at] = mean * np.sqrt(length / layout.length[at]) * MEAN_TO_STANDARD_DEVIATION
    return spread


def _clear(start: Rows, stop: Rows, length: int, count: int, windows: int) -> tuple[Rows, Rows]:
    """Windows (of two turns of the ring) that do not touch a stretch, but at least half of them all."""
    low, high = start - length + 1, stop
    surplus = np.maximum(high - low - count // 2, 0)
    low, high = low + surplus // 2, high - (surplus - surplus // 2)
    first = -(-(low % count) * windows // count)
    return first + (high - low) * windows // count, first + windows


def _chosen(values: Floats, shuffled: Floats) -> tuple[int, float, Floats]:
    """The lag, its p, and the null values (B, P), each at the lag that its own series chose."""
    stands_out, chance = np.power(values, EXPONENT).sum(axis=0), np.power(shuffled, EXPONENT).sum(axis=1)
    best = chance.max(axis=1)
    p = float(_share_above(best, stands_out.max(keepdims=True))[0])
    supported = _share_above(best, best) <= LEVEL
    lags = np.where(supported, chance.argmax(axis=1), 0)
    null = shuffled[np.arange(len(shuffled)), :, lags]
    return int(stands_out.argmax()) if p <= LEVEL else 0, p, null


def _share_above(null: Floats, values: Floats) -> Floats:
    """Share of |null| at or above each |value|, the value itself counted, so that no p is ever 0."""
    ordered = np.sort(np.abs(null), axis=None)
    above = len(ordered) - np.searchsorted(ordered, np.abs(values), side="left")
    return np.asarray((1 + above) / (1 + len(ordered)))


def _sums(terms: Floats) -> Floats:
    return np.concatenate([np.zeros((len(terms), 1)), np.cumsum(terms, axis=1)], axis=1)
