from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics import timeline
from analytics.tests.synthetic import audience, dirichlet, nobody, one_hot
from analytics.timeline import MIN_COVERAGE, MIN_INSTANTS, Instants
from emotion_ml.types import LeftOut

HAPPY, SAD = one_hot("Happy"), one_hot("Sad")


def one_face(times: NDArray[np.float64], present: NDArray[np.bool_] | None = None, seed: int = 0) -> Instants:
    seen = None if present is None else present[:, None]
    return timeline.instants(audience(times, dirichlet(len(times), 1, seed), seen))


def test_an_instant_is_the_mean_over_its_used_faces() -> None:
    probabilities = np.stack([np.stack([HAPPY, SAD, SAD]), np.stack([HAPPY, HAPPY, SAD])])
    left_out = np.array([[LeftOut.USED, LeftOut.USED, LeftOut.SMALL], [LeftOut.BLURRED] * 2 + [LeftOut.TURNED]])
    found = timeline.instants(audience([0.0, 0.2], probabilities, left_out=left_out))

    assert found.faces.tolist() == [3, 3]
    assert found.used.tolist() == [2, 0]
    np.testing.assert_allclose(found.probabilities[0], (HAPPY + SAD) / 2, atol=1e-7)
    assert np.isnan(found.probabilities[1]).all()
    assert found.sightings.track.tolist() == [1, 2]


def test_shares_add_up_to_one_beyond_single_precision() -> None:
    found = timeline.instants(audience(np.arange(500) / 5, dirichlet(500, 3)))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-15)


def test_the_distribution_weighs_every_instant_with_a_face_alike() -> None:
    """One crowded moment and one long pause between pictures count no more than any other instant."""
    times = np.array([0.0, 0.2, 5.0])
    probabilities = np.stack([np.stack([HAPPY] * 3), np.stack([SAD] * 3), np.stack([SAD] * 3)])
    present = np.array([[True, True, True], [True, False, False], [False, False, False]])
    found = timeline.instants(audience(times, probabilities, present))
    assert found.distribution is not None
    np.testing.assert_allclose(found.distribution, (HAPPY + SAD) / 2, atol=1e-7)


def test_without_anybody_there_is_no_value_anywhere() -> None:
    for times in (np.empty(0), np.arange(50) / 5):
        found = timeline.instants(nobody(times))
        assert found.distribution is None
        assert timeline.coverage(found, 10.0) == 0
        assert np.isnan(timeline.rolling(found, 30.0)).all()
        assert timeline.rolling(found, 30.0).shape == (len(times), 5)
    assert timeline.detection_rate(timeline.instants(nobody([]))) is None
    assert timeline.first_full_s(timeline.instants(nobody([])), 30.0) is None


def test_coverage_is_a_share_of_time_not_of_pictures() -> None:
    """A clip that slows down: ten pictures in two seconds with a face, then five seconds in five pictures without."""
    times = np.concatenate([np.arange(10) / 5, 2 + np.arange(5)])
    found = one_face(times, times < 2)
    assert timeline.coverage(found, 7.0) == pytest.approx(2 / 7)


def test_an_instant_is_not_taken_to_last_through_a_hole_in_the_file() -> None:
    times = np.array([0.0, 0.2, 0.4, 100.0, 100.2])
    assert timeline.coverage(one_face(times), 100.4) == pytest.approx((0.4 + timeline.MAX_HOLD_S + 0.4) / 100.4)


def test_the_last_picture_stands_for_the_rest_and_a_short_duration_does_not_inflate() -> None:
    times = np.arange(10) / 5
    assert timeline.coverage(one_face(times), 2.0) == pytest.approx(1)
    assert timeline.coverage(one_face(times), 0.0) == pytest.approx(1)


def test_coarse_analysis_is_not_taken_for_absence() -> None:
    times = np.arange(0, 600, 5.0)
    assert timeline.coverage(one_face(times), 600.0) == pytest.approx(1)


@pytest.mark.parametrize("fps", [24, 60, 120])
def test_the_detection_rate_is_of_the_analysed_instants(fps: int) -> None:
    """The reference code divided sampled hits by all frames: 60 fps could never exceed 50 %, 120 fps 25 % (A5)."""
    times = np.round(np.arange(0, 20, 0.2) * fps) / fps
    assert timeline.detection_rate(one_face(times)) == 1
    assert timeline.detection_rate(one_face(times, times < 5)) == 0.25


def test_a_left_out_face_was_still_detected() -> None:
    left_out = np.full((10, 1), LeftOut.BLURRED)
    found = timeline.instants(audience(np.arange(10) / 5, dirichlet(10, 1), left_out=left_out))
    assert timeline.detection_rate(found) == 1
    assert timeline.coverage(found, 2.0) == 0


def naive(found: Instants, window_s: float) -> NDArray[np.float64]:
    """The same windows by definition, one at a time."""
    means = np.full((len(found.times), 5), np.nan)
    holds = np.minimum(np.diff(found.times, append=math.inf), timeline.longest_hold_s(found.times))
    for row, now in enumerate(found.times):
        inside = (found.times > now - window_s + timeline.TICK_S) & (found.times <= now) & (found.used > 0)
        ends, starts = np.minimum(found.times + holds, now), np.maximum(found.times, now - window_s)
        covered_s = np.maximum(ends - starts, 0)[found.used > 0].sum()
        elapsed_s = min(now - found.times[0], window_s)
        if inside.sum() >= MIN_INSTANTS and covered_s >= MIN_COVERAGE * elapsed_s - timeline.TICK_S:
            means[row] = found.probabilities[inside].mean(axis=0)
    return means


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.sampled_from([0.04, 0.2, 0.2, 0.2, 1.7, 6.0, 45.0]), min_size=1, max_size=120),
    presence=st.lists(st.booleans(), min_size=120, max_size=120),
    window_s=st.sampled_from([2.0, 30.0, math.inf]),
)
def test_rolling_means_are_those_of_the_definition(gaps: list[float], presence: list[bool], window_s: float) -> None:
    found = one_face(np.cumsum(gaps), np.array(presence[: len(gaps)]))
    np.testing.assert_allclose(timeline.rolling(found, window_s), naive(found, window_s), atol=1e-12)


def test_two_hours_keep_nine_digits() -> None:
    found = one_face(np.arange(36_000) / 5)
    rolling, cumulative = timeline.rolling(found, 30.0), timeline.cumulative(found)
    for row in (149, 150, 20_000, 35_999):
        window = found.probabilities[max(row - 149, 0) : row + 1]
        exact = [math.fsum(column) / len(window) for column in window.T]
        np.testing.assert_allclose(rolling[row], exact, rtol=0, atol=1e-12)
    exact = [math.fsum(column) / 36_000 for column in found.probabilities.T]
    np.testing.assert_allclose(cumulative[-1], exact, rtol=0, atol=1e-12)
    assert found.distribution is not None
    np.testing.assert_allclose(cumulative[-1], found.distribution, rtol=0, atol=1e-12)


@pytest.mark.parametrize("fps", [24, 25, 30000 / 1001, 50, 60000 / 1001, 60])
def test_windows_are_seconds_at_every_frame_rate(fps: float) -> None:
    """The reference code called a frame 1/30 s and windows a number of samples (A3, A11)."""
    times = np.ceil(np.arange(0, 120, 0.2) * fps - 1e-9) / fps
    probabilities = np.where((times < 60)[:, None], HAPPY, SAD)[:, None]
    found = timeline.instants(audience(times, probabilities))
    happy = timeline.rolling(found, 30.0)[:, 1]

    half = times[np.nanargmin(np.abs(happy - (HAPPY[1] + SAD[1]) / 2))]
    assert half == pytest.approx(75, abs=0.201)
    np.testing.assert_allclose(happy[(times > 1) & (times < 60)], HAPPY[1], atol=1e-7)
    np.testing.assert_allclose(happy[times > 90 + 1 / fps], SAD[1], atol=1e-7)


def test_time_without_faces_shifts_nothing() -> None:
    """The reference code's clock only ran while a face was seen (A3)."""
    times = np.arange(0, 100, 0.2)
    probabilities = np.where((times < 70)[:, None], HAPPY, SAD)[:, None]
    found = timeline.instants(audience(times, probabilities, ((times < 20) | (times >= 40))[:, None]))
    happy = found.probabilities[:, 1]
    assert np.isnan(happy[(times >= 20) & (times < 40)]).all()
    assert times[np.flatnonzero(happy < 0.5)[0]] == pytest.approx(70)


def test_a_line_breaks_where_its_window_holds_too_little_and_is_never_bridged() -> None:
    times = np.arange(0, 200, 0.2)
    present = (times < 60) | (times >= 120)
    line = timeline.rolling(one_face(times, present), 30.0)[:, 0]
    broken = times[np.isnan(line)]

    lasting = broken[broken > 10]  # the others are the first second, before there are MIN_INSTANTS
    floor_s = 30 * MIN_COVERAGE
    assert lasting[0] == pytest.approx(60 + 30 - floor_s, abs=0.21)
    assert lasting[-1] == pytest.approx(120 + floor_s, abs=0.21)
    assert len(lasting) == pytest.approx((lasting[-1] - lasting[0]) / 0.2 + 1)


def test_a_window_that_is_not_yet_full_has_values_and_says_from_when_it_is() -> None:
    """The reference code's first minute was a shorter mean under the name of a longer one (A11)."""
    times = np.arange(0, 100, 0.2)
    found = one_face(times)
    line = timeline.rolling(found, 60.0)
    assert np.isnan(line[: MIN_INSTANTS - 1]).all()
    assert np.isfinite(line[MIN_INSTANTS - 1 :]).all()
    np.testing.assert_allclose(line[:300], timeline.cumulative(found)[:300])
    assert timeline.first_full_s(found, 60.0) == pytest.approx(60)
    assert timeline.first_full_s(found, 120.0) is None


def test_the_same_readings_give_the_same_lines() -> None:
    """The reference code drew its series at random from the overall distribution (A1)."""
    times = np.arange(0, 100, 0.2)
    lines = [timeline.rolling(one_face(times, seed=3), 30.0) for _ in range(2)]
    assert lines[0].tobytes() == lines[1].tobytes()
