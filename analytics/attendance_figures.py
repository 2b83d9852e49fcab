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
from analytics.reduction import extremes
from analytics.timeline import Floats
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import VideoInfo

LINE: Final = "faces"


def figures(readings: Readings, info: VideoInfo) -> dict[str, Figure]:
    """As figures.figures, of what can be said without expressions; none without a face."""
    if not len(readings.frame):
        return {}
    return {"series": _series(readings, info), "lanes": _lanes(readings, info)}


def _series(readings: Readings, info: VideoInfo) -> Figure:
    """Faces found over time, as steps; of a long recording the fewest and the most of each stretch."""
    times, faces = _with_gaps(readings, info.duration_s)
    kept = extremes(times, faces, charts.MAX_POINTS)
    shape = charts.layout(height=300, margin=charts.MARGIN)
    shape["xaxis"] = charts.time_axis(info.duration_s)
    top = int(np.nanmax(faces))
    step = max(1, round((top + 1) / 5))
    shape["yaxis"] = {"range": [0, top + 1], "dtick": step, "fixedrange": True, "zeroline": False}
    shape["meta"] = {"shown": len(kept), "of": len(readings.times)}
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


def _lanes(readings: Readings, info: VideoInfo) -> Figure:
    """One lane for each of the faces seen most often: when it was in view."""
    ids, row, count = np.unique(readings.track, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(count > 1)
    most = np.sort(repeated[np.argsort(-count[repeated], kind="stable")][:MAX_LANES])
    drawn = []
    for index in most:
        mine = row == index
        unread = np.zeros(int(mine.sum()), np.bool_)
        drawn.append(lanes.Lane(f"Face {ids[index]}", readings.frame[mine], readings.probabilities[mine], unread))
    figure = lanes.lanes(drawn, readings.times, EMOTIONS, info.duration_s, timeline.longest_hold_s(readings.times))
    seen = figure["data"][-1] | {"name": "In view", "meta": {"colour": "accent"}}
    seen["marker"] = {"color": charts.COLOURS["accent"], "line": {"width": 0}}
    seen["hovertemplate"] = "%{y}, in view<br>%{customdata}<extra></extra>"
    return figure | {"data": [seen]}


def _with_gaps(readings: Readings, end_s: float) -> tuple[Floats, Floats]:
    """Times and counts of faces, with a row without a value where a hole in the file begins, and one at the end."""
    times, count = readings.times, attendance.faces(readings).astype(np.float64)
    ends_s = times + attendance.holds_s(readings, end_s)
    holes = np.flatnonzero(times[1:] > ends_s[:-1] + timeline.TICK_S) + 1
    times, count = np.insert(times, holes, ends_s[holes - 1]), np.insert(count, holes, np.nan)
    return np.append(times, ends_s[-1]), np.append(count, count[-1])
