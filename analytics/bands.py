"""How far a score could have come out otherwise: its 95 % interval.

Knows how much a score varies from block to block of time and from face to face. Refuses to know how wrong the network
is about an expression: a band is about the sample of moments and people, not about the reading of each.

The method is a block bootstrap over time and over faces, in closed form: a score is a mean, so the variance that
redrawing blocks and tracks would show is a sum of squares, and nothing needs to be drawn (no seed, no Monte Carlo
noise, the same answer on every machine).

- Time: the instants of a window are cut into `BLOCKS` stretches of equal count, the longest blocks that still leave
  enough of them (Carlstein 1986; eight groups and Student's t as in Ibragimov & Mueller 2010). Neighbouring blocks
  resemble each other; what this hides is put back for an exponential autocorrelation (`_shortfall`), in seconds: a
  recording may be read more slowly in one part than in another, and holes are no time.
- Faces: tracks are whole units (Cameron, Gelbach & Miller 2011, two-way clusters): the variance is that of time plus
  that of tracks less what both count, and never below the larger of the two. With one track only time is left: then the
  band speaks of that one person.
- Small samples: Student's t with Satterthwaite's degrees of freedom, so two people give a wide band; below
  `MIN_INSTANTS` instants the band is everything that the environment's values allow.
- Stillness: a stretch in which nothing moved is not therefore certain. Its variance over time is taken for at least
  `LEAST` of what a stretch of its length has in this recording on average: the recording's say in a moderated variance
  with one prior degree of freedom beside the blocks' seven (Smyth 2004).
- Bounds: a score and its band are held between the environment's lowest and highest value, and the half width is never
  negative, so 1 <= low <= score <= high <= 5.

Measured on simulated audiences whose mean is known (1,000 of each kind; 60 s and 5 min; 1, 2 and 5 faces; correlation
times of 0.5, 2 and 5 s): the band holds the truth 91 to 98 % of the time, and 99 % where faces have nothing in common.
Where two minutes are read 25 times a second and two 4 times, bands of 30 s are as wide as where all is read 5 times a
second, and hold it as often. A recording of fewer than about ten correlation times cannot show its own slowness: 30 s
at 5 s give 85 %, at 10 s 75 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics import timeline
from analytics.scoring import Environment
from analytics.timeline import Floats, Instants, running, windows

Rows = NDArray[np.int64]
Triple = tuple[Floats, Floats, Floats]

BLOCKS: Final = 8
MIN_INSTANTS: Final = 2 * BLOCKS
EXPRESSION_S: Final = 2.0
"""Expressions last from half a second to four (Ekman 2003): moments closer than this are never taken as independent."""
LEAST: Final = 1 / BLOCKS
TRACK_GROUPS: Final = 256
"""Tracks beyond this many share groups by their number, which keeps groups independent and bounds the work."""

_FREEDOM: Final = np.array([1, 2, 3, 4, 5, 7, 10, 15, 30, np.inf])
_STUDENT_975: Final = np.array([12.706, 4.303, 3.182, 2.776, 2.571, 2.365, 2.228, 2.131, 2.042, 1.960])


@dataclass(frozen=True, slots=True)
class Band:
    """A score and its 95 % interval."""

    score: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """The U used faces, sorted by group of tracks and then by time.

    A face carries 1/n of the weight of an instant with n used faces, so that every instant weighs alike. Weights are
    kept as running sums: any stretch of any group is one subtraction.
    """

    order: NDArray[np.int64]  # (U,) rows of the sightings
    groups: tuple[slice, ...]
    position: NDArray[np.int64]  # (U,) the used instant of each face, ascending within a group
    weight: Floats  # (U,)
    weights: Floats  # (U + 1,) running sum


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """What one environment makes of the N used instants and of the faces behind them."""

    instants: Floats  # (N,)
    faces: Floats  # (U + 1,) running sum of weight times score, in the order of _Faces
    correlation_s: float
    covered_s: Floats  # (N + 1,) running sum of the seconds that each instant stands for


def overall_bands(instants: Instants, environments: Sequence[Environment]) -> tuple[Band, ...] | None:
    """The score of the whole recording in each environment; None without a used face."""
    used = np.count_nonzero(instants.used)
    if not used:
        return None
    faces = _faces(instants)
    found = (_bands(instants, faces, environment, np.array([0]), np.array([used])) for environment in environments)
    return tuple(Band(score=float(score[0]), low=float(low[0]), high=float(high[0])) for low, score, high in found)


def overall_band(instants: Instants, environment: Environment) -> Band | None:
    found = overall_bands(instants, (environment,))
    return found[0] if found else None


def rolling_bands(instants: Instants, window_s: float, environment: Environment, at_s: Floats) -> tuple[Floats, Floats]:
    """(low, high) of the trailing window at each of `at_s`; NaN exactly where the rolling value is."""
    found = windows(instants, window_s, at_s)
    low, high = np.full(len(at_s), np.nan), np.full(len(at_s), np.nan)
    if (shown := found.shown).any():
        bands = _bands(instants, _faces(instants), environment, found.start[shown], found.stop[shown])
        low[shown], _, high[shown] = bands
    return low, high


def stretch_bands(instants: Instants, environment: Environment, start: Rows, stop: Rows) -> tuple[Floats, Floats]:
    """(low, high), each (W,), of stretches start to stop of the instants that have a used face; none may be empty."""
    low, _, high = _bands(instants, _faces(instants), environment, start, stop)
    return low, high


def _bands(instants: Instants, faces: _Faces, environment: Environment, start: Rows, stop: Rows) -> Triple:
    """(low, score, high), each (W,), of the used instants start to stop."""
    scores = _scores(instants, faces, environment)
    sums = running(scores.instants)
    score = (sums[stop] - sums[start]) / (stop - start)
    half = np.where(stop - start < MIN_INSTANTS, np.inf, _half_width(faces, scores, start, stop, score))
    lowest, highest = min(environment.values), max(environment.values)
    return (score - half).clip(lowest, highest), score.clip(lowest, highest), (score + half).clip(lowest, highest)


def _faces(instants: Instants) -> _Faces:
    group = (instants.sightings.track % TRACK_GROUPS).astype(np.uint8)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=TRACK_GROUPS))
    row = instants.sightings.instant[order]
    weight = 1.0 / instants.used[row]
    return _Faces(
        order=order,
        groups=tuple(slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True) if a < b),
        position=(np.cumsum(instants.used > 0) - 1)[row],
        weight=weight,
        weights=running(weight),
    )


def _scores(instants: Instants, faces: _Faces, environment: Environment) -> _Scores:
    seen = instants.used > 0
    values = np.array(environment.values)
    scores = instants.probabilities[seen] @ values
    holds_s = _holds_s(instants.times)[seen]
    of_faces = np.einsum("fe,e->f", instants.sightings.probabilities, values)  # far faster than @ where cores are busy
    return _Scores(
        instants=scores,
        faces=running(of_faces[faces.order] * faces.weight),
        correlation_s=_correlation_s(*_evenly(scores, holds_s)),
        covered_s=running(holds_s),
    )


def _half_width(faces: _Faces, scores: _Scores, start: Rows, stop: Rows, centre: Floats) -> Floats:
    """Half the 95 % interval (W,) of each window's mean."""
    edges = start[:, None] + (stop - start)[:, None] * np.arange(BLOCKS + 1) // BLOCKS
    blocks = np.zeros((len(start), BLOCKS))  # sums of deviations from the window's mean
    cells, tracks = np.zeros_like(centre), np.zeros_like(centre)  # their squares, by block and track, and by track
    sizes, present = np.zeros_like(centre), np.zeros_like(centre)
    for group in faces.groups:
        at = group.start + np.searchsorted(faces.position[group], edges)
        weight = np.diff(faces.weights[at], axis=1)
        deviation = np.diff(scores.faces[at], axis=1) - weight * centre[:, None]
        blocks += deviation
        cells += np.square(deviation).sum(axis=1)
        tracks += np.square(deviation.sum(axis=1))
        sizes += np.square(weight.sum(axis=1))
        present += weight.any(axis=1)
    count, length_s = stop - start, _effective_s(scores, edges)
    correction = _shortfall(scores, length_s) * BLOCKS / (BLOCKS - 1) / count**2
    several = np.where(present > 1, present / np.maximum(present - 1, 1), 0.0) / count**2
    return _student(
        over_time=np.maximum(np.square(blocks).sum(axis=1) * correction, LEAST * _on_average(scores, length_s)),
        over_tracks=tracks * several,
        over_cells=cells * correction,
        track_freedom=np.maximum(np.square(count) / np.maximum(sizes, 1e-9) - 1, 1),  # Kish's number of equal tracks
    )


def _student(over_time: Floats, over_tracks: Floats, over_cells: Floats, track_freedom: Floats) -> Floats:
    larger = np.maximum(over_time, over_tracks)
    variance = np.maximum(larger, over_time + over_tracks - over_cells)
    scale = np.where(larger > 0, larger, 1.0)  # squares of tiny variances would vanish
    parts = np.square(over_time / scale) / (BLOCKS - 1) + np.square(over_tracks / scale) / track_freedom
    freedom = np.square(variance / scale) / np.where(parts > 0, parts, 1.0)
    quantile = np.interp(1 / np.maximum(freedom, 1), 1 / _FREEDOM[::-1], _STUDENT_975[::-1])
    return np.asarray(quantile * np.sqrt(variance))


def _effective_s(scores: _Scores, edges: Rows) -> Floats:
    """How many seconds (W,) of even reading say as much as each window, with blocks of equal count between its `edges`.

    The harmonic mean of its blocks' seconds, BLOCKS times: its own length where it was read evenly, and less where most
    of its readings crowd into a part of it, since their mean is mostly of that part (Kish 1965, Survey Sampling).
    """
    blocks_s = np.diff(scores.covered_s[edges], axis=1)
    return np.asarray(BLOCKS**2 / (1 / np.maximum(blocks_s, 1e-4)).sum(axis=1))


def _shortfall(scores: _Scores, length_s: Floats) -> Floats:
    """By how much (W,) equal blocks understate the variance of a mean when neighbouring blocks resemble each other.

    Between blocks of length L in a window W one sees, of a stationary series, v(L) - v(W), where v(d) is the variance
    of a mean over d; what is wanted is v(W) (BLOCKS - 1). Change that lasts longer than a block of a long window is
    not chance but what the line is there to show, so the correlation time is held below one block.
    """
    length = _length(scores, length_s)
    whole, block = _variance_of_mean(length), _variance_of_mean(length / BLOCKS)
    return np.maximum(whole * (BLOCKS - 1) / (block - whole), 1.0)


def _on_average(scores: _Scores, length_s: Floats) -> Floats:
    """The variance (W,) that the mean of a stretch of so many seconds has in this recording, wherever it lies."""
    return float(scores.instants.var()) * _variance_of_mean(_length(scores, length_s))


def _length(scores: _Scores, length_s: Floats) -> Floats:
    """Of each window (W,), in correlation times."""
    longest_s = np.maximum(length_s / BLOCKS, EXPRESSION_S)
    return np.asarray(length_s / np.clip(scores.correlation_s, EXPRESSION_S, longest_s))


def _variance_of_mean(length: Floats) -> Floats:
    """Of an exponentially correlated series with variance 1, over `length` correlation times."""
    return 2 / length * (1 + np.expm1(-length) / length)


def _holds_s(times: Floats) -> Floats:
    """Seconds (T,) until the next reading; before a hole, as long as is usual."""
    steps = np.diff(times)
    usual_s = float(np.median(steps)) if len(steps) else 0.0
    return np.append(np.where(steps > timeline.longest_hold_s(times), usual_s, steps), usual_s)


def _evenly(scores: Floats, holds_s: Floats) -> tuple[Floats, float]:
    """The scores at even distances, each for as long as it stands, and that distance: the usual one by time (s)."""
    order, until_s = np.argsort(holds_s), running(holds_s)
    by_time = np.cumsum(holds_s[order])
    spacing_s = float(holds_s[order[np.searchsorted(by_time, by_time[-1] / 2)]])
    if spacing_s <= timeline.TICK_S:
        return scores, spacing_s
    at_s = np.arange(round(until_s[-1] / spacing_s)) * spacing_s + timeline.TICK_S
    return scores[(np.searchsorted(until_s, at_s, side="right") - 1).clip(0, len(scores) - 1)], spacing_s


def _correlation_s(scores: Floats, spacing_s: float) -> float:
    """Integrated autocorrelation time of a series (Sokal's window), mended for short series and for noise."""
    count = len(scores)
    deviations = scores - scores.mean()
    if count < MIN_INSTANTS or not deviations.any():
        return EXPRESSION_S
    covariance = np.fft.irfft(np.square(np.abs(np.fft.rfft(deviations, 2 * count))))[:count]
    likeness = covariance / covariance[0]
    bias = min(2 * _sokal(likeness) / count, 0.5)  # taking the mean out of a short series lowers every lag
    likeness = likeness * (1 - bias) + bias
    steps = (_sokal(likeness) - 0.5) / max(float(likeness[1]), 0.2)  # noise lowers every lag but the first alike
    return (steps + 0.5) * spacing_s


def _sokal(likeness: Floats) -> float:
    """Half plus the sum over lags, up to the first lag that is five times that sum; over all of them where none is."""
    totals = 0.5 + np.cumsum(likeness[1:])
    far_enough = np.arange(1, len(likeness)) >= 5 * totals
    return float(totals[far_enough.argmax() if far_enough.any() else -1])
