"""The line that a film carries beside its boxes: the score of the last half minute, with its interval. Pure.

Knows words and when they change. Refuses to know pixels; where there is no value, or no reading, the line is empty.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics import bands, scoring, timeline
from analytics.scoring import Environment
from analytics.timeline import Instants

WINDOW: Final = "30s"
STEP_S: Final = 1.0
Caption = tuple[float, str]


def captions(instants: Instants, environment: Environment) -> list[Caption]:
    """(from when on, words), in order of time; each holds until the next."""
    window_s = timeline.WINDOWS_S[WINDOW]
    steps = np.floor(instants.times / STEP_S)
    rows = np.unique(steps, return_index=True)[1]
    at_s = instants.times[rows]
    scores = scoring.score(timeline.rolling(instants, window_s)[rows], environment)
    low, high = bands.rolling_bands(instants, window_s, environment, at_s)
    found: list[Caption] = []
    for t_s, score, least, most in zip(at_s.tolist(), scores, low, high, strict=True):
        text = f"{environment.label}: {score:.1f} of 5 ({least:.1f} to {most:.1f}), last {window_s:.0f} s"
        found.append((t_s, text if np.isfinite(score) else ""))
    return sorted(found + _silences(instants))


def _silences(instants: Instants) -> list[Caption]:
    """Where the readings end, or a hole in them begins: the words of before hold no longer."""
    axis = timeline.axis(instants.times, np.inf)
    return [(t_s, "") for t_s in axis.times[axis.holes].tolist()]
