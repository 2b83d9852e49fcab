"""Faces over time as a plotly figure: one lane a face, coloured by its apparent expression.

Knows at which instants faces were seen and how many steps an eye can tell apart. Shares colours and axes with charts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.charts import COLOURS, MARGIN, Figure, Floats, Trace, clock, layout, role, time_axis
from emotion_ml.labels import UNCERTAIN_BELOW

COLUMNS: Final = 300
LANE_PX: Final = 26
UNCERTAIN: Final = "Uncertain"
LEFT_OUT: Final = "Left out"


@dataclass(frozen=True, slots=True)
class Lane:
    """One face over time: at which instants it was seen, how it looked then, and whether it counted."""

    label: str
    instant: npt.NDArray[np.int32]  # (N,) ascending rows of the times
    probabilities: npt.NDArray[np.float32]  # (N, 5)
    used: npt.NDArray[np.bool_]  # (N,)


@dataclass(frozen=True, slots=True)
class Steps:
    """Neighbouring instants drawn as one: `size` of them from each of `starts_s` until `stops_s`."""

    size: int
    starts_s: Floats
    stops_s: Floats


def lanes(faces: Sequence[Lane], times: Floats, emotions: Sequence[str], duration_s: float, hold_s: float) -> Figure:
    """One lane a face, coloured by its most probable apparent expression in each of at most COLUMNS steps.

    Where even that has on average less than UNCERTAIN_BELOW, the face is Uncertain. An instant lasts until the next, at
    most `hold_s`.
    """
    kinds = [*emotions, UNCERTAIN, LEFT_OUT]
    segments: list[list[tuple[str, float, float]]] = [[] for _ in kinds]
    steps = _steps(times, duration_s, hold_s)
    for lane in faces:
        for kind, start_s, stop_s in _segments(lane, steps):
            segments[kind].append((lane.label, start_s, stop_s))
    shape = layout(height=LANE_PX * len(faces) + 44, margin=MARGIN)
    shape |= {"barmode": "overlay", "bargap": 0.28, "hovermode": "closest"}
    shape["xaxis"] = time_axis(duration_s)
    shape["yaxis"] = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [lane.label for lane in faces],
        "autorange": "reversed",
        "fixedrange": True,
        "showgrid": False,
    }
    return {"data": [_bars(kind, found) for kind, found in zip(kinds, segments, strict=True)], "layout": shape}


def _steps(times: Floats, duration_s: float, hold_s: float) -> Steps:
    size = max(1, math.ceil(len(times) / COLUMNS))
    ends_s = np.minimum(np.append(times[1:], max(duration_s, times[-1])), times + hold_s)
    last = np.minimum(np.arange(size - 1, len(times) + size - 1, size), len(times) - 1)
    return Steps(size, times[::size], ends_s[last])


def _segments(lane: Lane, steps: Steps) -> list[tuple[int, float, float]]:
    """(kind, start, stop) of one lane: neighbours of the same kind are one segment, a step without the face none."""
    if not len(lane.instant):
        return []
    seen, where = np.unique(lane.instant // steps.size, return_inverse=True)
    uncertain = lane.probabilities.shape[1]
    sums = np.zeros((len(seen), uncertain))
    np.add.at(sums, where[lane.used], lane.probabilities[lane.used])
    whole = sums.sum(axis=1)  # as many as used sightings
    best = np.where(sums.max(axis=1) < UNCERTAIN_BELOW * whole, uncertain, sums.argmax(axis=1))
    kinds = np.where(whole > 0, best, uncertain + 1)
    apart = steps.starts_s[seen[1:]] > steps.stops_s[seen[:-1]] + 1e-6
    breaks = np.flatnonzero(apart | (np.diff(kinds) != 0)) + 1
    starts, stops = np.r_[0, breaks], np.r_[breaks, len(seen)] - 1
    return [
        (int(kinds[a]), float(steps.starts_s[seen[a]]), float(steps.stops_s[seen[b]]))
        for a, b in zip(starts, stops, strict=True)
    ]


def _bars(kind: str, segments: Sequence[tuple[str, float, float]]) -> Trace:
    pattern = {"pattern": {"shape": "/", "size": 6, "solidity": 0.3}} if kind == LEFT_OUT else {}
    colour = {UNCERTAIN: "uncertain", LEFT_OUT: "left-out"}.get(kind) or role(kind)
    return {
        "type": "bar",
        "orientation": "h",
        "name": kind,
        "y": [label for label, _, _ in segments],
        "base": [round(start_s, 3) for _, start_s, _ in segments],
        "x": [round(stop_s - start_s, 3) for _, start_s, stop_s in segments],
        "customdata": [f"{clock(start_s)} to {clock(stop_s)}" for _, start_s, stop_s in segments],
        "marker": {"color": COLOURS[colour], "line": {"width": 0}} | pattern,
        "meta": {"colour": colour},
        "hovertemplate": f"%{{y}}, {kind}<br>%{{customdata}}<extra></extra>",
    }
