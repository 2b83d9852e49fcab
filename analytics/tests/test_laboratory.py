"""Other values give other scores, exactly; and how much of the order of the segments hangs on the values."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import kendalltau

from analytics import bands, correlate, explain, figures, laboratory, timeline
from analytics.laboratory import changed, firmness, tau_b
from analytics.scoring import ENVIRONMENTS, Environment, score
from analytics.tests.finished import finished, lively, owner, url
from analytics.tests.synthetic import audience, dirichlet, info, nobody
from emotion_ml.labels import EMOTIONS

LENGTH_S = 180.0
READINGS = lively()
INSTANTS = timeline.instants(READINGS)
SPANS = [(0.0, 30.0), (31.0, 60.0), (60.0, 78.0), (82.0, 108.0), (110.0, 150.0)]
SEMINAR = ENVIRONMENTS[2]
grades = st.lists(st.integers(0, 4), min_size=12, max_size=12)


@given(grades, grades)
def test_tau_is_that_of_scipy_ties_included(one: list[int], other: list[int]) -> None:
    known = kendalltau(one, other).statistic
    found = tau_b(np.array(one, np.float64), np.array(other, np.float64))
    assert found is None if np.isnan(known) else found == pytest.approx(known, abs=1e-12)


def test_scores_that_differ_by_rounding_alone_are_tied() -> None:
    one = np.array([3.0, 3.0 + 1e-12, 2.0, 4.0])
    assert tau_b(one, np.array([3.0, 3.0, 2.0, 4.0])) == 1
    assert tau_b(np.full(4, 3.0) + np.arange(4) * 1e-13, one) is None


def two_way(first: int, second: int) -> NDArray[np.float64]:
    """Ten segments that trade one expression for another."""
    shares = np.full((10, 5), 0.1)
    shares[:, first], shares[:, second] = np.linspace(0, 0.7, 10), np.linspace(0.7, 0, 10)
    return shares


def test_an_order_that_no_change_can_turn_is_firm() -> None:
    found = firmness(two_way(1, 3), (3.0, 4.0, 3.6, 2.0, 4.0))  # happy 3.2 at least, sad 2.4 at most
    assert found == laboratory.Firmness(likely=1.0, corner=1.0)


def test_an_order_that_hangs_on_a_tenth_of_a_point_is_not() -> None:
    found = firmness(two_way(1, 4), (3.0, 4.0, 3.6, 2.0, 3.9))
    assert found == laboratory.Firmness(likely=-1.0, corner=-1.0)


def test_without_an_order_there_is_nothing_to_change() -> None:
    assert firmness(two_way(1, 4), (3.0, 4.0, 3.6, 2.0, 4.0)) is None  # both are worth the same
    assert firmness(two_way(1, 3)[:2], SEMINAR.values) is None
    assert firmness(np.empty((0, 5)), SEMINAR.values) is None


def test_where_a_change_makes_all_segments_equal_there_is_no_agreement() -> None:
    shares = two_way(1, 3)
    values = np.array([[3.0, 4.0, 3.0, 2.0, 3.0], [3.0, 3.0, 3.0, 3.0, 3.0], [3.0, 2.0, 3.0, 4.0, 3.0]])
    agreement = laboratory._agreement(laboratory._places(shares @ np.array(SEMINAR.values)), shares, values)
    assert agreement.tolist() == [1, 0, -1]


def test_19_of_20_changes_reach_what_is_called_likely() -> None:
    """Counted one by one, with scipy's tau."""
    shares = dirichlet(14, 1, seed=5)[:, 0]
    found = firmness(shares, SEMINAR.values)
    before = score(shares, SEMINAR)
    draws = changed(SEMINAR.values, laboratory._evenly(laboratory.DRAWS))
    taus = [kendalltau(before, shares @ values).statistic for values in draws]
    assert found is not None
    assert np.mean(np.array(taus) >= found.likely - 1e-9) == pytest.approx(0.95, abs=0.02)
    assert found.likely == pytest.approx(sorted(taus)[25], abs=1e-9)
    assert -1 <= found.corner <= found.likely <= 1


def test_the_order_of_five_hours_of_paragraphs_takes_no_second() -> None:
    elapsed_s = []
    for _ in range(3):
        started_s = time.process_time()
        firmness(dirichlet(600, 1)[:, 0], SEMINAR.values)
        elapsed_s.append(time.process_time() - started_s)
    assert min(elapsed_s) < 0.4


def test_changes_are_even_stay_on_the_scale_and_are_the_same_every_time() -> None:
    draws = laboratory._evenly(2000)
    assert np.abs(draws.mean(axis=0)).max() < 0.05
    assert draws.min() < -0.99
    assert draws.max() > 0.99
    assert np.array_equal(draws, laboratory._evenly(2000))
    values = changed((1.0, 4.9, 3.0, 1.1, 5.0), draws)
    assert values.min() == 1
    assert values.max() == 5
    assert np.abs(values[:, 2] - 3).max() <= 0.6


def test_the_generator_is_that_of_the_page() -> None:
    """The first numbers that a browser draws from the same seed."""
    numbers = laboratory._mulberry32(20)
    assert [next(numbers) for _ in range(3)] == [0.7526106622535735, 0.38500334043055773, 0.5976068757008761]


def test_paragraphs_have_the_shares_that_the_transcript_shows() -> None:
    found = laboratory.bench(INSTANTS, SPANS, SEMINAR, LENGTH_S)
    compared = correlate.compare(INSTANTS, SPANS, SEMINAR)
    assert found is not None
    assert (found.kind, found.lag_s) == ("paragraphs", compared.lag_s)
    assert [each.shares for each in found.segments] == [each.distribution for each in compared.comparisons]
    assert found.segments[3].shares is None


@pytest.mark.parametrize(("length_s", "count"), [(180.0, 6), (166.0, 6), (164.0, 5), (20.0, 1), (14.0, 1)])
def test_without_words_segments_are_half_minutes(length_s: float, count: int) -> None:
    found = laboratory.bench(INSTANTS, [], SEMINAR, length_s)
    assert found is not None
    assert found.kind == "segments"
    assert len(found.segments) == count
    assert (found.segments[0].start_s, found.segments[-1].end_s) == (0, length_s)
    for segment in found.segments:
        stretch = explain.span(INSTANTS, segment.start_s, segment.end_s)
        known = explain.explain(READINGS, INSTANTS, stretch, SEMINAR)
        assert (segment.shares is None) == (known.score is None)
        if segment.shares is not None:
            assert score(segment.shares, SEMINAR) == pytest.approx(known.score, abs=1e-12)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda found: found.name)
def test_the_line_recomputed_is_the_line_of_the_chart(environment: Environment) -> None:
    found = laboratory.bench(INSTANTS, [], environment, LENGTH_S)
    assert found is not None
    drawn = figures.figures(READINGS, info(LENGTH_S), environment)["series"]["data"]
    parts = [part for part in drawn if part["meta"]["line"] == "30s" and not part["meta"].get("band")]
    known = {t_s: value for part in parts for t_s, value in zip(part["x"], part["y"], strict=True)}
    assert list(known) == pytest.approx(found.rolling[:, 0].tolist(), abs=1e-3)
    values = score(found.rolling[:, 1:], environment)
    for value, expected in zip(values.tolist(), known.values(), strict=True):
        assert value == pytest.approx(expected, abs=6e-5) if expected is not None else np.isnan(value)


def test_readings_are_sent_as_they_are_while_they_are_few_and_as_means_when_they_are_many() -> None:
    few = laboratory.bench(INSTANTS, [], SEMINAR, LENGTH_S)
    assert few is not None
    np.testing.assert_allclose(few.readings[:, 1:], INSTANTS.probabilities, atol=1e-7)
    times = np.arange(9001) / 5
    present = np.random.default_rng(2).random((9001, 1)) < 0.6
    present[300:320] = False
    long = timeline.instants(audience(times, dirichlet(9001, 1), present))
    many = laboratory.bench(long, [], SEMINAR, 1800.2)
    assert many is not None
    assert (few.count, many.count) == (1, 3)
    assert len(many.readings) == 3001  # three at a time, and one that is left
    for row in (0, 100, 105, 1500, 3000):
        three = slice(3 * row, 3 * row + 3)
        seen = long.probabilities[three][long.used[three] > 0]
        expected = seen.mean(axis=0) if len(seen) else np.full(5, np.nan)
        np.testing.assert_allclose(many.readings[row, 1:], expected, atol=1e-6)
        assert many.readings[row, 0] == pytest.approx(times[three].mean(), abs=1e-3)


def test_without_a_face_there_is_nothing_to_recompute() -> None:
    for times in (np.empty(0), np.arange(50) / 5):
        assert laboratory.bench(timeline.instants(nobody(times)), [], SEMINAR, 10.0) is None


# ---- over HTTP


@pytest.fixture
def browser(db: None) -> Client:
    return owner()


def tables(body: dict[str, Any]) -> dict[str, NDArray[np.float32]]:
    names = ("readings", "rolling")
    return {name: np.frombuffer(base64.b64decode(body[name]), "<f4").reshape(-1, 6) for name in names}


def test_what_is_sent_gives_every_shown_score_again(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S, said=SPANS)
    body = browser.get(url("recording-bench", recording)).json()
    result = browser.get(url("recording-result", recording)).json()
    for environment in body["environments"]:
        values, name = np.array(environment["values"]), environment["name"]
        assert np.dot(body["overall"], values) == pytest.approx(result["engagement"][name]["score"], abs=1e-8)
        assert body["engagement"][name] == pytest.approx(result["engagement"][name], abs=1e-8)
        instants = [each["engagement"][name] if each["engagement"] else np.nan for each in result["series"]]
        np.testing.assert_allclose(tables(body)["readings"][:, 1:] @ values, instants, atol=1e-6)
        lines = np.array(result["rolling"][name]["30s"], np.float64)
        np.testing.assert_allclose(tables(body)["rolling"][:, 1:] @ values, lines, atol=1e-6)
    assert body["emotions"] == list(EMOTIONS)
    assert [each["text"] for each in body["segments"]][:2] == ["Part 0.", "Part 1."]
    known = firmness(np.array([each["shares"] for each in body["segments"] if each["shares"]]), SEMINAR.values)
    assert known is not None
    assert body["firmness"]["seminar"] == {"likely": known.likely, "corner": known.corner}


def test_two_hours_fit_into_300_kb(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, audience(np.arange(36_000) / 5, dirichlet(36_000, 1)), 7200.0)
    answer = browser.get(url("recording-bench", recording))
    assert len(answer.content) <= 300_000
    assert len(answer.json()["segments"]) == 240


def test_any_values_get_their_interval(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S)
    for values in (SEMINAR.values, (1.0, 5.0, 2.35, 1.0, 4.0)):
        words = {"values": ",".join(map(str, values))}
        known = bands.overall_band(INSTANTS, Environment("tried", "", "", values, ()))
        assert known is not None
        assert browser.get(url("recording-interval", recording), words).json() == pytest.approx(
            {"score": known.score, "low": known.low, "high": known.high}, abs=1e-12
        )


@pytest.mark.parametrize(
    "values", ["", "1,2,3,4", "1,2,3,4,5,5", "1,2,3,4,5.1", "0.9,2,3,4,5", "1,2,3,4,nan", "a,b,c,d,e"]
)
def test_values_that_are_none_are_refused(values: str, browser: Client, data_dir: Path) -> None:
    answer = browser.get(url("recording-interval", finished(data_dir, READINGS, LENGTH_S)), {"values": values})
    assert answer.status_code == 400
    assert answer.json()["error"].keys() == {"code", "message"}


def test_nothing_of_what_is_tried_is_kept(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S)
    before = {path: path.stat().st_mtime_ns for path in data_dir.rglob("*") if path.is_file()}
    browser.get(url("recording-bench", recording))
    browser.get(url("recording-interval", recording), {"values": "1,2,3,4,5"})
    assert {path: path.stat().st_mtime_ns for path in data_dir.rglob("*") if path.is_file()} == before
    assert browser.get(url("recording-result", recording)).json()["environments"]["seminar"]["values"]["Sad"] == 2.0
