"""Readings over time: instants, coverage, trailing means.

Knows true seconds and which instants held a face that counts. Refuses to know environments and scores, and never fills
a gap: where a window holds too little, there is no value.

Two rules run through everything. A *mean* weighs every instant that has a used face alike, so that the distribution of
a recording is the plain mean of its series whatever the frame rate did. *Coverage* is of time: each instant stands for
the time until the next one, at most `longest_hold_s`, so that instants far apart or a hole in the file are not taken
for presence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.readings import Readings
from emotion_ml.labels import EMOTIONS

Floats = NDArray[np.float64]

WINDOWS_S: Final = {"30s": 30.0, "60s": 60.0, "cumulative": math.inf}
MAX_HOLD_S: Final = 2.0
MIN_COVERAGE: Final = 0.2
"""A window has a value when used faces cover at least this share of what has elapsed of it ..."""
MIN_INSTANTS: Final = 5
"""... and it holds at least this many instants with a used face."""
TICK_S: Final = 1e-6
"""Presentation times are sums of rounded fractions; two closer than this are the same time."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """The U used faces of all instants, in order of time."""

    instant: NDArray[np.int32]  # (U,) row of the instants
    track: NDArray[np.int32]  # (U,)
    probabilities: NDArray[np.float32]  # (U, 5)


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """What the audience showed at each analysed instant."""

    times: Floats  # (T,) seconds
    faces: NDArray[np.int64]  # (T,) faces found, used or not
    used: NDArray[np.int64]  # (T,) used faces
    probabilities: Floats  # (T, 5) mean over used faces, NaN where there is none
    sightings: Sightings

    @property
    def distribution(self) -> Floats | None:
        """Mean of the instants that have a used face (5,)."""
        seen = self.probabilities[self.used > 0]
        return seen.mean(axis=0) if len(seen) else None


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The times of readings with a row more where a hole begins: whatever is drawn over them breaks there."""

    times: Floats  # (A,) seconds
    holes: NDArray[np.bool_]  # (A,) which rows stand for no reading

    def over(self, values: Floats) -> Floats:
        """What the readings have (T, ...) on these times (A, ...): NaN where a hole begins."""
        found = np.full((len(self.times), *values.shape[1:]), np.nan)
        found[~self.holes] = values
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """W trailing windows as ranges of the instants that have a used face, and whether each deserves a value."""

    start: NDArray[np.int64]  # (W,)
    stop: NDArray[np.int64]  # (W,)
    shown: NDArray[np.bool_]  # (W,)


def instants(readings: Readings) -> Instants:
    count = len(readings.times)
    used = readings.used
    row, probabilities = readings.frame[used], readings.probabilities[used]
    faces = np.bincount(row, minlength=count)
    sums = [np.bincount(row, probabilities[:, column], minlength=count) for column in range(len(EMOTIONS))]
    total = np.stack(sums, axis=1)
    with np.errstate(invalid="ignore"):
        mean = total / total.sum(axis=1, keepdims=True)  # single precision sums to 1 only within 1e-7
    return Instants(
        times=readings.times,
        faces=np.bincount(readings.frame, minlength=count),
        used=faces,
        probabilities=mean,
        sightings=Sightings(row, readings.track[used], probabilities),
    )


def longest_hold_s(times: Floats) -> float:
    """MAX_HOLD_S, or twice the usual spacing where a recording is analysed more coarsely than that."""
    return max(MAX_HOLD_S, 2 * float(np.median(np.diff(times)))) if len(times) > 1 else MAX_HOLD_S


def axis(times: Floats, end_s: float) -> Axis:
    """A hole begins when a reading has spoken for as long as it may, and none follows, nor the end of what is shown."""
    ends_s = times + longest_hold_s(times)
    at = np.flatnonzero(np.append(times[1:], end_s) > ends_s + TICK_S) + 1
    return Axis(np.insert(times, at, ends_s[at - 1]), np.insert(np.zeros(len(times), np.bool_), at, True))


def coverage(instants: Instants, duration_s: float) -> float:
    """Share of the recording's time with at least one used face, in [0, 1]."""
    times = instants.times
    if not len(times):
        return 0.0
    end_s = max(duration_s, float(times[-1]))
    holds = np.minimum(np.diff(times, append=end_s), longest_hold_s(times))
    return min(float(holds[instants.used > 0].sum()) / end_s, 1.0) if end_s > 0 else 0.0


def detection_rate(instants: Instants) -> float | None:
    """Share of the analysed instants with any face, used or not."""
    return float(np.mean(instants.faces > 0)) if len(instants.times) else None


def windows(instants: Instants, window_s: float, at_s: Floats) -> Windows:
    """The window (t - window_s, t] of each t in `at_s`."""
    times = instants.times
    used_before = np.concatenate([[0], np.cumsum(instants.used > 0)])
    start = used_before[np.searchsorted(times, at_s - window_s + TICK_S, side="right")]
    stop = used_before[np.searchsorted(times, at_s + TICK_S, side="right")]
    if not len(times):
        return Windows(start, stop, np.zeros(len(at_s), np.bool_))
    elapsed_s = np.minimum(at_s - times[0], window_s)
    covered = covered_s(instants, at_s) - covered_s(instants, at_s - window_s)
    enough = covered >= MIN_COVERAGE * elapsed_s - TICK_S
    return Windows(start, stop, enough & (stop - start >= MIN_INSTANTS))


def rolling(instants: Instants, window_s: float) -> Floats:
    """Mean probabilities (T, 5) of the trailing window at each instant, NaN below the floor.

    Before `first_full_s` a window holds less than its name says: what has elapsed.
    """
    found = windows(instants, window_s, instants.times)
    seen = instants.probabilities[instants.used > 0]
    centre = seen.mean(axis=0) if len(seen) else np.zeros(len(EMOTIONS))
    sums = running(seen - centre)  # about the mean: the sums stay small, so their differences keep their digits
    count = np.where(found.shown, found.stop - found.start, 1)[:, None]
    means = centre + (sums[found.stop] - sums[found.start]) / count
    return np.where(found.shown[:, None], means.clip(0.0, 1.0), np.nan)


def cumulative(instants: Instants) -> Floats:
    """Mean probabilities (T, 5) of everything up to each instant."""
    return rolling(instants, math.inf)


def first_full_s(instants: Instants, window_s: float) -> float | None:
    """From when on a rolling window is as long as its name says; None when the recording is too short for that."""
    times = instants.times
    full = times[times >= times[0] + window_s - TICK_S] if len(times) else times
    return float(full[0]) if len(full) else None


def running(terms: Floats) -> Floats:
    """Sums of the first 0, 1, ... N rows."""
    return np.concatenate([np.zeros((1, *terms.shape[1:])), np.cumsum(terms, axis=0)])


def covered_s(instants: Instants, at_s: Floats) -> Floats:
    """Seconds with a used face from the start until each of `at_s`."""
    times, longest = instants.times, longest_hold_s(instants.times)
    present = instants.used > 0
    holds = np.where(present, np.minimum(np.diff(times, append=np.inf), longest), 0.0)
    before = np.concatenate([[0.0], np.cumsum(holds[:-1])])
    row = np.searchsorted(times, at_s, side="right") - 1
    running = np.where(row >= 0, np.minimum(at_s - times[row], holds[row]), 0.0)
    return np.where(row >= 0, before[row] + running, 0.0)
