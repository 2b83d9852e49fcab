"""Recordings in which it is known whether anything happened, and what `moments` makes of them.

    python -m analytics.tests.simulate_moments [RUNS]

prints one line for each kind: in which share of the recordings any false moment is shown, how many of the planted ones
are found (of the right kind, within half their length), and how many false ones there are beside them.

A recording lasts 10 minutes unless its name says otherwise, is read 5 times a second and scored as a product demo. Its
score swings as a first order autoregressive series with a standard deviation of `swing` points and a correlation time
of `memory_s`, plus a slow course of `drift` points. Planted are dips of `DIP` points and 30 s, or one lasting change
of as much. Everything is drawn from the number of the run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from analytics import moments
from analytics.moments import Moment, Moments
from analytics.tests.simulate_correlate import DEMO, FPS, _course, instants_of
from analytics.tests.synthetic import autoregressive
from analytics.timeline import Floats, Instants

DIP: Final = 0.8
DIP_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    course: str = "none"  # none, line, wave, walk
    memory_s: float = 2.0
    swing: float = 0.25
    drift: float = 0.3
    duration_s: float = 600.0
    planted: Literal["", "dips", "change"] = ""
    dips: int = 1
    switching: bool = False  # a face that is either or, instead of a swing


NOTHING: Final = (
    Kind("flat, memory of 2 s"),
    Kind("flat, memory of 5 s", memory_s=5.0),
    Kind("flat, memory of 10 s", memory_s=10.0),
    Kind("flat, either or", switching=True),
    Kind("a straight drift", "line"),
    Kind("a slow wave", "wave"),
    Kind("a random walk", "walk"),
    Kind("flat, two minutes", duration_s=120.0),
    Kind("flat, an hour", duration_s=3600.0),
)
PLANTED: Final = (
    Kind("a dip", planted="dips"),
    Kind("a dip, memory of 5 s", memory_s=5.0, planted="dips"),
    Kind("a dip on a slow wave", "wave", planted="dips"),
    Kind("four dips", planted="dips", dips=4),
    Kind("a dip in an hour", duration_s=3600.0, planted="dips"),
    Kind("a lasting fall", planted="change"),
)


@dataclass(frozen=True, slots=True)
class Made:
    instants: Instants
    planted: tuple[tuple[float, str], ...]  # (middle or instant, kind)


@dataclass(frozen=True, slots=True)
class Tally:
    """Means over runs."""

    any_false: float
    false: float
    found: float

    def __str__(self) -> str:
        return f"any false {self.any_false:.3f}  false a recording {self.false:.3f}  planted found {self.found:.3f}"


def made(kind: Kind, run: int) -> Made:
    rng = np.random.default_rng([20261122, run])
    times = np.arange(int(kind.duration_s * FPS)) / FPS
    scores = np.mean([min(DEMO.values), max(DEMO.values)]) + _swing(kind, rng, len(times))
    scores = scores + kind.drift * _course(rng, kind.course, len(times))
    planted: list[tuple[float, str]] = []
    if kind.planted == "dips":
        for start_s in _apart(rng, kind):
            scores[(times >= start_s) & (times < start_s + DIP_S)] -= DIP
            planted.append((start_s + DIP_S / 2, "dip"))
    elif kind.planted == "change":
        at_s = rng.uniform(0.3, 0.7) * kind.duration_s
        scores[times >= at_s] -= DIP
        planted.append((at_s, "fall"))
    return Made(instants_of(times, scores), tuple(planted))


def tally(kind: Kind, runs: Iterable[int]) -> Tally:
    return Tally(*np.mean([_outcome(made(kind, run)) for run in runs], axis=0).tolist())


def _outcome(recording: Made) -> tuple[float, float, float]:
    shown: Moments = moments.find(recording.instants, DEMO)
    hits = [float(any(_is(moment, *plant) for moment in shown.found)) for plant in recording.planted]
    false = sum(not any(_is(moment, *plant) for plant in recording.planted) for moment in shown.found)
    return float(false > 0), float(false), float(np.mean(hits or [0.0]))


def _is(moment: Moment, at_s: float, kind: str) -> bool:
    return moment.kind == kind and abs(moment.t_s - at_s) <= DIP_S / 2


def _swing(kind: Kind, rng: np.random.Generator, count: int) -> Floats:
    series = autoregressive(rng, count, (1,), kind.memory_s, 1 / FPS)[:, 0]
    return kind.swing * (np.where(series > 1.0, 3.0, 0.0) if kind.switching else series)


def _apart(rng: np.random.Generator, kind: Kind) -> list[float]:
    """Beginnings in as many equal parts of the recording, clear of their edges."""
    part_s = kind.duration_s / kind.dips
    return [part_s * row + rng.uniform(DIP_S, part_s - 2 * DIP_S) for row in range(kind.dips)]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for kind in (*NOTHING, *PLANTED):
        print(f"{kind.name:28s} {tally(kind, range(count))}", flush=True)
