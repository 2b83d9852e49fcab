"""The charts of a recording as scenes, from the same numbers as the page's.

Knows which numbers a chart shows and how they lie on its axes. Refuses to know formats and how a number is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics import attendance_figures, bands, charts, figures, lanes, timeline
from analytics.charts import COLOURS, MAX_POINTS, TICK_STEPS_S, clock
from analytics.exports.material import Material
from analytics.exports.scene import (
    HAIRLINE,
    INK,
    INK_SOFT,
    Area,
    Box,
    Dot,
    Line,
    Point,
    Scene,
    Shape,
    Words,
    framed,
)
from analytics.reduction import every, extremes, runs
from analytics.scoring import ENVIRONMENTS, score
from analytics.timeline import Floats
from emotion_ml.labels import EMOTIONS

WIDTH: Final = 960.0
LEFT: Final = 48.0
LEGEND: Final = 26.0
AXIS: Final = 24.0
SMALL: Final = 12.0
WIDTHS: Final = {"30s": 2.4, "60s": 1.5, "cumulative": 1.5}
DOTTED: Final = (1.5, 3.0)
LANE: Final = 15.0


Maker = Callable[[Material], Scene]


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle of a chart in which its values lie: `until_s` seconds across, `low` to `high` up."""

    left: float
    top: float
    width: float
    height: float
    until_s: float
    low: float = 0.0
    high: float = 1.0

    def x(self, t_s: float) -> float:
        return self.left + self.width * min(t_s / self.until_s, 1.0) if self.until_s > 0 else self.left

    def y(self, value: float) -> float:
        return self.top + self.height * (self.high - value) / (self.high - self.low)

    def points(self, times: Floats, values: Floats) -> tuple[Point, ...]:
        return tuple((self.x(t_s), self.y(value)) for t_s, value in zip(times.tolist(), values.tolist(), strict=True))


def pictures(material: Material) -> dict[str, Scene]:
    """Each by itself, by the name of its file."""
    return {name: labelled(material, maker) for name, maker in makers(material).items()}


def makers(material: Material) -> dict[str, Maker]:
    """What can be drawn of it: without expressions who was there, without a face nothing."""
    if not material.reads_expressions:
        return {"presence": presence} if len(material.readings.frame) else {}
    return MAKERS if material.instants.distribution is not None else {}


def labelled(material: Material, maker: Maker) -> Scene:
    return framed(maker(material), (f"{material.name} · {material.label.made_by}", material.label.made_with))


def series(material: Material, width: float = WIDTH, height: float = 300.0) -> Scene:
    environment, instants = material.environment, material.instants
    low, high = math.floor(min(environment.values) * 2) / 2, math.ceil(max(environment.values) * 2) / 2
    plot = Plot(LEFT, LEGEND, width - LEFT, height - LEGEND - AXIS, material.info.duration_s, low, high)
    shapes: list[Shape] = [*_grid(plot), *_times(plot), *_band(material, plot)]
    axis = timeline.axis(instants.times, plot.until_s)
    each = axis.over(score(instants.probabilities, environment))
    kept = extremes(axis.times, each, MAX_POINTS, axis.holes)
    shapes += _line(plot, axis.times[kept], each[kept], COLOURS["line-instant"], 0.6)
    for name, window_s in reversed(timeline.WINDOWS_S.items()):
        full_s = timeline.first_full_s(instants, window_s) if math.isfinite(window_s) else 0.0
        at_s, shown = _smoothed(material, window_s)
        full = len(at_s) if full_s is None else int(np.searchsorted(at_s, full_s - 1e-9))
        colour, thick = COLOURS[f"line-{name}"], WIDTHS[name]
        shapes += _line(plot, at_s[: full + 1], shown[: full + 1], colour, thick, DOTTED)
        shapes += _line(plot, at_s[full:], shown[full:], colour, thick)
    shapes += _marks(material, plot)
    shapes += _legend([(COLOURS[f"line-{name}"], figures.LABELS[name]) for name in timeline.WINDOWS_S], width)
    title = f"Engagement over time, read as a {environment.label.lower()} audience"
    return Scene(width, height, title, _summary(material), tuple(shapes))


def _smoothed(material: Material, window_s: float) -> tuple[Floats, Floats]:
    """The points of a smoothed line, as the page draws them."""
    axis = timeline.axis(material.instants.times, material.info.duration_s)
    values = axis.over(score(timeline.rolling(material.instants, window_s), material.environment))
    return every(axis.times, values, MAX_POINTS, axis.holes)


def _summary(material: Material) -> str:
    band = bands.overall_band(material.instants, material.environment)
    if band is None:
        return "No face could be read, so there is no score."
    over = clock(material.info.duration_s)
    if material.stopped_at_s is not None:
        over = f"the first {clock(material.stopped_at_s)} of {over}"
    return (
        f"Engagement {band.score:.2f} of 5 (95 % interval {band.low:.2f} to {band.high:.2f}) over "
        f"{over}, read as a {material.environment.label.lower()} audience."
    )


def _grid(plot: Plot) -> list[Shape]:
    steps = np.arange(plot.low, plot.high + 0.01, 0.5).tolist()
    found: list[Shape] = []
    for value in steps:
        y = plot.y(value)
        found.append(Line(((plot.left, y), (plot.left + plot.width, y)), HAIRLINE))
        found.append(Words(plot.left - 10, y + 4, f"{value:.1f}", SMALL, anchor="end"))
    return found


def _times(plot: Plot) -> list[Shape]:
    step_s = next((step for step in TICK_STEPS_S if plot.until_s / step <= 8), TICK_STEPS_S[-1])
    bottom = plot.top + plot.height
    found: list[Shape] = []
    for t_s in np.arange(0, plot.until_s + 1e-9, step_s).tolist():
        x = plot.x(t_s)
        end = x > plot.left + plot.width - 14
        found.append(Line(((x, bottom), (x, bottom + 4)), INK_SOFT, 0.8))
        found.append(Words(x, bottom + 18, clock(t_s), SMALL, anchor="end" if end else "middle"))
    return found


def _line(
    plot: Plot, times: Floats, values: Floats, colour: str, width: float, dash: tuple[float, ...] = ()
) -> list[Shape]:
    """Broken where there is no value."""
    stretches = [(a, b) for a, b in runs(np.isfinite(values)) if b - a > 1]
    return [Line(plot.points(times[a:b], values[a:b]), colour, width, dash) for a, b in stretches]


def _band(material: Material, plot: Plot) -> list[Shape]:
    points = _smoothed(material, timeline.WINDOWS_S[figures.BANDED])
    found = figures.band(material.instants, material.environment, *points)
    outlines = [
        (*plot.points(found.times[a:b], found.low[a:b]), *plot.points(found.times[a:b], found.high[a:b])[::-1])
        for a, b in runs(np.isfinite(found.low))
        if b - a > 1
    ]
    return [Area(outline, COLOURS[f"line-{figures.BANDED}"], 0.18) for outline in outlines]


def _marks(material: Material, plot: Plot) -> list[Shape]:
    """A number at the top of the chart for each moment, as in the list of moments."""
    found: list[Shape] = []
    for number, moment in enumerate(material.moments.found, start=1):
        x = plot.x(moment.t_s)
        found.append(Line(((x, plot.top), (x, plot.top + plot.height)), INK_SOFT, 0.6, (2.0, 2.0)))
        found.append(Words(min(x + 3, plot.left + plot.width - 8), plot.top + 10, str(number), 10, INK, bold=True))
    return found


def _legend(entries: Sequence[tuple[str, str]], width: float) -> list[Shape]:
    """From the right edge to the left, a stroke and its name each."""
    found: list[Shape] = []
    x = width
    for colour, label in reversed(entries):
        x -= 7.2 * len(label) + 6
        found.append(Words(x, 12, label, SMALL))
        found.append(Line(((x - 24, 8), (x - 6, 8)), colour, 2.4))
        x -= 42
    return found


def environments(material: Material, width: float = WIDTH, row: float = 40.0) -> Scene:
    found = bands.overall_bands(material.instants, ENVIRONMENTS) or ()
    left, right = 130.0, 60.0
    height = row * len(ENVIRONMENTS) + AXIS
    across = (width - left - right) / (charts.HIGHEST - charts.LOWEST)
    shapes: list[Shape] = []
    for value in range(int(charts.LOWEST), int(charts.HIGHEST) + 1):
        x = left + (value - charts.LOWEST) * across
        shapes.append(Line(((x, 0), (x, height - AXIS)), HAIRLINE))
        shapes.append(Words(x, height - 6, str(value), SMALL, anchor="middle"))
    for index, (environment, band) in enumerate(zip(ENVIRONMENTS, found, strict=False)):
        chosen = environment == material.environment
        colour, bar = ("accent", "interval-chosen") if chosen else ("ink-soft", "interval")
        low, at, high = (left + (value - charts.LOWEST) * across for value in (band.low, band.score, band.high))
        y = row * (index + 0.5)
        shapes += [
            Box(low, y - 6, high - low, 12, COLOURS[bar]),
            Dot(at, y, 5, COLOURS[colour]),
            Words(left - 14, y + 5, environment.label, 14, COLOURS[colour], "end", chosen),
            Words(width, y + 5, f"{band.score:.2f}", 14, COLOURS[colour], "end", chosen),
        ]
    title = "The same faces, four ways of reading them"
    scores = ", ".join(
        f"{each.label} {band.score:.2f} ({band.low:.2f} to {band.high:.2f})"
        for each, band in zip(ENVIRONMENTS, found, strict=False)
    )
    return Scene(width, height, title, f"Engagement of 5 with its 95 % interval: {scores}.", tuple(shapes))


def distribution(material: Material, width: float = WIDTH, row: float = 34.0) -> Scene:
    """Bars: lengths are compared more surely than the angles of a ring."""
    means = material.instants.distribution
    shares = [0.0] * len(EMOTIONS) if means is None else means.tolist()
    left, right = 90.0, 64.0
    across = (width - left - right) / max(*shares, 1e-9)
    shapes: list[Shape] = []
    for index, (emotion, share) in enumerate(zip(EMOTIONS, shares, strict=True)):
        y = row * index
        shapes += [
            Words(left - 12, y + row / 2 + 5, emotion, 14, INK, "end"),
            Box(left, y + 5, share * across, row - 10, COLOURS[charts.role(emotion)]),
            Words(left + share * across + 8, y + row / 2 + 5, f"{share:.1%}".replace("%", " %"), 14, INK),
        ]
    words = ", ".join(f"{emotion} {share:.1%}" for emotion, share in zip(EMOTIONS, shares, strict=True))
    return Scene(width, row * len(EMOTIONS), "Apparent expressions", f"Shares: {words}.", tuple(shapes))


def faces(material: Material, width: float = WIDTH) -> Scene:
    """The most probable apparent expression of each face over time."""
    readings, duration_s = material.readings, material.info.duration_s
    found = figures._lanes(readings)
    figure = lanes.lanes(found, readings.times, EMOTIONS, duration_s, timeline.longest_hold_s(readings.times))
    plot = Plot(72.0, LEGEND, width - 72.0, LANE * max(len(found), 1), duration_s)
    rows = {lane.label: plot.top + LANE * index for index, lane in enumerate(found)}
    shapes: list[Shape] = [*_times(plot)]
    shapes += [Words(60, y + LANE - 4, label, 11, anchor="end") for label, y in rows.items()]
    for trace in figure["data"]:
        for label, start_s, length_s in zip(trace["y"], trace["base"], trace["x"], strict=True):
            x, end = plot.x(start_s), plot.x(start_s + length_s)
            shapes.append(Box(x, rows[label] + 2, max(end - x, 0.6), LANE - 4, COLOURS[trace["meta"]["colour"]]))
    keys = [(COLOURS[trace["meta"]["colour"]], str(trace["name"])) for trace in figure["data"]]
    shapes += _legend(keys, width)
    height = plot.top + plot.height + AXIS
    summary = f"{len(found)} faces, each coloured by its most probable apparent expression."
    return Scene(width, height, "Face by face", summary, tuple(shapes))


def presence(material: Material, width: float = WIDTH, height: float = 240.0) -> Scene:
    """Faces in view over time, as steps."""
    readings, until_s = material.readings, material.info.duration_s
    times, counts = attendance_figures.steps(readings, until_s)
    kept = extremes(times, counts, MAX_POINTS, np.isnan(counts))
    most = int(np.nanmax(counts))
    plot = Plot(LEFT, LEGEND, width - LEFT, height - LEGEND - AXIS, until_s, 0.0, most + 1.0)
    at_s = np.repeat(times[kept], 2)[1:]
    steps = np.repeat(counts[kept], 2)[:-1]
    shapes: list[Shape] = [*_times(plot)]
    for count in range(0, most + 2, max(1, round((most + 1) / 5))):
        y = plot.y(count)
        shapes.append(Line(((plot.left, y), (plot.left + plot.width, y)), HAIRLINE))
        shapes.append(Words(plot.left - 10, y + 4, str(count), SMALL, anchor="end"))
    shapes += _line(plot, at_s, steps, COLOURS["accent"], 1.6)
    found = material.result["presence"]
    summary = f"A face was in view {found['share']:.0%} of the time; at most {most} at once."
    return Scene(width, height, "Faces in view over time", summary, tuple(shapes))


MAKERS: Final[dict[str, Maker]] = {
    "series": series,
    "environments": environments,
    "distribution": distribution,
    "faces": faces,
}
