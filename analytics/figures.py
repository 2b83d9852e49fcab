"""A recording's readings and one environment -> the figures of the results page, and the boxes of a stretch of it.

Knows which numbers go into which chart. Refuses to know how a chart looks (charts) or how a number is computed
(timeline, bands, scoring). Numbers are those of results.py, thinned out by charts where there are too many to see.
"""

from __future__ import annotations

import base64
import math
from itertools import pairwise
from typing import Any, Final

import numpy as np

from analytics import bands, charts, lanes, scoring, timeline
from analytics.page import MAX_LANES
from analytics.readings import Readings
from analytics.reduction import around, every
from analytics.scoring import ENVIRONMENTS, Environment
from analytics.timeline import Floats
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import VideoInfo

LABELS: Final = {"30s": "30 seconds", "60s": "1 minute", "cumulative": "So far"}
BANDED: Final = "30s"
INSTANT: Final = "instant"
UNITS: Final = 10_000
"""Of a point of the score, as much as charts draw."""


def figures(readings: Readings, info: VideoInfo, environment: Environment) -> dict[str, charts.Figure]:
    """By the name of their place on the page; none without a used face."""
    instants = timeline.instants(readings)
    distribution, intervals = instants.distribution, bands.overall_bands(instants, ENVIRONMENTS)
    if distribution is None or intervals is None:
        return {}
    compared = [
        charts.Interval(each.name, each.label, band.score, band.low, band.high)
        for each, band in zip(ENVIRONMENTS, intervals, strict=True)
    ]
    axis, span = timeline.axis(readings.times, info.duration_s), (0.0, info.duration_s)
    return {
        "environments": charts.environments(compared, environment.name),
        "distribution": charts.distribution(dict(zip(EMOTIONS, distribution.tolist(), strict=True))),
        "series": _series(instants, environment, axis, slice(0, len(axis.times)), span),
        "lanes": _drawn_lanes(readings, slice(0, len(readings.times)), span),
    }


def stretch(readings: Readings, environment: Environment, from_s: float, to_s: float) -> dict[str, charts.Figure]:
    """The two figures that share the time axis, of a part of it: the exact values, unless they are too many still."""
    instants = timeline.instants(readings)
    if not instants.used.any():
        return {}
    axis, span = timeline.axis(readings.times, to_s), (from_s, to_s)
    return {
        "series": _series(instants, environment, axis, around(axis.times, *span), span),
        "lanes": _drawn_lanes(readings, around(readings.times, *span), span),
    }


def _series(
    instants: timeline.Instants, environment: Environment, axis: timeline.Axis, rows: slice, span: charts.Span
) -> charts.Figure:
    """Of these rows of the axis."""
    times, holes = axis.times[rows], axis.holes[rows]
    values = {name: found[rows] for name, found in _values(instants, environment, axis).items()}
    lines = []
    for name, window_s in timeline.WINDOWS_S.items():
        full_s = timeline.first_full_s(instants, window_s) if math.isfinite(window_s) else 0.0
        lines.append(charts.Line(name, LABELS[name], math.inf if full_s is None else full_s, values[name]))
    banded = next(line for line in lines if line.name == BANDED)
    found = band(instants, environment, *every(times, banded.values, charts.MAX_POINTS, holes))
    possible = min(environment.values), max(environment.values)
    figure = charts.series(times, values[INSTANT], lines, [found], span[1], possible, holes)
    figure["layout"]["xaxis"] = charts.time_axis(span[1], span[0])
    figure["layout"]["meta"]["told"] = charts.told(times, banded.values, span)
    return figure


def _values(instants: timeline.Instants, environment: Environment, axis: timeline.Axis) -> dict[str, Floats]:
    """Of each line by its name, at every time of the axis."""
    shares = {name: timeline.rolling(instants, window_s) for name, window_s in timeline.WINDOWS_S.items()}
    shares[INSTANT] = instants.probabilities
    return {name: axis.over(scoring.score(found, environment)) for name, found in shares.items()}


def exact(readings: Readings, info: VideoInfo, environment: Environment) -> dict[str, str]:
    """Every value of the lines over time, for a page that draws only some of them: packed, in base64.

    `t_ms` are whole milliseconds (uint32), the lines ten-thousandths of a point (uint16, 0 where there is no value).
    """
    instants = timeline.instants(readings)
    if not instants.used.any():
        return {}
    axis = timeline.axis(readings.times, info.duration_s)
    lines = _values(instants, environment, axis)
    packed = {name: np.nan_to_num(values * UNITS).round().astype("<u2") for name, values in lines.items()}
    packed["t_ms"] = (axis.times * 1000).round().astype("<u4")
    return {name: base64.b64encode(column.tobytes()).decode() for name, column in packed.items()}


def band(instants: timeline.Instants, environment: Environment, at_s: Floats, values: Floats) -> charts.Band:
    """Around the banded line with these values at these times: it breaks where the line does."""
    low, high = bands.rolling_bands(instants, timeline.WINDOWS_S[BANDED], environment, at_s)
    low[np.isnan(values)] = high[np.isnan(values)] = np.nan
    return charts.Band(BANDED, at_s, low, high)


def _drawn_lanes(readings: Readings, rows: slice, span: charts.Span) -> charts.Figure:
    hold_s = timeline.longest_hold_s(readings.times)
    figure = lanes.lanes(_lanes(readings, rows), readings.times[rows], EMOTIONS, span[1], hold_s)
    figure["layout"]["xaxis"] = charts.time_axis(span[1], span[0])
    return figure


def _lanes(readings: Readings, rows: slice | None = None) -> list[lanes.Lane]:
    """The same faces as page.shown_tracks; with `rows`, what of them lies in these instants, counted from the first."""
    counts = np.bincount(readings.track)
    repeated = np.flatnonzero(counts > 1)
    most = np.sort(repeated[np.argsort(-counts[repeated], kind="stable")][:MAX_LANES])
    first, last = (0, len(readings.times)) if rows is None else (rows.start, rows.stop)
    faces = slice(*np.searchsorted(readings.frame, [first, last]))
    frame, track = readings.frame[faces] - first, readings.track[faces]
    probabilities, used = readings.probabilities[faces], readings.used[faces]
    found = []
    for index in most:
        mine = track == index
        found.append(lanes.Lane(f"Face {index}", frame[mine], probabilities[mine], used[mine]))
    return found


def spacing_s(readings: Readings) -> float:
    """Usual time from one reading to the next; 0 with fewer than two."""
    return float(np.median(np.diff(readings.times))) if len(readings.times) > 1 else 0.0


def boxes(readings: Readings, from_s: float, to_s: float, hold_s: float) -> dict[str, Any]:
    """The readings of [from_s, to_s) with the one before and the one after, and how long each holds at most.

    A box holds for little longer than readings are usually apart; what else is told of a reading holds as it does in
    every other number.
    """
    start = max(int(np.searchsorted(readings.times, from_s)) - 1, 0)
    stop = min(int(np.searchsorted(readings.times, to_s)) + 1, len(readings.times))
    edges = np.searchsorted(readings.frame, np.arange(start, stop + 1))
    found = [
        {"t_s": round(float(readings.times[start + i]), 6), "faces": [_face(readings, f) for f in range(a, b)]}
        for i, (a, b) in enumerate(pairwise(edges))
    ]
    return {
        "hold_s": round(max(hold_s, spacing_s(readings)) * 1.5, 4),
        "told_s": round(timeline.longest_hold_s(readings.times), 4),
        "readings": found,
    }


def _face(readings: Readings, row: int) -> dict[str, Any]:
    return {
        "id": int(readings.track[row]),
        "box": [round(edge, 1) for edge in readings.boxes[row].tolist()],
        "p": [round(share, 4) for share in readings.probabilities[row].tolist() if math.isfinite(share)],
        "left_out": int(readings.left_out[row]),
    }
