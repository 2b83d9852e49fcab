"""Figures hold the numbers that they were given, where they were given, and plotly accepts them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from analytics import charts, lanes
from analytics.charts import Band, Figure, Floats, Interval, Line
from analytics.lanes import Lane
from analytics.reduction import every, extremes, runs
from emotion_ml.labels import EMOTIONS

TIMES = np.arange(0.0, 100.0, 0.2)


def accepted(figure: Figure) -> Figure:
    """As the browser gets it, having passed plotly's own validation."""
    sent: Figure = json.loads(json.dumps(figure, allow_nan=False))
    go.Figure(data=sent["data"], layout=sent["layout"])
    return sent


def wave(times: Floats) -> Floats:
    return 3 + np.sin(times / 7)


def lines_of(figure: Figure, name: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace["meta"].get("line") == name and not trace["meta"].get("band")]


def plain_series(values: Floats, **given: Any) -> Figure:
    line = Line("30s", "30 seconds", full_s=30.0, values=values)
    return accepted(charts.series(TIMES, values, [line], given.get("bands", []), 100.0, (2.2, 3.8)))


def test_the_ring_holds_the_shares_in_their_order() -> None:
    shares = dict(zip(EMOTIONS, (0.1, 0.2, 0.4, 0.25, 0.05), strict=True))
    ring = accepted(charts.distribution(shares))["data"][0]
    assert dict(zip(ring["labels"], ring["values"], strict=True)) == shares
    assert ring["sort"] is False
    assert ring["meta"]["colours"][0] == "expression-angry"


def test_the_environments_show_score_and_interval_and_mark_the_chosen_one() -> None:
    given = [Interval("classroom", "Classroom", 3.4, 3.2, 3.7), Interval("general", "General", 2.9, 2.8, 3.0)]
    figure = accepted(charts.environments(given, "general"))
    first, second = figure["data"]
    assert first["x"] == [3.4]
    assert (first["error_x"]["arrayminus"], first["error_x"]["array"]) == ([0.2], [0.3])
    assert (first["meta"]["colour"], second["meta"]["colour"]) == ("ink-soft", "accent")
    assert {note["text"] for note in figure["layout"]["annotations"]} == {"Classroom", "3.4", "General", "2.9"}


def test_a_short_series_is_drawn_as_it_is() -> None:
    instant = lines_of(plain_series(wave(TIMES)), "instant")[0]
    np.testing.assert_allclose(instant["x"], TIMES, atol=1e-9)
    np.testing.assert_allclose(instant["y"], wave(TIMES), atol=5e-5)


def test_a_gap_breaks_the_line_and_is_never_bridged() -> None:
    values = wave(TIMES)
    values[100:150] = np.nan
    instant = lines_of(plain_series(values), "instant")[0]
    assert instant["y"][100:150] == [None] * 50
    assert instant["connectgaps"] is False


def test_a_line_is_dotted_until_its_window_is_full_and_its_parts_meet() -> None:
    filling, full = lines_of(plain_series(wave(TIMES)), "30s")
    assert filling["line"]["dash"] == "dot"
    assert "dash" not in full["line"]
    assert filling["x"][-1] == full["x"][0] == pytest.approx(30.0)


def test_a_window_that_never_fills_stays_dotted_to_the_end() -> None:
    line = Line("60s", "1 minute", full_s=float("inf"), values=wave(TIMES))
    figure = accepted(charts.series(TIMES, wave(TIMES), [line], [], 100.0, (1.0, 5.0)))
    (only,) = lines_of(figure, "60s")
    assert only["line"]["dash"] == "dot"
    assert len(only["x"]) == len(TIMES)


def test_a_band_is_one_closed_outline_for_each_stretch_with_values() -> None:
    low, high = np.array([2.0, 2.1, np.nan, 2.2, 2.3]), np.array([3.0, 3.1, np.nan, 3.2, 3.3])
    band = Band("30s", np.arange(5.0), low, high)
    outline = plain_series(wave(TIMES), bands=[band])["data"][0]
    assert outline["x"] == [0, 1, 1, 0, None, 3, 4, 4, 3]
    assert outline["y"] == [2.0, 2.1, 3.1, 3.0, None, 2.2, 2.3, 3.3, 3.2]


def test_the_axis_covers_what_the_environment_can_give() -> None:
    assert plain_series(wave(TIMES))["layout"]["yaxis"]["range"] == [2.0, 4.0]


def test_a_long_series_is_thinned_out_to_points_that_were_measured() -> None:
    times = np.arange(0.0, 7200.0, 0.2)
    values = wave(times)
    values[20_000] = 4.9
    figure = accepted(charts.series(times, values, [Line("30s", "", 30.0, values)], [], 7200.0, (1.0, 5.0)))
    instant = lines_of(figure, "instant")[0]
    assert len(instant["x"]) <= charts.MAX_POINTS + 1
    assert instant["x"][0] == 0.0
    assert 4.9 in instant["y"]
    row = np.rint(np.array(instant["x"]) * 5).astype(int)
    np.testing.assert_allclose(instant["y"], values[row], atol=5e-5)
    assert (
        sum(len(part["x"]) for part in lines_of(figure, "30s")) <= charts.MAX_POINTS + 2
    )  # where it begins, and where its parts meet


def test_thinning_keeps_a_stretch_without_values_as_a_gap() -> None:
    times = np.arange(0.0, 4000.0)
    values = wave(times)
    values[1000:1100] = np.nan
    kept = extremes(times, values, 400)
    assert np.isnan(values[kept]).sum() == 5
    assert np.isfinite(values[kept]).sum() > 350


def test_every_ends_at_the_last_row_and_breaks_over_any_gap() -> None:
    times = np.arange(10.0)
    values = np.where(times == 4, np.nan, times)
    at, kept = every(times, values, 4)
    assert at.tolist() == [0, 3, 6, 9]
    assert np.isnan(kept).tolist() == [False, False, True, False]


def test_a_thinned_line_begins_where_it_begins() -> None:
    times = np.arange(100.0)
    values = np.where(times < 5, np.nan, times)
    at, kept = every(times, values, 10)
    assert at.tolist() == [5, *range(9, 100, 10)]
    assert kept.tolist() == at.tolist()
    at, kept = every(times, np.where(times < 15, np.nan, times), 10)
    assert at.tolist() == [9, 15, *range(19, 100, 10)]
    assert np.isnan(kept).tolist() == [True] + [False] * 10


def test_what_is_told_of_a_line_is_told_of_all_of_it() -> None:
    times = np.arange(0.0, 7200.0, 0.2)
    values = np.where(times < 1, np.nan, wave(times))
    values[[20_000, 20_001]] = [4.9, 1.1]
    found = charts.told(times, values, (0.0, 7200.0))
    assert (found["highest"], found["lowest"]) == ([4000.0, 4.9], [4000.2, 1.1])
    assert found["begins"] == [1.0, pytest.approx(values[5], abs=1e-4)]
    assert found["ends"] == [7199.8, pytest.approx(values[-1], abs=1e-4)]
    assert charts.told(times, values, (60.0, 60.5))["begins"][0] == 60.0
    assert charts.told(times, values, (0.0, 0.5)) == {}


def test_runs_finds_each_stretch() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.array([False])) == []


def one_lane(kinds: list[int], used: list[bool] | None = None) -> Lane:
    probabilities = np.full((len(kinds), 5), 0.05, np.float32)
    probabilities[np.arange(len(kinds)), kinds] = 0.8
    instant = np.arange(len(kinds), dtype=np.int32)
    return Lane("Face 7", instant, probabilities, np.array(used or [True] * len(kinds)))


def lane_figure(lane: Lane, seconds: int, times: Floats | None = None) -> Figure:
    """Of a reading every second, unless other times are given."""
    at_s = np.arange(float(seconds)) if times is None else times
    return accepted(lanes.lanes([lane], at_s, EMOTIONS, float(seconds), 2.0))


def bars(figure: Figure) -> dict[str, list[tuple[float, float]]]:
    found = {trace["name"]: list(zip(trace["base"], trace["x"], strict=True)) for trace in figure["data"]}
    return {name: bars for name, bars in found.items() if bars}


def test_a_lane_is_cut_where_the_expression_changes() -> None:
    figure = lane_figure(one_lane([1, 1, 1, 3, 3]), 5)
    assert bars(figure) == {"Happy": [(0.0, 3.0)], "Sad": [(3.0, 2.0)]}


def test_a_face_left_out_has_its_own_colour() -> None:
    figure = lane_figure(one_lane([1, 1, 1], [True, False, True]), 3)
    assert bars(figure) == {"Happy": [(0.0, 1.0), (2.0, 1.0)], "Left out": [(1.0, 1.0)]}


def test_a_face_of_which_no_expression_has_half_is_uncertain() -> None:
    sure = one_lane([1, 1, 1])
    unsure = np.array([0.1, 0.49, 0.21, 0.1, 0.1], np.float32)
    lane = Lane(sure.label, sure.instant, np.stack([sure.probabilities[0], unsure, sure.probabilities[2]]), sure.used)
    assert bars(lane_figure(lane, 3)) == {"Happy": [(0.0, 1.0), (2.0, 1.0)], "Uncertain": [(1.0, 1.0)]}


def test_a_lane_is_empty_where_its_face_was_not_seen() -> None:
    lane = one_lane([1, 1, 1, 1])
    apart = Lane(lane.label, np.array([0, 1, 8, 9], np.int32), lane.probabilities, lane.used)
    assert bars(lane_figure(apart, 10)) == {"Happy": [(0.0, 2.0), (8.0, 2.0)]}


def test_readings_at_uneven_times_leave_no_false_gaps() -> None:
    times = np.array([0.0, 0.17, 0.5, 0.67, 1.2, 1.4])
    (stretch,) = bars(lane_figure(one_lane([2] * 6), 2, times))["Neutral"]
    assert stretch == (0.0, 2.0)


def test_a_hole_in_the_file_is_a_gap() -> None:
    times = np.array([0.0, 1.0, 30.0, 31.0])
    assert bars(lane_figure(one_lane([2] * 4), 32, times))["Neutral"] == [(0.0, 3.0), (30.0, 2.0)]


def test_a_long_lane_has_no_more_steps_than_an_eye_can_tell_apart() -> None:
    figure = lane_figure(one_lane([1, 3] * 5000), 10_000)
    assert sum(len(trace["x"]) for trace in figure["data"]) <= lanes.COLUMNS


def test_times_are_written_as_a_player_writes_them() -> None:
    assert [charts.clock(seconds) for seconds in (0.0, 59.99, 60.0, 3661.0)] == ["0:00", "0:59", "1:00", "1:01:01"]
