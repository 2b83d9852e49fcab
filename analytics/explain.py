"""Why a score is what it is: of any stretch of a recording, the exact parts that add up to the number shown.

Knows which readings a number of the charts, of the headline or of a paragraph was made from, and takes it apart.
Refuses to know words and rounding (because has both), and to find another number than the one that is shown: windows
and floors are those of timeline and correlate.

The score of a stretch is the mean of its readings' shares, weighed by what an environment says they are worth:

    score = sum_e share_e * value_e        (scoring; an expression *adds* share_e * value_e)

Beside the whole recording, with shares S_e and score M, an expression *shifts* the score by

    (share_e - S_e) * (value_e - M),       which adds up to score - M

for any M, because shares add up to 1 on both sides; with M the recording's own score, more of an expression lifts a
stretch exactly where it is worth more than the recording is. (The differences of means of Kitagawa 1955, J. Am. Stat.
Assoc. 50, 1168, where only the composition changes and the rates, here the values, stay.)

Nothing else enters: faces that are too small, blurred or turned away are left out and counted here by that reason.
Nobody is left out for being hard to tell apart. An uncertain face counts with all five of its probabilities, which
pulls a stretch towards the mean of the values; how many there were is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analytics import bands, correlate, timeline
from analytics.readings import Readings
from analytics.scoring import Environment, score
from analytics.timeline import MIN_COVERAGE, MIN_INSTANTS, TICK_S, WINDOWS_S, Floats, Instants
from emotion_ml.labels import EMOTIONS, UNCERTAIN_BELOW
from emotion_ml.types import LeftOut

Kind = Literal["whole", "reading", "30s", "60s", "cumulative", "span", "paragraph"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows [first, last) of the instants, what they stand for, and whether the charts give them a value."""

    kind: Kind
    start_s: float
    end_s: float
    first: int
    last: int
    coverage: float | None  # of the time that has elapsed; None where none has
    shown: bool
    is_filling: bool = False  # a trailing window that is not yet as long as its name says
    lag_s: float = 0.0  # by how much later than its words a paragraph's faces were read


@dataclass(frozen=True, slots=True)
class Part:
    """One expression: what it adds to the score, and by how much it moves it away from the recording's."""

    emotion: str
    share: float
    value: float
    adds: float
    usual_share: float
    shifts: float


@dataclass(frozen=True, slots=True)
class Faces:
    """Sightings of faces in a stretch: `counted` ones of `people` different tracks, and those left out by reason."""

    counted: int
    people: int
    uncertain: int
    left_out: dict[LeftOut, int]

    @property
    def found(self) -> int:
        return self.counted + sum(self.left_out.values())


@dataclass(frozen=True, slots=True)
class Explanation:
    """`parts` is empty and the scores are None where the charts show no value."""

    stretch: Stretch
    readings: int
    seen: int  # readings with a face that counts
    faces: Faces
    parts: tuple[Part, ...] = ()
    score: float | None = None
    low: float | None = None
    high: float | None = None
    average: float | None = None  # the score of the whole recording

    @property
    def difference(self) -> float | None:
        return None if self.score is None or self.average is None else self.score - self.average


def whole(instants: Instants, analysed_s: float) -> Stretch:
    """The headline: every instant with a used face."""
    count = len(instants.times)
    covered = timeline.coverage(instants, analysed_s)
    return Stretch("whole", 0.0, analysed_s, 0, count, covered, bool((instants.used > 0).any()))


def reading(instants: Instants, at_s: float) -> Stretch:
    """The last reading at or before `at_s`; before the first one it is empty."""
    row = _row(instants, at_s)
    if row < 0:
        return Stretch("reading", at_s, at_s, 0, 0, None, shown=False)
    t_s = float(instants.times[row])
    return Stretch("reading", t_s, t_s, row, row + 1, None, bool(instants.used[row]))


def trailing(instants: Instants, kind: Literal["30s", "60s", "cumulative"], at_s: float) -> Stretch:
    """The window that ends at the last reading at or before `at_s`, as the line of that name has it there."""
    row = _row(instants, at_s)
    if row < 0:
        return Stretch(kind, at_s, at_s, 0, 0, None, shown=False)
    times, window_s, end_s = instants.times, WINDOWS_S[kind], float(instants.times[row])
    first = int(np.searchsorted(times, end_s - window_s + TICK_S, side="right"))
    shown = bool(timeline.windows(instants, window_s, times[row : row + 1]).shown[0])
    start_s = max(end_s - window_s, float(times[0]))
    filling = math.isfinite(window_s) and end_s < times[0] + window_s - TICK_S
    coverage = _coverage(instants, start_s, end_s) if start_s < end_s else None
    return Stretch(kind, start_s, end_s, first, row + 1, coverage, shown, filling)


def span(instants: Instants, start_s: float, end_s: float, analysed_s: float = math.inf) -> Stretch:
    """The readings of [start_s, end_s), under the floor that paragraphs have; what follows `analysed_s` is no part.

    A reading at that very end is one, if more is asked for: a webcam's measurement ends with its last reading.
    """
    first, last = np.searchsorted(instants.times, [start_s - TICK_S, end_s - TICK_S]).tolist()
    end_s = min(end_s, analysed_s)
    edges = start_s - TICK_S, end_s - TICK_S
    coverage = _coverage(instants, *edges)
    seen = int(np.count_nonzero(instants.used[first:last]))
    shown = coverage >= MIN_COVERAGE and seen >= MIN_INSTANTS
    return Stretch("span", start_s, end_s, first, last, coverage, shown)


def paragraph(
    instants: Instants, spans: Sequence[tuple[float, float]], index: int, environment: Environment, analysed_s: float
) -> Stretch:
    """The readings that the transcript puts beside its paragraph: as much later as faces were found to follow words."""
    lag_s = correlate.compare(instants, spans, environment, analysed_s=analysed_s).lag_s
    start_s, end_s = (edge_s + lag_s for edge_s in spans[index])
    found = span(instants, start_s, end_s, analysed_s)
    return replace(found, kind="paragraph", end_s=end_s, lag_s=lag_s)


def explain(readings: Readings, instants: Instants, stretch: Stretch, environment: Environment) -> Explanation:
    """The parts of the number that `environment` gives `stretch`; `instants` are those of `readings`."""
    rows = slice(stretch.first, stretch.last)
    seen = instants.used[rows] > 0
    faces = _faces(readings, stretch.first, stretch.last)
    found = Explanation(stretch, stretch.last - stretch.first, int(np.count_nonzero(seen)), faces)
    usual = instants.distribution
    if usual is None or not stretch.shown:
        return found
    shares = instants.probabilities[rows][seen].mean(axis=0)
    low, high = _band(instants, stretch, environment)
    return replace(
        found,
        parts=_parts(shares, usual, environment),
        score=float(score(shares, environment)),
        low=low,
        high=high,
        average=float(score(usual, environment)),
    )


def _parts(shares: Floats, usual: Floats, environment: Environment) -> tuple[Part, ...]:
    values = np.array(environment.values)
    adds = shares * values
    shifts = (shares - usual) * (values - float(usual @ values))
    columns = (each.tolist() for each in (shares, values, adds, usual, shifts))
    return tuple(Part(emotion, *row) for emotion, row in zip(EMOTIONS, zip(*columns, strict=True), strict=True))


def _band(instants: Instants, stretch: Stretch, environment: Environment) -> tuple[float, float]:
    start = int(np.count_nonzero(instants.used[: stretch.first]))
    stop = start + int(np.count_nonzero(instants.used[stretch.first : stretch.last]))
    low, high = bands.stretch_bands(instants, environment, np.array([start]), np.array([stop]))
    return float(low[0]), float(high[0])


def _faces(readings: Readings, first: int, last: int) -> Faces:
    start, stop = np.searchsorted(readings.frame, [first, last])
    reasons = readings.left_out[start:stop]
    used = reasons == LeftOut.USED
    surest = readings.probabilities[start:stop][used].max(axis=1, initial=0.0)
    return Faces(
        counted=int(np.count_nonzero(used)),
        people=len(np.unique(readings.track[start:stop][used])),
        uncertain=int(np.count_nonzero(surest < UNCERTAIN_BELOW)),
        left_out={
            reason: count
            for reason in LeftOut
            if reason is not LeftOut.USED and (count := int(np.count_nonzero(reasons == reason)))
        },
    )


def _row(instants: Instants, at_s: float) -> int:
    return int(np.searchsorted(instants.times, at_s + TICK_S, side="right")) - 1


def _coverage(instants: Instants, start_s: float, end_s: float) -> float:
    """Share of [start_s, end_s) with a used face."""
    if not len(instants.times) or end_s <= start_s:
        return 0.0
    covered_s = float(np.diff(timeline.covered_s(instants, np.array([start_s, end_s])))[0])
    return min(max(covered_s / (end_s - start_s), 0.0), 1.0)
