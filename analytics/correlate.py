"""Readings beside what was said: each span's expressions and score, and whether it differs from the rest.

Knows spans of time and what an environment makes of the readings in them. Refuses to know words, and to claim a cause:
a paragraph during which the score was lower is that and no more, and "indistinguishable from the rest" is a result.

What is shown of a span (distribution, score, band, difference) is of the readings themselves: every instant with a used
face within [start + lag, end + lag) weighs alike, and the difference is its mean less the mean of all other instants.
What is said of it is tested on means of half-second cells by block permutation (analytics/permutation.py has the
method and its sources), for all spans together by Benjamini & Hochberg (1995): of the spans called higher or lower at
most `LEVEL` are expected to be chance. Faces show what is said only after a moment, so one lag for the whole session
is looked for between 0 and 5 s. Only where the data carry it (`lag_p` at most `LEVEL`, the search itself paid for)
is it used; elsewhere `lag_s` is the first lag and nothing is claimed about it.

A span is "unseen" where used faces cover less than `MIN_COVERAGE` of it or fewer than `MIN_INSTANTS` instants have one;
what lies after the end of what was analysed, by a lag or because the analysis stopped, is no part of it.
A span that holds more than half of what was seen, or a session of less than 32 s, has nothing to be compared with: its
p is None and it is indistinguishable. So is one whose difference comes from the slow course of the session.

Measured on 200 to 300 simulated sessions of each kind, 50 of those of half an hour (`python -m
analytics.tests.simulate_correlate`). Without a link, be the memory 2, 5 or 10 s, with a slow wave or a random walk, in
10 minutes or in three and a half, 0.1 to 0.8 % of the paragraphs are called different, any of them in 2 to 6 % of the
sessions, and a lag is called supported in 1 to 3 %. With dips of 20, 30 or 60 s that lie anywhere it is in 2 to 5 %,
and of the paragraphs beside the dips 0 to 0.1 % are called different, in 0 to 4 % of the sessions. Of six people who
come and go for a minute each, the levels truly differ: a lag is supported in 2 %, and 0.2 to 0.4 % of the paragraphs
are called different, any of them in 10 % of the sessions of ten minutes and in 16 % of those of half an hour.

A dip of 0.8 points, 2 s late, in a score that swings by 0.25 points is found in 97 %, and its lag within 1 s in 84 %:
one dip that fits one paragraph could be chance. Four of them always show their lag. It takes more where the score
swings more or longer: 60 % are found at a swing of 0.4, 84 % at a memory of 5 s; in a talk of 204 s 81 %, the lag in 49
%. Dips in many paragraphs hide each other, since they are the swing that each is measured by: of four 46 % are found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analytics import bands, timeline
from analytics.permutation import LEVEL, Outcome, Rows, Stretches, adjusted, permuted
from analytics.scoring import Environment, score
from analytics.timeline import MIN_COVERAGE, MIN_INSTANTS, TICK_S, Floats, Instants
from emotion_ml.labels import EMOTIONS

Verdict = Literal["higher", "lower", "indistinguishable", "unseen"]

LAGS_S: Final = tuple(step / 2 for step in range(11))
CELL_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """One span beside the rest of the session; what cannot be said is None."""

    start_s: float
    end_s: float
    readings: int
    coverage: float
    distribution: tuple[float, ...] | None = None
    dominant: str | None = None
    score: float | None = None
    low: float | None = None
    high: float | None = None
    difference: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    verdict: Verdict = "unseen"

    @property
    def is_too_short(self) -> bool:
        """Faces were there for long enough, in too few readings."""
        return self.verdict == "unseen" and self.coverage >= MIN_COVERAGE and self.readings < MIN_INSTANTS


@dataclass(frozen=True, slots=True)
class Correlation:
    """`lag_s` by how much later faces were read than words were said; 0 is no finding unless it is supported."""

    lag_s: float
    lag_is_supported: bool
    lag_p: float | None
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """P spans at L lags: how much of them was seen."""

    start: Rows  # (P, L) rows of the instants with a used face
    stop: Rows  # (P, L)
    coverage: Floats  # (P, L)

    @property
    def seen(self) -> NDArray[np.bool_]:
        return (self.stop - self.start >= MIN_INSTANTS) & (self.coverage >= MIN_COVERAGE)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The N instants with a used face, and what an environment makes of them."""

    times: Floats  # (N,)
    probabilities: Floats  # (N, 5)
    scores: Floats  # (N,)


def compare(
    instants: Instants,
    spans: Sequence[tuple[float, float]],
    environment: Environment,
    *,
    analysed_s: float = math.inf,
    lags_s: Sequence[float] = LAGS_S,
    seed: int = 0,
) -> Correlation:
    """Each of `spans` (start_s, end_s), in their order; spans may overlap and leave time between them.

    What was analysed ends at `analysed_s`.
    """
    used = instants.used > 0
    probabilities = instants.probabilities[used]
    seen = _Seen(instants.times[used], probabilities, score(probabilities, environment))
    edges = np.array(spans, np.float64).reshape(-1, 2, 1) + np.array(lags_s) - TICK_S  # (P, 2, L)
    found = _spans(instants, seen, edges, analysed_s)
    outcome = _outcome(seen, edges, found.seen, seed)
    lag = outcome.lag if outcome else 0
    low_high = _bands(instants, environment, found, lag)
    verdicts = _verdicts(outcome, found.seen[:, lag])
    return Correlation(
        lag_s=float(lags_s[lag]),
        lag_is_supported=outcome is not None and outcome.lag_p <= LEVEL,
        lag_p=outcome.lag_p if outcome else None,
        comparisons=tuple(
            _comparison(span, seen, found, (row, lag), low_high[row], verdicts[row]) for row, span in enumerate(spans)
        ),
    )


def _spans(instants: Instants, seen: _Seen, edges: Floats, analysed_s: float) -> _Spans:
    rows = np.searchsorted(seen.times, edges)
    edges = np.minimum(edges, max(analysed_s, instants.times[-1] if len(instants.times) else 0.0) - TICK_S)
    length_s = edges[:, 1] - edges[:, 0]
    if not len(instants.times):
        return _Spans(rows[:, 0], rows[:, 1], np.zeros(length_s.shape))
    covered_s = np.diff(timeline.covered_s(instants, edges.ravel()).reshape(edges.shape), axis=1)[:, 0]
    coverage = covered_s / np.where(length_s > 0, length_s, np.inf)
    return _Spans(rows[:, 0], np.maximum(rows[:, 0], rows[:, 1]), coverage.clip(0.0, 1.0))


def _outcome(seen: _Seen, edges: Floats, tested: NDArray[np.bool_], seed: int) -> Outcome | None:
    if not len(seen.times):
        return None
    _, cell, sizes = np.unique(np.floor(seen.times / CELL_S + TICK_S), return_inverse=True, return_counts=True)
    times = np.bincount(cell, seen.times) / sizes
    scores = np.bincount(cell, seen.scores) / sizes
    rows = np.searchsorted(times, edges)
    cell_s = float(np.median(np.diff(times))) if len(times) > 1 else CELL_S
    return permuted(scores, cell_s, Stretches(rows[:, 0], rows[:, 1], tested), seed)


def _verdicts(outcome: Outcome | None, seen: NDArray[np.bool_]) -> list[tuple[float, float, float] | None]:
    """(p, adjusted p, difference of the levelled series) of each tested span."""
    found: list[tuple[float, float, float] | None] = [None] * len(seen)
    if outcome is not None:
        rows = np.flatnonzero(np.isfinite(outcome.p))
        for row, q in zip(rows, adjusted(outcome.p[rows]), strict=True):
            found[row] = float(outcome.p[row]), float(q), float(outcome.differences[row])
    return found


def _bands(instants: Instants, environment: Environment, found: _Spans, lag: int) -> Floats:
    """(P, 2) low and high; NaN for a span that is unseen."""
    low_high = np.full((len(found.start), 2), np.nan)
    rows = np.flatnonzero(found.seen[:, lag])
    if len(rows):
        start, stop = found.start[rows, lag], found.stop[rows, lag]
        low, high = bands.stretch_bands(instants, environment, start, stop)
        low_high[rows] = np.stack([low, high], axis=1)
    return low_high


def _comparison(
    span: tuple[float, float],
    seen: _Seen,
    found: _Spans,
    at: tuple[int, int],
    low_high: Floats,
    tested: tuple[float, float, float] | None,
) -> Comparison:
    start, stop = int(found.start[at]), int(found.stop[at])
    readings, coverage = stop - start, float(found.coverage[at])
    if not found.seen[at]:
        return Comparison(*span, readings, coverage)
    distribution = seen.probabilities[start:stop].mean(axis=0)
    inside = float(seen.scores[start:stop].mean())
    rest = len(seen.scores) - readings
    difference = inside - float(seen.scores.sum() - inside * readings) / rest if rest else None
    return Comparison(
        *span,
        readings,
        coverage,
        distribution=tuple(distribution.tolist()),
        dominant=EMOTIONS[int(distribution.argmax())],
        score=inside,
        low=float(low_high[0]),
        high=float(low_high[1]),
        difference=difference,
        p_value=tested[0] if tested else None,
        adjusted_p=tested[1] if tested else None,
        verdict=_verdict(difference, tested),
    )


def _verdict(difference: float | None, tested: tuple[float, float, float] | None) -> Verdict:
    """What is said must hold both of the readings as they are and of them without the session's slow course."""
    if difference is None or tested is None or tested[1] > LEVEL or difference * tested[2] <= 0:
        return "indistinguishable"
    return "higher" if difference > 0 else "lower"
