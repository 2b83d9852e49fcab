"""Where nothing was read, nothing is drawn: no line, band or step reaches over a hole in a file or a webcam's pause."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest

from analytics import attendance_figures, charts, figures, laboratory, timeline
from analytics.exports import pictures
from analytics.exports.scene import Area, Line
from analytics.reduction import every, extremes
from analytics.scoring import ENVIRONMENTS
from analytics.tests.exported import material, unread
from analytics.tests.synthetic import audience, dirichlet, info
from analytics.timeline import Floats

SEMINAR: Final = ENVIRONMENTS[2]
Hole = tuple[float, float]

PAUSE: Final = (np.r_[np.arange(0, 60, 0.04), np.arange(75, 120, 0.04)], (61.96, 75.0))
"""A webcam's, of a quarter of a minute."""
SHORT: Final = (np.r_[np.arange(0, 60, 0.2), np.arange(120, 160, 0.2)], (61.8, 120.0))
LONG: Final = (np.r_[np.arange(0, 5008, 0.2), np.arange(5068, 10_000, 0.2)], (5009.8, 5068.0))
"""Thinned out, and the hole lies within one stretch of what is kept."""
STOPPED: Final = (np.arange(0, 600, 0.2), (601.8, 7200.0))
CASES: Final = pytest.mark.parametrize(
    ("times", "hole"), [PAUSE, SHORT, LONG, STOPPED], ids=["pause", "short", "long", "end"]
)


def until_s(times: Floats, hole: Hole) -> float:
    return max(hole[1], float(times[-1]) + 0.2)


def over(hole: Hole, x: list[Any], y: list[Any]) -> list[Any]:
    """Neighbouring points with a value on either side of a hole."""
    known = [t_s if value is not None else None for t_s, value in zip(x, y, strict=True)]
    middle_s = sum(hole) / 2
    return [(a, b) for a, b in pairwise(known) if a is not None and b is not None and min(a, b) < middle_s < max(a, b)]


def at(t_s: float, x: list[float], y: list[Any]) -> Any:
    """As the page looks a value up: the last one at or before."""
    return y[int(np.searchsorted(x, t_s, side="right")) - 1]


@CASES
def test_neither_lines_nor_bands_reach_over_a_hole(times: Floats, hole: Hole) -> None:
    readings = audience(times, dirichlet(len(times), 1))
    end_s = until_s(times, hole)
    zoomed = figures.stretch(readings, SEMINAR, max(hole[0] - 10, 0.0), min(hole[0] + 80, end_s))
    for figure in (figures.figures(readings, info(end_s), SEMINAR)["series"], zoomed["series"]):
        assert {trace["meta"]["line"] for trace in figure["data"]} == {"instant", *timeline.WINDOWS_S}
        for trace in figure["data"]:
            assert over(hole, trace["x"], trace["y"]) == []
            if not trace["meta"].get("band") and "filling" not in trace["meta"] and trace["x"][0] < hole[0]:
                assert at(hole[0] + 1, trace["x"], trace["y"]) is None
                assert at(hole[0] - 1.9, trace["x"], trace["y"]) is not None
                assert max(t_s for t_s in trace["x"] if t_s < hole[0]) == pytest.approx(hole[0] - 2.0, abs=0.1)


def test_a_stretch_within_a_hole_shows_nothing() -> None:
    times, hole = SHORT
    within = figures.stretch(audience(times, dirichlet(len(times), 1)), SEMINAR, 80.0, 100.0)["series"]
    for trace in within["data"]:
        assert over(hole, trace["x"], trace["y"]) == []
        assert trace["meta"].get("band") or at(90.0, trace["x"], trace["y"]) is None


@CASES
def test_steps_of_presence_do_not_either(times: Floats, hole: Hole) -> None:
    readings = unread(audience(times, dirichlet(len(times), 1)))
    (line,) = attendance_figures.figures(readings, info(until_s(times, hole)))["series"]["data"]
    assert over(hole, line["x"], line["y"]) == []


@CASES
def test_nor_the_pictures_that_are_taken_away(times: Floats, hole: Hole) -> None:
    end_s = until_s(times, hole)
    made = material(audience(times, dirichlet(len(times), 1)), info=info(end_s))
    width_px = pictures.WIDTH - pictures.LEFT
    edges = [pictures.LEFT + width_px * t_s / end_s for t_s in hole]
    drawn = [shape for shape in pictures.series(made).shapes if isinstance(shape, Line | Area)]
    colours = {charts.COLOURS[f"line-{name}"] for name in ("instant", *timeline.WINDOWS_S)}
    lines = [shape.points for shape in drawn if shape.colour in colours and len(shape.points) > 2]
    assert len(lines) >= 4
    for points in lines:
        assert not min(x for x, _ in points) < sum(edges) / 2 < max(x for x, _ in points)


@CASES
def test_nor_the_lines_of_the_laboratory(times: Floats, hole: Hole) -> None:
    readings, end_s = audience(times, dirichlet(len(times), 1)), until_s(times, hole)
    bench = laboratory.bench(timeline.instants(readings), [], SEMINAR, end_s)
    assert bench is not None
    for table in (bench.readings, bench.rolling):
        shares = [None if np.isnan(value) else value for value in table[:, 1].tolist()]
        assert over(hole, table[:, 0].tolist(), shares) == []
        assert np.isfinite(table[:, 1]).sum() > 200


def test_thinning_keeps_every_hole_and_what_lies_beside_it() -> None:
    times = np.r_[np.arange(0, 3000, 0.2), np.arange(3003, 6000, 0.2)]
    axis = timeline.axis(times, 6000.0)
    (hole,) = np.flatnonzero(axis.holes)
    values = axis.over(np.sin(times))
    beside = axis.times[hole - 1 : hole + 2]
    kept = extremes(axis.times, values, 400, axis.holes)
    assert set(range(hole - 1, hole + 2)) <= set(kept.tolist())
    at_s, shown = every(axis.times, values, 400, axis.holes)
    where = np.searchsorted(at_s, beside)
    assert at_s[where].tolist() == beside.tolist()
    assert np.isnan(shown[where]).tolist() == [False, True, False]
    assert max(len(kept), len(at_s)) <= 404  # and where the line begins


def test_what_has_no_hole_has_no_row_more() -> None:
    times = np.arange(0, 60, 0.2)
    assert timeline.axis(times, 60.0).times.tolist() == times.tolist()
    assert timeline.axis(np.arange(0.0, 300.0, 10.0), 300.0).holes.sum() == 0  # a slow time-lapse has none
    assert timeline.axis(np.empty(0), 60.0).times.tolist() == []


def test_what_is_told_of_a_reading_holds_as_long_as_it_counts() -> None:
    """Of the whole recording's readings, also where those of the part are further apart; its boxes do not."""
    times = np.r_[np.arange(0, 60, 0.2), np.arange(60, 90, 1.5)]
    part = figures.boxes(audience(times, dirichlet(len(times), 1)), 60.0, 80.0, 0.2)
    assert part["told_s"] == timeline.longest_hold_s(times) == 2.0
    assert part["hold_s"] == pytest.approx(0.3)
    sparse = np.arange(0.0, 300.0, 10.0)
    assert figures.boxes(audience(sparse, dirichlet(len(sparse), 1)), 0.0, 20.0, 0.2)["told_s"] == 20.0
