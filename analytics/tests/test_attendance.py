"""Who was in view, and when: on true time, whether or not anything was read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.urls import reverse

from analytics import attendance, attendance_figures
from analytics.readings import Readings
from analytics.tests.finished import finished, owner
from analytics.tests.synthetic import audience, dirichlet, info, nobody
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading


def unread(counts: list[int], spacing_s: float = 0.2, start_s: float = 0.0) -> Readings:
    """So many faces at each instant, none of them read."""
    quality = Quality(80, 0.1, 5)
    return Readings.of(
        [
            Reading(
                start_s + k * spacing_s,
                tuple(Face(n + 1, Box(100.0 * n, 0, 80, 90), (), quality, LeftOut.UNREAD) for n in range(count)),
            )
            for k, count in enumerate(counts)
        ]
    )


def test_presence_is_a_share_of_time() -> None:
    found = attendance.presence(unread([1] * 30 + [0] * 10), 8.0)
    assert found["share"] == pytest.approx(0.75)
    assert (found["mean_faces"], found["most_faces"]) == (pytest.approx(0.75), 1)
    assert (found["longest_gap_s"], found["longest_gap_from_s"]) == (pytest.approx(2.0), pytest.approx(6.0))


def test_it_is_the_same_whether_faces_were_read_or_not() -> None:
    read = audience(np.arange(40) / 5, dirichlet(40, 2))
    assert attendance.presence(read, 8.0) == attendance.presence(unread([2] * 40), 8.0)


def test_a_hole_in_the_file_is_neither_presence_nor_absence() -> None:
    holed = Readings.concat([unread([1] * 10), unread([1] * 10, start_s=60.0)])
    found = attendance.presence(holed, 62.0)
    assert found["share"] == pytest.approx((1.8 + 2.0 + 2.0) / 62, abs=0.01)
    assert found["longest_gap_from_s"] is None
    assert np.array(attendance.stretches(holed, 62.0)) == pytest.approx(np.array([[0.0, 3.8], [60.0, 62.0]]))


def test_nobody_and_nothing_are_known_to_be_so() -> None:
    assert attendance.presence(nobody(np.arange(10) / 5), 2.0)["share"] == 0.0
    assert attendance.presence(nobody([]), 2.0) == {
        "share": 0.0,
        "mean_faces": 0.0,
        "most_faces": 0,
        "longest_gap_s": 0.0,
        "longest_gap_from_s": None,
    }
    assert attendance_figures.figures(nobody(np.arange(10) / 5), info(2.0)) == {}


def test_the_chart_counts_faces_and_breaks_where_the_file_has_a_hole() -> None:
    holed = Readings.concat([unread([1, 3, 2]), unread([2, 2], start_s=60.0)])
    (line,) = attendance_figures.figures(holed, info(62.0))["series"]["data"]
    assert line["y"] == [1, 3, 2, None, 2, 2, 2]
    assert line["x"][3] == pytest.approx(0.4 + 2.0)


def test_a_long_chart_stays_small_and_keeps_the_most_and_the_fewest() -> None:
    counts = [2] * 36_000
    counts[12_345], counts[23_456] = 7, 0
    (line,) = attendance_figures.figures(unread(counts), info(7200.0))["series"]["data"]
    assert len(line["x"]) <= 1300
    assert (max(line["y"]), min(line["y"])) == (7, 0)


def test_a_stretch_has_every_reading_of_it_on_the_scale_of_the_whole() -> None:
    counts = [1 + (k // 7) % 2 for k in range(36_000)]
    counts[30_000] = 9
    found, room = unread(counts), info(7200.0)
    whole, part = attendance_figures.figures(found, room), attendance_figures.stretch(found, room, 100.0, 130.0)
    (line,) = part["series"]["data"]
    times = np.array(line["x"])
    assert (times[0], times[-1]) == (pytest.approx(99.8), pytest.approx(130.2))  # so that the line reaches the edges
    assert line["y"] == counts[499:652]
    assert part["series"]["layout"]["xaxis"]["range"] == [100.0, 130.0]
    assert part["series"]["layout"]["yaxis"] == whole["series"]["layout"]["yaxis"]


def test_a_stretch_has_the_same_lanes_exactly_placed() -> None:
    found, room = unread([2] * 20 + [1] * 20), info(8.0)
    whole, part = attendance_figures.figures(found, room), attendance_figures.stretch(found, room, 3.0, 5.0)
    assert part["lanes"]["layout"]["yaxis"] == whole["lanes"]["layout"]["yaxis"]
    (seen,) = part["lanes"]["data"]
    assert seen["y"] == ["Face 1", "Face 2"]
    assert seen["base"] == pytest.approx([2.8, 2.8])
    assert seen["base"][1] + seen["x"][1] == pytest.approx(4.0)
    assert attendance_figures.stretch(nobody(np.arange(10) / 5), info(2.0), 0.0, 1.0) == {}


@pytest.mark.django_db
def test_the_page_zooms_into_a_recording_without_expressions(data_dir: Path) -> None:
    recording = finished(data_dir, unread([1, 2] * 150), 60.0, reads_expressions=False)
    keys, browser = [recording.session_id, recording.id], owner()
    page = browser.get(reverse("recording-show", args=keys)).content.decode()
    assert page.count("data-zoom-controls") == 1
    assert "zoom the time axis" in page
    figures = reverse("recording-figures", args=[*keys, recording.environment])
    whole = browser.get(figures).json()["series"]["layout"]["xaxis"]["range"]
    part = browser.get(f"{figures}?from=20&to=30").json()
    assert (whole, part["series"]["layout"]["xaxis"]["range"]) == ([0.0, 60.0], [20.0, 30.0])
    assert part["lanes"]["layout"]["xaxis"]["range"] == [20.0, 30.0]
    assert part["series"]["data"][0]["x"][0] == pytest.approx(19.8)
    assert browser.get(f"{figures}?from=20&to=1000").status_code == 400


def test_a_stretch_in_a_hole_is_empty() -> None:
    holed = Readings.concat([unread([1, 3, 2]), unread([2, 2], start_s=60.0)])
    part = attendance_figures.stretch(holed, info(62.0), 20.0, 40.0)
    assert set(part["series"]["data"][0]["y"]) == {None, 2}
    assert part["series"]["data"][0]["y"][0] is None


def test_each_face_has_a_lane_without_a_word_about_its_expression() -> None:
    lanes = attendance_figures.figures(unread([2] * 20 + [1] * 20), info(8.0))["lanes"]
    (seen,) = lanes["data"]
    assert (seen["name"], seen["y"]) == ("In view", ["Face 1", "Face 2"])
    assert seen["x"] == [pytest.approx(8.0), pytest.approx(4.0)]


def test_readings_without_probabilities_survive_the_file() -> None:
    kept = Readings.from_bytes(unread([1, 2]).to_bytes())
    assert np.isnan(kept.probabilities).all()
    assert set(kept.left_out.tolist()) == {LeftOut.UNREAD}
    assert not kept.used.any()
