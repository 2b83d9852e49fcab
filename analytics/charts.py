"""Numbers to plotly figures, as plain dictionaries that plotly.js draws.

Knows how many points an eye can tell apart and which role a colour plays. Refuses to know requests, themes and where
the numbers come from. A trace names its role in `meta.colour`; the page puts that role's colour in place of the light
theme's, which is given here so that a figure also stands by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analytics.reduction import Mask, every, extremes, runs

Figure = dict[str, Any]
Trace = dict[str, Any]
Floats = npt.NDArray[np.float64]
Span = tuple[float, float]

COLOURS: Final = {
    "expression-angry": "#9c1c16",
    "expression-happy": "#bd8100",
    "expression-neutral": "#858a8c",
    "expression-sad": "#008bd6",
    "expression-surprise": "#5f2370",
    "left-out": "#d3d0c7",
    "uncertain": "#e6e3da",
    "interval": "#8c908c",
    "interval-chosen": "#57998e",
    "accent": "#0b6b5e",
    "ink": "#1a1e20",
    "ink-soft": "#555d61",
    "hairline": "#e2dfd6",
    "paper": "#faf9f5",
    "line-instant": "#918e84",
    "line-30s": "#0b6b5e",
    "line-60s": "#8a3b12",
    "line-cumulative": "#1a1e20",
}
MAX_POINTS: Final = 1200
ROW_PX: Final = 48
MARGIN: Final = {"l": 64, "r": 16, "t": 12, "b": 32}
TICK_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
LOWEST, HIGHEST = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Interval:
    """One environment's score with its 95 % interval."""

    name: str
    label: str
    score: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One smoothed line on the series' times; `full_s` is when its trailing window is full for the first time."""

    name: str
    label: str
    full_s: float
    values: Floats  # (T,), NaN where there is no value


@dataclass(frozen=True, slots=True)
class Band:
    """A 95 % band around the line `name`, at its own times."""

    name: str
    times: Floats  # (B,)
    low: Floats  # (B,), NaN where there is no value
    high: Floats


def role(emotion: str) -> str:
    return f"expression-{emotion.lower()}"


def clock(seconds: float) -> str:
    whole = int(seconds + 1e-6)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def distribution(shares: Mapping[str, float]) -> Figure:
    """A ring of the five shares, in the order given, clockwise from the top."""
    ring: Trace = {
        "type": "pie",
        "hole": 0.64,
        "labels": list(shares),
        "values": [round(share, 6) for share in shares.values()],
        "marker": {"colors": [COLOURS[role(emotion)] for emotion in shares], "line": {"width": 2}},
        "meta": {"colours": [role(emotion) for emotion in shares]},
        "sort": False,
        "direction": "clockwise",
        "textinfo": "none",
        "hovertemplate": "%{label}: %{percent}<extra></extra>",
    }
    return {"data": [ring], "layout": layout(margin={"l": 4, "r": 4, "t": 4, "b": 4}, height=240)}


def environments(intervals: Sequence[Interval], chosen: str) -> Figure:
    """The environments side by side: a dot at the score, a bar over its interval, the chosen one in the accent."""
    shape = layout(height=ROW_PX * len(intervals) + 40, margin={**MARGIN, "l": 104, "r": 40})
    shape["xaxis"] = {"range": [LOWEST, HIGHEST], "tickvals": [1, 2, 3, 4, 5], "fixedrange": True, "zeroline": False}
    shape["yaxis"] = {"visible": False, "range": [len(intervals) - 0.5, -0.5], "fixedrange": True}
    shape["annotations"] = []
    data = []
    for row, interval in enumerate(intervals):
        colour, bar = ("accent", "interval-chosen") if interval.name == chosen else ("ink-soft", "interval")
        data.append(_interval(interval, row, colour, bar))
        shape["annotations"] += [_note(interval.label, row, 0, colour), _note(f"{interval.score:.1f}", row, 1, colour)]
    return {"data": data, "layout": shape}


def _note(text: str, row: int, side: int, colour: str) -> Figure:
    """Words left (0) or right (1) of a row of the plot."""
    return {
        "text": text,
        "x": side,
        "xref": "paper",
        "xanchor": "right" if side == 0 else "left",
        "xshift": 24 * side - 12,
        "y": row,
        "showarrow": False,
        "name": colour,
        "font": {"color": COLOURS[colour], "size": 14},
    }


def _interval(interval: Interval, row: int, colour: str, bar: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": interval.label,
        "x": [round(interval.score, 4)],
        "y": [row],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(interval.high - interval.score, 4)],
            "arrayminus": [round(interval.score - interval.low, 4)],
            "thickness": 12,
            "width": 0,
            "color": COLOURS[bar],
        },
        "marker": {"size": 8, "color": COLOURS[colour]},
        "meta": {"colour": colour, "bar": bar, "environment": interval.name},
        "hoverinfo": "skip",
    }


def series(
    times: Floats,
    instant: Floats,
    lines: Sequence[Line],
    bands: Sequence[Band],
    duration_s: float,
    span: Span,
    holes: Mask | None = None,
) -> Figure:
    """Engagement over time. The instant line keeps each bucket's lowest and highest value, the others every n-th.

    The axis covers `span`, the lowest and highest value that the environment can give, widened to halves. `holes` are
    the times that no reading has.
    """
    kept = extremes(times, instant, MAX_POINTS, holes)
    data = [_band(band) for band in bands]
    data.append(_line("instant", "Each reading", times[kept], instant[kept], width=1))
    for line in lines:
        data.extend(_smoothed(times, line, holes))
    shape = layout(height=300, margin=MARGIN)
    shape["xaxis"] = time_axis(duration_s)
    low, high = math.floor(span[0] * 2) / 2, math.ceil(span[1] * 2) / 2
    shape["yaxis"] = {"range": [low, high], "dtick": 0.5, "tickformat": ".1f", "fixedrange": True}
    shape["meta"] = {"shown": len(kept), "of": len(times), "thinned": len(times) > MAX_POINTS}
    return {"data": data, "layout": shape}


def told(times: Floats, values: Floats, span: Span) -> dict[str, list[float]]:
    """[t_s, value] where a line begins, is highest, is lowest and ends within `span`; {} without a value there."""
    rows = np.flatnonzero(np.isfinite(values) & (times >= span[0]) & (times <= span[1]))
    if not len(rows):
        return {}
    inside = values[rows]
    named = {"begins": 0, "highest": int(inside.argmax()), "lowest": int(inside.argmin()), "ends": -1}
    return {name: [round(float(times[rows[at]]), 3), round(float(inside[at]), 4)] for name, at in named.items()}


def _smoothed(times: Floats, line: Line, holes: Mask | None) -> list[Trace]:
    """The line in two parts that meet: dashed while its first window fills, solid from then on."""
    at, values = every(times, line.values, MAX_POINTS, holes)
    full = int(np.searchsorted(at, line.full_s - 1e-9))
    width = 2.5 if line.name == "30s" else 1.75
    parts = []
    if full > 0:
        filling = _line(line.name, line.label, at[: full + 1], values[: full + 1], width)
        filling["line"]["dash"] = "dot"
        filling["meta"]["filling"] = True
        parts.append(filling)
    if full < len(at):
        parts.append(_line(line.name, line.label, at[full:], values[full:], width))
    return parts


def _line(name: str, label: str, times: Floats, values: Floats, width: float) -> Trace:
    colour = f"line-{name}"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label,
        "x": _numbers(times, 3),
        "y": _numbers(values, 4),
        "line": {"width": width, "color": COLOURS[colour]},
        "meta": {"colour": colour, "line": name},
        "connectgaps": False,
        "hoverinfo": "skip",
    }


def _band(band: Band) -> Trace:
    """Closed outlines, one for each stretch without a gap."""
    x: list[float | None] = []
    y: list[float | None] = []
    for start, stop in runs(np.isfinite(band.low) & np.isfinite(band.high)):
        there = band.times[start:stop]
        x += [*_numbers(there, 3), *_numbers(there[::-1], 3), None]
        y += [*_numbers(band.low[start:stop], 4), *_numbers(band.high[start:stop][::-1], 4), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "fill": "toself",
        "x": x[:-1],
        "y": y[:-1],
        "line": {"width": 0},
        "fillcolor": COLOURS[f"line-{band.name}"],
        "opacity": 0.18,
        "meta": {"colour": f"line-{band.name}", "line": band.name, "band": True},
        "hoverinfo": "skip",
    }


def time_axis(until_s: float, from_s: float = 0.0) -> Figure:
    step_s = next((step for step in TICK_STEPS_S if (until_s - from_s) / step <= 8), TICK_STEPS_S[-1])
    first_s = math.ceil(from_s / step_s - 1e-9) * step_s
    ticks = [float(tick) for tick in np.arange(first_s, until_s + 1e-9, step_s)]
    return {
        "range": [from_s, until_s],
        "tickvals": ticks,
        "ticktext": [clock(tick) for tick in ticks],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }


def layout(height: int, margin: Mapping[str, int]) -> Figure:
    return {
        "height": height,
        "margin": dict(margin),
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": COLOURS["ink-soft"], "size": 13},
    }


def _numbers(values: Floats, digits: int) -> list[float | None]:
    """JSON numbers, None where there is no value."""
    rounded = np.round(values.astype(np.float64), digits)
    return [value if np.isfinite(value) else None for value in rounded.tolist()]
