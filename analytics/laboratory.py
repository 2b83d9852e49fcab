"""What a recording's scores would be if expressions were worth something else, and how much of them hangs on that.

Knows shares and values. Refuses to know where a set of values comes from; nothing here is kept. A page gets the shares
once (`bench`) and recomputes every score in the browser, static/js/weights.js with the same arithmetic; both agree
within 1e-6, which is what single precision leaves of a share.

The values in environments.yml are judgements, so the question is which findings outlive another judge. A score moves
with the values by design; what should not move much is the order of the segments, "here they were with you more than
there". `firmness` changes every value at once by up to `CHANGE` of itself, held inside the scale, and compares the
order before and after by Kendall's tau-b (Kendall 1945, The treatment of ties in ranking problems, Biometrika 33, 239):

    tau_b = (agreeing pairs - opposed pairs) / sqrt(pairs not tied before * pairs not tied after)

1 is the same order, 0 no agreement, -1 the opposite. `likely` is the tau that 95 % of `DRAWS` changes reach, drawn
evenly and from a fixed seed (mulberry32, which is the same in both languages); `corner` is the lowest of the 32 corners
of the box, where every value is changed by all of `CHANGE`. Neither says anything of the network's mistakes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analytics import correlate, explain, timeline
from analytics.charts import MAX_POINTS
from analytics.reduction import every
from analytics.scoring import HIGHEST, LOWEST, Environment
from analytics.timeline import Floats, Instants
from emotion_ml.labels import EMOTIONS

SEGMENT_S: Final = 30.0
MIN_SEGMENT_S: Final = 15.0
"""What is left at the end is a segment of its own only from here on."""
MAX_READINGS: Final = 3600
"""A longer series is sent as means of as few neighbouring readings as possible."""
WINDOW: Final = "30s"

CHANGE: Final = 0.2
DRAWS: Final = 500
SEED: Final = 20
LIKELY: Final = 0.95
TIED: Final = 1e-9
"""Scores closer than this are the same: equal values make equal scores, but for the last digits of their sums."""
MIN_SEGMENTS: Final = 3

Singles = NDArray[np.float32]
Places = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Segment:
    """`shares` is None where too little was seen. A paragraph's faces are those of `lag_s` later."""

    start_s: float
    end_s: float
    shares: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """All that scores are made of. Tables have a row (t_s, five shares) each, NaN shares where there is a gap."""

    overall: tuple[float, ...]
    kind: Literal["paragraphs", "segments"]
    lag_s: float
    segments: tuple[Segment, ...]
    readings: Singles  # (R, 6) R <= MAX_READINGS, holes aside
    count: int  # of neighbouring readings that a row of them is the mean of
    rolling: Singles  # (W, 6) the points of the 30-second line as they are drawn


@dataclass(frozen=True, slots=True)
class Firmness:
    """How much of an order is left when the values change."""

    likely: float
    corner: float


def bench(
    instants: Instants, spans: Sequence[tuple[float, float]], environment: Environment, analysed_s: float
) -> Bench | None:
    """`spans` are the transcript's paragraphs, if there are any; None without a used face."""
    overall = instants.distribution
    if overall is None:
        return None
    lag_s, segments = (
        _paragraphs(instants, spans, environment, analysed_s) if spans else (0.0, _equal(instants, analysed_s))
    )
    count = -(-len(instants.times) // MAX_READINGS)
    return Bench(
        overall=tuple(overall.tolist()),
        kind="paragraphs" if spans else "segments",
        lag_s=lag_s,
        segments=tuple(segments),
        readings=_readings(instants, analysed_s, count),
        count=count,
        rolling=_rolling(instants, analysed_s),
    )


def _paragraphs(
    instants: Instants, spans: Sequence[tuple[float, float]], environment: Environment, analysed_s: float
) -> tuple[float, list[Segment]]:
    found = correlate.compare(instants, spans, environment, analysed_s=analysed_s)
    return found.lag_s, [Segment(each.start_s, each.end_s, each.distribution) for each in found.comparisons]


def _equal(instants: Instants, analysed_s: float) -> list[Segment]:
    edges = np.arange(0, max(analysed_s - MIN_SEGMENT_S, 0.0) + 1e-9, SEGMENT_S).tolist()
    ends = [*edges[1:], analysed_s]
    return [
        Segment(start_s, end_s, _shares(instants, start_s, end_s)) for start_s, end_s in zip(edges, ends, strict=True)
    ]


def _shares(instants: Instants, start_s: float, end_s: float) -> tuple[float, ...] | None:
    stretch = explain.span(instants, start_s, end_s)
    if not stretch.shown:
        return None
    shares = instants.probabilities[stretch.first : stretch.last]
    return tuple(np.nanmean(shares, axis=0).tolist())


def _readings(instants: Instants, end_s: float, count: int) -> Singles:
    """Means of `count` neighbours. A hole is a row of its own, and no mean reaches over it."""
    axis = timeline.axis(instants.times, end_s)
    shares, holes = axis.over(instants.probabilities), np.flatnonzero(axis.holes)
    starts = np.unique(np.r_[np.arange(0, len(shares), count), holes, holes + 1])
    starts = starts[starts < len(shares)]
    used = np.isfinite(shares[:, 0])
    sums = np.add.reduceat(np.where(used[:, None], shares, 0.0), starts)
    seen = np.add.reduceat(used.astype(np.int64), starts)[:, None]
    means = np.where(seen > 0, sums / np.maximum(seen, 1), np.nan)
    return _table(np.add.reduceat(axis.times, starts) / np.diff(starts, append=len(shares)), means)


def _rolling(instants: Instants, end_s: float) -> Singles:
    axis = timeline.axis(instants.times, end_s)
    means = axis.over(timeline.rolling(instants, timeline.WINDOWS_S[WINDOW]))
    thinned = [every(axis.times, column, MAX_POINTS, axis.holes) for column in means.T]
    return _table(thinned[0][0], np.stack([values for _, values in thinned], axis=1))


def _table(times: Floats, shares: Floats) -> Singles:
    return np.column_stack([times, shares]).astype("<f4")


def tau_b(one: Floats, other: Floats) -> float | None:
    """Of two lists of scores (N,); None where either has no order at all."""
    tau = float(_tau_b(_places(one), [_places(other)])[0])
    return tau if np.isfinite(tau) else None


def firmness(shares: Floats, values: Sequence[float]) -> Firmness | None:
    """Of the order that `values` (5,) give segments with `shares` (N, 5); None where there is no order to speak of."""
    if len(shares) < MIN_SEGMENTS:
        return None
    before = _places(shares @ np.array(values))
    if not before.any():
        return None
    corners = changed(values, np.array(list(product((-1.0, 1.0), repeat=len(EMOTIONS)))))
    draws = changed(values, _evenly(DRAWS))
    likely = np.sort(_agreement(before, shares, draws))[round(DRAWS * (1 - LIKELY))]
    return Firmness(likely=float(likely), corner=float(_agreement(before, shares, corners).min()))


def changed(values: Sequence[float], by: Floats) -> Floats:
    """`values` changed by shares (..., 5) of CHANGE, inside the scale."""
    return np.clip(np.array(values) * (1 + CHANGE * by), LOWEST, HIGHEST)


def parse_values(words: str) -> tuple[float, ...]:
    """Five numbers on the scale, with commas between them, in the order of EMOTIONS. Raises ValueError."""
    try:
        values = tuple(float(word) for word in words.split(","))
    except ValueError:
        values = ()
    if len(values) != len(EMOTIONS) or not all(LOWEST <= value <= HIGHEST for value in values):
        raise ValueError(f"Give a value from {LOWEST:g} to {HIGHEST:g} for each of {', '.join(EMOTIONS)}.")
    return values


def _agreement(before: Places, shares: Floats, values: Floats) -> Floats:
    """tau-b (K,) of the order before and with each of `values` (K, 5); 0 where all segments tie afterwards."""
    found = _tau_b(before, [_places(shares @ each) for each in values])
    return np.where(np.isfinite(found), found, 0.0)


def _places(scores: Floats) -> Places:
    """The place (N,) of each score from the lowest, which has 0; tied ones share theirs."""
    order = np.argsort(scores)
    rises = np.diff(scores[order]) > TIED
    places = np.zeros(len(scores), np.uint16)
    places[order[1:]] = np.cumsum(rises)
    return places


def _tau_b(one: Places, others: Sequence[Places]) -> Floats:
    """Of an order and each of others (K,); NaN where there is none. Small whole numbers make it ten times as fast."""
    above, untied = one[:, None] > one, _untied(one)
    found = np.full(len(others), np.nan)
    for row, other in enumerate(others):
        if pairs := untied * _untied(other):
            agreeing = np.count_nonzero(above & (other[:, None] > other))
            opposed = np.count_nonzero(above & (other[:, None] < other))
            found[row] = (agreeing - opposed) / math.sqrt(pairs)
    return found


def _untied(places: Places) -> int:
    """How many pairs are."""
    return (len(places) ** 2 - int(np.square(np.bincount(places)).sum())) // 2


def _evenly(count: int) -> Floats:
    """(count, 5) numbers in [-1, 1)."""
    numbers = _mulberry32(SEED)
    return np.array([[2 * next(numbers) - 1 for _ in EMOTIONS] for _ in range(count)])


def _mulberry32(state: int) -> Iterator[float]:
    """Tommy Ettinger's generator of 32-bit numbers, as [0, 1): the one that the page's script draws from."""
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = (state ^ state >> 15) * (state | 1) & 0xFFFFFFFF
        mixed ^= mixed + ((mixed ^ mixed >> 7) * (mixed | 61) & 0xFFFFFFFF) & 0xFFFFFFFF
        yield (mixed ^ mixed >> 14) / 2**32
