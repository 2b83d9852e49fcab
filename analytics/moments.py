"""Moments of a recording that stand out: peaks, dips and lasting changes of the audience's score.

Knows a series of scores, and how much it swings anyway. Refuses to know what was said or shown at a moment, and to
claim a cause; "no moment stands out" is a result.

Every stretch of `WIDTHS_S` seconds is compared with the stretches of the same length before and after it (peak, dip),
and every instant by what comes after less what came before (rise, fall): circular binary segmentation's "a segment
against its surroundings" (Olshen, Venkatraman, Lucito & Wigler 2004, Biostatistics 5, 557) and the moving sums of
Eichinger & Kirch (2018, Bernoulli 24, 526), on means of one-second cells. Neither sees a slow course: the first is
blind to a straight line, the second to one that all of the recording shares.

How far such comparisons swing anyway is measured twice, and a moment must pass both:

- At every width a comparison is divided by the usual size of those of the same width in the same recording. What is
  left is held against the *largest* of all comparisons, widths and places in each of `DRAWS` series whose blocks of
  `BLOCK_S` were put in any order (permutation.py has the method). So `p_value` is the chance that a recording in which
  nothing happened shows anything as large anywhere: the family-wise error of Westfall & Young (1993), which bounds the
  false discovery rate too.
- The 95 % band of the difference must leave out 0: a block bootstrap over time and faces in closed form (bands.py),
  of the difference itself, so that people who are always livelier than others do not widen it.

The largest is taken first; its seconds are then left out (of a change: nothing is compared across it), and the rest is
searched again, so that the edges of a dip are not called changes and its surroundings not peaks.

Measured on 200 simulated recordings of each kind (`python -m analytics.tests.simulate_moments`) of ten minutes: where
nothing happens, anything is told in 0 to 2 % of them, be the memory 2, 5 or 10 s, with a drift or a slow wave, in 4 %
on a random walk, and in 5 % where the score jumps between two values. A dip of 0.8 points and 30 s in a score that
swings by 0.25 points is found in 85 % (in an hour: in 40 of 40), a lasting change of as much in 94 %. It takes more
where the score swings longer: 36 % at a memory of 5 s. Dips that fill a fifth of a recording are what is usual there,
and hide each other: of four in ten minutes 7 % are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from analytics import scan, timeline
from analytics.contrasts import Part, Sample, difference
from analytics.scan import CELL_S, Candidate, Shape
from analytics.scoring import Environment, score
from analytics.timeline import Instants

Kind = Literal["peak", "dip", "rise", "fall"]
LEVEL: Final = 0.03
"""Less than what is usual: a score that jumps instead of swinging shows something by chance almost twice as often."""
MOST: Final = 12
TRIES: Final = 2 * MOST


@dataclass(frozen=True, slots=True)
class Moment:
    """`size` is the mean of [start_s, end_s) less that of its surroundings, in points; of a change, after less before.

    `t_s` is its middle, of a change the instant; `width_s` how much before and after it was compared with.
    """

    kind: Kind
    start_s: float
    end_s: float
    t_s: float
    width_s: float
    size: float
    low: float
    high: float
    p_value: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Moments:
    """In order of time. `is_long_enough` is False where too little was seen to say anything."""

    found: tuple[Moment, ...]
    is_long_enough: bool


def find(instants: Instants, environment: Environment, *, seed: int = 0) -> Moments:
    """At most `MOST`, the clearest of them."""
    used = instants.used > 0
    cells = scan.cells_of(instants.times[used], score(instants.probabilities[used], environment))
    shapes = scan.shapes(cells)
    if not shapes:
        return Moments((), is_long_enough=False)
    chance = scan.chance(cells, shapes, np.random.default_rng(seed))
    if not chance.usual:  # faces came and went too often for any stretch to be compared with what surrounds it
        return Moments((), is_long_enough=False)
    sample = Sample.of(instants, environment)
    found: list[Moment] = []
    for _ in range(TRIES):
        candidate = scan.best(cells, chance)
        if candidate is None or (p_value := chance.p_value(candidate)) > LEVEL or len(found) == MOST:
            break
        candidate = scan.settled(cells, candidate)
        moment = _moment(instants, sample, candidate, p_value)
        if moment is not None:
            found.append(moment)
        scan.leave_out(cells, candidate)
    return Moments(tuple(sorted(found, key=lambda moment: moment.start_s)), is_long_enough=True)


def _moment(instants: Instants, sample: Sample, candidate: Candidate, p_value: float) -> Moment | None:
    """As the readings themselves have it; None where they are not sure of it."""
    shape = candidate.shape
    edges_s = [(candidate.first + part * shape.width) * CELL_S for part in range(4)]
    parts = [Part(edges_s[row], edges_s[row + 1], share) for row, share in enumerate(shape.shares)]
    found = difference(sample, parts)
    if found is None or not found.is_clear or found.size * candidate.value <= 0:
        return None
    start_s, end_s = edges_s[1], edges_s[2]
    return Moment(
        kind=_kind(shape, found.size),
        start_s=start_s,
        end_s=end_s,
        t_s=start_s if shape.is_change else (start_s + end_s) / 2,
        width_s=shape.width * CELL_S,
        size=found.size,
        low=found.low,
        high=found.high,
        p_value=p_value,
        coverage=_coverage(instants, edges_s[0], edges_s[len(parts)]),
    )


def _coverage(instants: Instants, start_s: float, end_s: float) -> float:
    before, until = timeline.covered_s(instants, np.array([start_s, end_s]))
    return float(np.clip((until - before) / (end_s - start_s), 0.0, 1.0))


def _kind(shape: Shape, size: float) -> Kind:
    if shape.is_change:
        return "rise" if size > 0 else "fall"
    return "peak" if size > 0 else "dip"
