"""How much stretches of a recording differ, and how far that difference could have come out otherwise.

Knows the readings of an audience in one environment and stretches of time with a share each: +1 and -1 for one less
another, +1, -1/2 and -1/2 for one less those around it. Refuses to say whether a difference is remarkable.

The 95 % interval is that of bands.py (a block bootstrap over time and over faces, in closed form), of the difference
itself: what a person adds to one stretch and to the other is set off before it is squared, so that people who are
always livelier than others do not widen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics import bands
from analytics.bands import BLOCKS, MIN_INSTANTS
from analytics.scoring import Environment, score
from analytics.timeline import TICK_S, Floats, Instants

Rows = NDArray[np.int64]

CORRECTION: Final = BLOCKS / (BLOCKS - 1)


@dataclass(frozen=True, slots=True)
class Part:
    """[start_s, end_s) and how much its mean counts for."""

    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True, slots=True)
class Difference:
    size: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The N instants with a used face and the U faces behind them, in order of time."""

    times: Floats  # (N,)
    scores: Floats  # (N,)
    position: Rows  # (U,) row of `times` of each face, ascending
    track: Rows  # (U,) counted from 0
    weight: Floats  # (U,) its share of its instant
    faces: Floats  # (U,) its score
    swing: bands._Scores

    @classmethod
    def of(cls, instants: Instants, environment: Environment) -> Sample:
        used = instants.used > 0
        sightings = instants.sightings
        _, track = np.unique(sightings.track, return_inverse=True)
        return cls(
            times=instants.times[used],
            scores=score(instants.probabilities[used], environment),
            position=(np.cumsum(used) - 1)[sightings.instant],
            track=track,
            weight=1.0 / instants.used[sightings.instant],
            faces=score(sightings.probabilities, environment),
            swing=bands._scores(instants, bands._faces(instants), environment),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Terms:
    """What each face of a part adds to the difference, beyond what all of them add."""

    values: Floats
    weights: Floats
    track: Rows
    block: Rows
    correction: float  # of a sum of squared blocks, for blocks that resemble each other
    least: float  # variance over time, however still the part was (bands.LEAST)


def difference(sample: Sample, parts: Sequence[Part]) -> Difference | None:
    """None where a part holds too little to say how sure the difference is."""
    rows = [np.searchsorted(sample.times, [part.start_s - TICK_S, part.end_s - TICK_S]) for part in parts]
    if any(stop - start < MIN_INSTANTS for start, stop in rows):
        return None
    means = [float(sample.scores[start:stop].mean()) for start, stop in rows]
    size = sum(part.share * mean for part, mean in zip(parts, means, strict=True))
    terms = [
        _terms(sample, int(start), int(stop), part.share, mean)
        for (start, stop), part, mean in zip(rows, parts, means, strict=True)
    ]
    half = _half_width(terms)
    return Difference(size, size - half, size + half)


def _terms(sample: Sample, start: int, stop: int, share: float, mean: float) -> _Terms:
    faces = slice(*np.searchsorted(sample.position, [start, stop]))
    weights = sample.weight[faces] * share / (stop - start)
    edges = start + (stop - start) * np.arange(BLOCKS + 1) // BLOCKS
    length_s = bands._effective_s(sample.swing, edges[None])
    return _Terms(
        values=weights * (sample.faces[faces] - mean),
        weights=weights,
        track=sample.track[faces],
        block=np.searchsorted(edges[1:-1], sample.position[faces], side="right"),
        correction=float(bands._shortfall(sample.swing, length_s)[0]) * CORRECTION,
        least=float(bands._on_average(sample.swing, length_s)[0]) * bands.LEAST * share**2,
    )


def _half_width(parts: Sequence[_Terms]) -> float:
    """As in bands._half_width, with what a track adds to several parts summed before it is squared."""
    over_time = over_cells = 0.0
    tracks, track = np.unique(np.concatenate([part.track for part in parts]), return_inverse=True)
    ends = np.cumsum([len(part.track) for part in parts])[:-1]
    for part, own in zip(parts, np.split(track, ends), strict=True):
        seen = float(np.square(np.bincount(part.block, part.values)).sum()) * part.correction
        over_time += max(seen, part.least)
        over_cells += float(np.square(np.bincount(own * BLOCKS + part.block, part.values)).sum()) * part.correction
    values, weights = (np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "weights"))
    several = len(tracks) / (len(tracks) - 1) if len(tracks) > 1 else 0.0
    over_tracks = float(np.square(np.bincount(track, values)).sum()) * several
    sizes = np.bincount(track, np.abs(weights))
    freedom = np.maximum(np.square(sizes.sum()) / np.square(sizes).sum() - 1, 1)  # Kish's number of equal tracks
    half = bands._student(*(np.array([each]) for each in (over_time, over_tracks, over_cells, freedom)))
    return float(half[0])
