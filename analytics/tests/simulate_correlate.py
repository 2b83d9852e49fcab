"""Sessions whose link between words and faces is known, and how often `correlate` says so.

    python -m analytics.tests.simulate_correlate [RUNS]

prints one line for each kind of session: without a link, which share of paragraphs is called different, in which share
of sessions any is, and how often a lag is called supported; with one planted dip, how often it is found, how often the
lag comes out within 1 s, how often both, and how many other paragraphs a session are called different. A paragraph
during which an unrelated dip lasts did have other readings, so it is not counted where it is called different.

A session lasts 10 minutes unless its name says otherwise and is read 5 times a second. Its score swings as a first
order autoregressive series with a standard deviation of `swing` points and a correlation time of `memory_s`, plus a
slow course with a standard deviation of `drift` points. A planted dip of 0.8 points lasts as long as its paragraph and
comes 2 s late; an unrelated one begins anywhere. Of several `people` each comes and goes for about a minute, with a
level of its own each time, which moves the mean of those who are there. (The one face of talk.mp4: 0.24 in the
classroom, 0.92 in the product demo, 5 s.) Paragraphs of half to one and a half times 20 s follow each other with pauses
of up to 1.5 s. Everything is drawn from the number of the run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics import timeline
from analytics.correlate import LAGS_S, Correlation, compare
from analytics.scoring import environment
from analytics.tests.synthetic import audience, autoregressive
from analytics.timeline import Floats, Instants
from emotion_ml.labels import EMOTIONS

FPS: Final = 5
PARAGRAPH_S: Final = 20.0
LAG_S: Final = 2.0
DIP: Final = 0.8
PRESENT_S: Final = 60.0
OWN_LEVEL: Final = 0.5
DEMO: Final = environment("product_demo")


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    course: str = "none"  # none, line, wave, walk
    memory_s: float = 2.0
    swing: float = 0.25
    drift: float = 0.3
    duration_s: float = 600.0
    dips: int = 0
    unrelated: int = 0
    unrelated_s: float = 30.0
    people: int = 0


NO_LINK: Final = (
    Kind("autoregressive, 2 s"),
    Kind("autoregressive, 5 s", memory_s=5.0),
    Kind("autoregressive, 10 s", memory_s=10.0),
    Kind("with a straight drift", "line"),
    Kind("with a slow wave", "wave"),
    Kind("with a random walk", "walk"),
    Kind("a talk of 204 s", duration_s=204.0),
    Kind("an unrelated dip of 20 s", unrelated=1, unrelated_s=20.0),
    Kind("an unrelated dip of 30 s", unrelated=1),
    Kind("an unrelated dip of 60 s", unrelated=1, unrelated_s=60.0),
    Kind("three unrelated dips of 20 s", unrelated=3, unrelated_s=20.0),
    Kind("an unrelated dip in a talk of 204 s", unrelated=1, duration_s=204.0),
    Kind("six people who come and go", people=6),
    Kind("six people who come and go, 30 min", people=6, duration_s=1800.0),
)
LINKED: Final = (
    Kind("a dip", dips=1),
    Kind("a dip, swing of 0.3", swing=0.3, dips=1),
    Kind("a dip, swing of 0.4", swing=0.4, dips=1),
    Kind("a dip, memory of 5 s", memory_s=5.0, dips=1),
    Kind("a dip on a straight drift", "line", dips=1),
    Kind("a dip on a slow wave", "wave", dips=1),
    Kind("a dip in a talk of 204 s", duration_s=204.0, dips=1),
    Kind("four dips", dips=4),
)


@dataclass(frozen=True, slots=True)
class Session:
    instants: Instants
    spans: tuple[tuple[float, float], ...]
    dips: frozenset[int]
    unrelated: tuple[tuple[float, float], ...] = ()

    def is_apart(self, row: int) -> bool:
        """Whether nothing was planted in a paragraph, nor within `LAGS_S` after it."""
        start_s, end_s = self.spans[row][0], self.spans[row][1] + LAGS_S[-1]
        return row not in self.dips and all(until_s <= start_s or from_s >= end_s for from_s, until_s in self.unrelated)


@dataclass(frozen=True, slots=True)
class Tally:
    """Means over runs."""

    called: float  # share of the paragraphs without a link that are called different
    any_called: float  # share of the sessions in which one is
    supported: float
    found: float
    lag_within_1_s: float
    both: float

    def __str__(self) -> str:
        return (
            f"called {self.called:.4f}  any {self.any_called:.3f}  lag supported {self.supported:.3f}  "
            f"found {self.found:.3f}  lag within 1 s {self.lag_within_1_s:.3f}  both {self.both:.3f}"
        )


def session(kind: Kind, run: int) -> Session:
    rng = np.random.default_rng([20261122, run])
    times = np.arange(int(kind.duration_s * FPS)) / FPS
    spans = _paragraphs(rng, kind.duration_s)
    dips = rng.choice(len(spans), kind.dips, replace=False)
    scores = (
        np.mean([min(DEMO.values), max(DEMO.values)])
        + kind.swing * autoregressive(rng, len(times), (1,), kind.memory_s, 1 / FPS)[:, 0]
    )
    scores += kind.drift * _course(rng, kind.course, len(times))
    for dip in dips:
        start_s, end_s = spans[dip]
        scores[(times >= start_s + LAG_S) & (times < end_s + LAG_S)] -= DIP
    unrelated = _anywhere(rng, kind)
    for start_s, end_s in unrelated:
        scores[(times >= start_s) & (times < end_s)] -= DIP
    scores += _comings_and_goings(rng, kind, times)
    return Session(instants_of(times, scores), tuple(spans), frozenset(dips.tolist()), unrelated)


def instants_of(times: Floats, scores: Floats) -> Instants:
    """One face that mixes the environment's highest and lowest expression so that its score is `scores`."""
    values = np.array(DEMO.values)
    share = np.clip((scores - values.min()) / (values.max() - values.min()), 0, 1)[:, None]
    high, low = np.eye(len(EMOTIONS))[[values.argmax(), values.argmin()]]
    return timeline.instants(audience(times, (share * high + (1 - share) * low)[:, None]))


def tally(kind: Kind, runs: Iterable[int]) -> Tally:
    return Tally(*np.mean([_outcome(session(kind, run)) for run in runs], axis=0).tolist())


def _outcome(made: Session) -> tuple[float, ...]:
    found = compare(made.instants, made.spans, DEMO)
    verdicts = [one.verdict for one in found.comparisons]
    others = [verdict in ("higher", "lower") for row, verdict in enumerate(verdicts) if made.is_apart(row)]
    dips = [verdicts[row] == "lower" for row in made.dips] or [False]
    near = _lag_is_near(found)
    return (
        float(np.mean(others or [False])),
        float(any(others)),
        float(found.lag_is_supported),
        float(np.mean(dips)),
        float(near),
        float(np.mean(dips)) * near,
    )


def _lag_is_near(found: Correlation) -> bool:
    return found.lag_is_supported and abs(found.lag_s - LAG_S) <= 1


def _paragraphs(rng: np.random.Generator, duration_s: float) -> list[tuple[float, float]]:
    spans, at_s = [], 1.0
    while at_s + 1.5 * PARAGRAPH_S < duration_s:
        length_s = rng.uniform(0.5, 1.5) * PARAGRAPH_S
        spans.append((at_s, at_s + length_s))
        at_s += length_s + rng.uniform(0, 1.5)
    return spans


def _anywhere(rng: np.random.Generator, kind: Kind) -> tuple[tuple[float, float], ...]:
    """Unrelated dips, one in each of as many equal parts of the session."""
    part_s = kind.duration_s / max(kind.unrelated, 1)
    starts = [part_s * row + rng.uniform(0, part_s - kind.unrelated_s) for row in range(kind.unrelated)]
    return tuple((start_s, start_s + kind.unrelated_s) for start_s in starts)


def _comings_and_goings(rng: np.random.Generator, kind: Kind, times: Floats) -> Floats:
    """The mean level of those who are there."""
    levels, there = np.zeros(len(times)), np.zeros(len(times))
    for _ in range(kind.people):
        at_s, is_there = -rng.exponential(PRESENT_S), rng.random() < 0.5
        while at_s < kind.duration_s:
            until_s = at_s + rng.exponential(PRESENT_S)
            if is_there:
                during = (times >= at_s) & (times < until_s)
                levels[during] += OWN_LEVEL * rng.standard_normal()
                there[during] += 1
            at_s, is_there = until_s, not is_there
    return levels / np.maximum(there, 1)


def _course(rng: np.random.Generator, course: str, count: int) -> Floats:
    """A slow course with mean 0 and standard deviation 1."""
    along = np.arange(count) / count
    drawn = {
        "none": np.zeros(count),
        "line": along * rng.choice([-1, 1]),
        "wave": np.sin(2 * np.pi * (rng.uniform(0.5, 3) * along + rng.random())),
        "walk": np.cumsum(rng.standard_normal(count)),
    }[course]
    return np.asarray((drawn - drawn.mean()) / (drawn.std() or 1.0))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for kind in (*NO_LINK, *LINKED):
        print(f"{kind.name:40s} {tally(kind, range(count))}", flush=True)
