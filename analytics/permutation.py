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
- The lag is chosen once for all stretches, where the evidence for it adds up to the most. A stretch adds the square of
  its value times how far its mean lies, on the same side, from that of the 4 s before and after it: one that stands out
  says more about the lag than many that swing by chance, and where it begins and ends says the most. Each shuffled
  series chooses its own best lag, so the p of the lag and the p of every stretch are paid for the choice (the maximum
  statistic: Westfall & Young 1993). A lag whose p is above `LEVEL` is not used, neither there nor here: the first is.
- Shuffled blocks hold nothing that lasts as long as a stretch. A series that does, wherever it lies, is unlike all of
  them, and that is no evidence for a lag. So a lag must also add up to more than elsewhere: the same stretches are laid
  on the unshuffled ring at all its turns, as far apart as the lags reach, and each takes the best of its lags (a random
  shift on a torus: Lotwick & Silverman 1982, J. R. Stat. Soc. B 44, 406). The p of the lag is the larger of the two.

p-values are two-sided and pooled over the stretches of all shuffled series, which is what lets a few hundred draws say
something about two hundred paragraphs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
MIN_CELLS: Final = 3
WINDOWS: Final = 400
LENGTHS: Final = 6
"""Windows are measured at this many lengths; a stretch takes those of the nearest."""
TURNS: Final = 400
"""At most so many turns of the ring say where else a lag would be found."""
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
    side: int  # cells before and after a stretch that its own are held against


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """The stretches on B series: what each differs by, and what they say together for each lag."""

    values: Floats  # (B, P, L) studentised differences; 0 where a stretch is not tested
    evidence: Floats  # (B, L)


def permuted(series: Floats, cell_s: float, stretches: Stretches, seed: int) -> Outcome | None:
    """None where too little was seen, or no stretch leaves enough of a rest, to say anything."""
    count, block = len(series), max(round(BLOCK_S / cell_s), 1)
    layout = _layout(stretches, count, block)
    if count < MIN_BLOCKS * block or not layout.tested.any():
        return None
    longest_s = float(layout.length[layout.tested].max()) * cell_s
    levelled = _levelled(series, count * cell_s, max(SLOW_S, SLOW_LENGTHS * longest_s))
    laid = _laid(levelled[None], layout)
    shuffled = _laid_on_shuffled(levelled, block, layout, np.random.default_rng(seed))
    lag, lag_p, null = _chosen(laid, shuffled, _laid_elsewhere(levelled, layout))
    tested, values = layout.tested[:, lag], laid.values[0, :, lag]
    return Outcome(
        lag=lag,
        lag_p=lag_p,
        differences=values,
        p=np.where(tested, _share_above(null[:, tested], values), np.nan),
    )


def adjusted(p: Floats) -> Floats:
    """Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289: the false discovery rate at which each is called."""
    order = np.argsort(p)
    steps = p[order] * (len(p) / np.arange(1, len(p) + 1))
    found = np.empty_like(p)
    found[order] = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1.0)
    return found


def _layout(stretches: Stretches, count: int, side: int) -> _Layout:
    length = stretches.stop - stretches.start
    tested = stretches.tested & (length >= MIN_CELLS) & (length <= count // 2)
    inside = length[tested] if tested.any() else np.array([1])
    windows = np.unique(np.geomspace(inside.min(), inside.max(), LENGTHS).round().astype(np.int64))
    length = np.where(tested, length, windows[0])
    nearest = np.abs(np.log(length)[..., None] - np.log(windows)).argmin(axis=-1)
    return _Layout(stretches.start, stretches.stop, length, tested, windows, nearest, side)


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


def _laid_on_shuffled(series: Floats, block: int, layout: _Layout, rng: np.random.Generator) -> _Laid:
    chunk = max(CHUNK_CELLS // len(series), 1)
    draws = [min(chunk, DRAWS - done) for done in range(0, DRAWS, chunk)]
    parts = [_laid(_shuffled(series, block, draw, rng), layout) for draw in draws]
    return _Laid(np.concatenate([part.values for part in parts]), np.concatenate([part.evidence for part in parts]))


def _shuffled(series: Floats, block: int, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, N): the ring turned by chance, cut into equal blocks, and these put in any order."""
    count = len(series)
    edges = np.arange(blocks + 1) * count // blocks if (blocks := round(count / block)) else np.array([0, count])
    order = rng.permuted(np.tile(np.arange(len(edges) - 1), (draws, 1)), axis=1)
    lengths = np.diff(edges)[order]
    moves = edges[order] - (np.cumsum(lengths, axis=1) - lengths)
    rows = np.repeat(moves.ravel(), lengths.ravel()).reshape(draws, count) + np.arange(count)
    return np.asarray(np.concatenate([series, series])[rows + rng.integers(0, count, (draws, 1))])


def _laid_elsewhere(series: Floats, layout: _Layout) -> Floats:
    """Evidence (K, L) at turns of the ring that share no lag with each other; the first is none."""
    count, (stretches, lags) = len(series), layout.start.shape
    reach = int(np.ptp(layout.start, axis=1).max()) + 1
    turns = min(max(count // reach, 1), TURNS)
    by = np.repeat(np.arange(turns) * count // turns, stretches)[:, None]
    row = np.tile(np.arange(stretches), turns)
    turned = replace(
        layout,
        start=layout.start[row] + by,
        stop=layout.stop[row] + by,
        length=layout.length[row],
        tested=layout.tested[row],
        nearest=layout.nearest[row],
    )
    sums = _sums(series[None])
    each = _evidence(_values(sums, turned), sums, turned)
    return np.asarray(each.reshape(turns, stretches, lags).sum(axis=1))


def _laid(series: Floats, layout: _Layout) -> _Laid:
    """On series (B, N) with mean 0."""
    sums = _sums(series)
    values = _values(sums, layout)
    return _Laid(values, _evidence(values, sums, layout).sum(axis=1))


def _values(sums: Floats, layout: _Layout) -> Floats:
    """Studentised differences (B, P, L) of running sums (B, N + 1) that end at 0; 0 where a stretch is not tested."""
    count = sums.shape[1] - 1
    weight = count / (layout.length * (count - layout.length))  # a sum of deviations -> mean inside less mean outside
    difference = _inside(sums, layout.start, layout.stop) * weight
    floor = FLAT * np.diff(sums, axis=1).std(axis=1)[:, None, None]
    spread = np.maximum(_spread(sums, layout), floor)
    reliable = layout.tested & (spread > 0)
    return np.where(reliable, difference / np.where(reliable, spread, 1.0), 0.0)


def _evidence(values: Floats, sums: Floats, layout: _Layout) -> Floats:
    """What each stretch (B, P, L) adds to that for a lag."""
    start, stop, side = layout.start, layout.stop, layout.side
    around = _inside(sums, start - side, start) + _inside(sums, stop, stop + side)
    apart = _inside(sums, start, stop) / layout.length - around / (2 * side)
    return np.square(np.maximum(values * apart, 0.0))


def _inside(sums: Floats, start: Rows, stop: Rows) -> Floats:
    """Sums (B, P, L) of the ring's cells start to stop; all of it adds up to 0."""
    count = sums.shape[1] - 1
    return np.asarray(sums[:, stop % count] - sums[:, start % count])


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


def _chosen(laid: _Laid, shuffled: _Laid, elsewhere: Floats) -> tuple[int, float, Floats]:
    """The lag, its p, and the null values (B, P), each at the lag that its own series chose."""
    best = shuffled.evidence.max(axis=1)
    by_chance = float(_share_above(best, laid.evidence.max(axis=1))[0])
    p = max(by_chance, float(np.mean(elsewhere.max(axis=1) >= elsewhere[0].max())))
    lags = np.where(_share_above(best, best) <= LEVEL, shuffled.evidence.argmax(axis=1), 0)
    null = shuffled.values[np.arange(len(lags)), :, lags]
    return int(laid.evidence.argmax()) if p <= LEVEL else 0, p, null


def _share_above(null: Floats, values: Floats) -> Floats:
    """Share of |null| at or above each |value|, the value itself counted, so that no p is ever 0."""
    ordered = np.sort(np.abs(null), axis=None)
    above = len(ordered) - np.searchsorted(ordered, np.abs(values), side="left")
    return np.asarray((1 + above) / (1 + len(ordered)))


def _sums(terms: Floats) -> Floats:
    return np.concatenate([np.zeros((len(terms), 1)), np.cumsum(terms, axis=1)], axis=1)
