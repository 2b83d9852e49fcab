"""Who was in the picture, as figures of the results page: faces over time, and each face's own lane.

Knows which numbers of attendance go into which chart; how a chart looks is charts' and lanes'.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics import attendance, charts, lanes, timeline
from analytics.charts import Figure, Trace
from analytics.page import MAX_LANES
from analytics.readings import Readings
from analytics.reduction import around, extremes
from analytics.timeline import Floats
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import VideoInfo

LINE: Final = "faces"


def figures(readings: Readings, info: VideoInfo) -> dict[str, Figure]:
    """As figures.figures, of what can be said without expressions; none without a face."""
    return _drawn(readings, info.duration_s, None)


def stretch(readings: Readings, info: VideoInfo, from_s: float, to_s: float) -> dict[str, Figure]:
    """The same of a part of it, with every reading, unless they are too many still."""
    return _drawn(readings, info.duration_s, (from_s, to_s))


def _drawn(readings: Readings, end_s: float, span: charts.Span | None) -> dict[str, Figure]:
    if not len(readings.frame):
        return {}
    drawn = {"series": _series(readings, end_s, span), "lanes": _lanes(readings, end_s, span)}
    for figure in drawn.values():
        figure["layout"]["xaxis"] = charts.time_axis(span[1], span[0]) if span else charts.time_axis(end_s)
    return drawn


def _series(readings: Readings, end_s: float, span: charts.Span | None) -> Figure:
    """Faces found over time, as steps; where they are too many, the fewest and the most of each short while."""
    times, faces = steps(readings, end_s)
    top = int(np.nanmax(faces))  # of the whole recording, so that no scale changes under a reader's eyes
    rows = _rows(times, span)
    times, faces = times[rows], faces[rows]
    kept = extremes(times, faces, charts.MAX_POINTS, np.isnan(faces))
    shape = charts.layout(height=300, margin=charts.MARGIN)
    step = max(1, round((top + 1) / 5))
    shape["yaxis"] = {"range": [0, top + 1], "dtick": step, "fixedrange": True, "zeroline": False}
    shape["meta"] = {"shown": len(kept), "of": len(times) if span else len(readings.times)}
    line: Trace = {
        "type": "scatter",
        "mode": "lines",
        "name": "Faces",
        "x": [round(t_s, 3) for t_s in times[kept].tolist()],
        "y": [int(count) if np.isfinite(count) else None for count in faces[kept].tolist()],
        "line": {"width": 2, "shape": "hv", "color": charts.COLOURS["accent"]},
        "meta": {"colour": "accent", "line": LINE},
        "hoverinfo": "skip",
    }
    return {"data": [line], "layout": shape}


def _lanes(readings: Readings, end_s: float, span: charts.Span | None) -> Figure:
    """One lane for each of the faces seen most often: when it was in view."""
    rows = _rows(readings.times, span)
    is_within = (readings.frame >= rows.start) & (readings.frame < rows.stop)
    ids, row, count = np.unique(readings.track, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(count > 1)
    most = np.sort(repeated[np.argsort(-count[repeated], kind="stable")][:MAX_LANES])
    drawn = []
    for index in most:
        mine = (row == index) & is_within
        unread = np.zeros(int(mine.sum()), np.bool_)
        frames = readings.frame[mine] - rows.start
        drawn.append(lanes.Lane(f"Face {ids[index]}", frames, readings.probabilities[mine], unread))
    until_s, hold_s = span[1] if span else end_s, timeline.longest_hold_s(readings.times)
    figure = lanes.lanes(drawn, readings.times[rows], EMOTIONS, until_s, hold_s)
    seen = figure["data"][-1] | {"name": "In view", "meta": {"colour": "accent"}}
    seen["marker"] = {"color": charts.COLOURS["accent"], "line": {"width": 0}}
    seen["hovertemplate"] = "%{y}, in view<br>%{customdata}<extra></extra>"
    return figure | {"data": [seen]}


def _rows(times: Floats, span: charts.Span | None) -> slice:
    return around(times, *span) if span else slice(0, len(times))


def steps(readings: Readings, end_s: float) -> tuple[Floats, Floats]:
    """Times and counts of faces, with a row without a value where a hole in the file begins, and one at the end."""
    times, count = readings.times, attendance.faces(readings).astype(np.float64)
    ends_s = times + attendance.holds_s(readings, end_s)
    holes = np.flatnonzero(times[1:] > ends_s[:-1] + timeline.TICK_S) + 1
    times, count = np.insert(times, holes, ends_s[holes - 1]), np.insert(count, holes, np.nan)
    return np.append(times, ends_s[-1]), np.append(count, count[-1])
