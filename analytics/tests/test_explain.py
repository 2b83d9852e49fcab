"""Why a score is what it is: the parts add up to exactly the number that charts, headline and transcript show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import bands, because, correlate, explain, question, results, timeline
from analytics.explain import Explanation
from analytics.question import Refused
from analytics.readings import Readings
from analytics.rounding import rounded
from analytics.scoring import ENVIRONMENTS, Environment, score
from analytics.tests.finished import lively
from analytics.tests.synthetic import audience, info, nobody, one_hot
from analytics.timeline import WINDOWS_S
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut

LENGTH_S = 180.0
READINGS = lively()
INSTANTS = timeline.instants(READINGS)
SPANS = [(0.0, 30.0), (31.0, 60.0), (60.0, 78.0), (82.0, 108.0), (110.0, 150.0), (150.0, 179.0)]
SEMINAR = ENVIRONMENTS[2]


def asked(environment: Environment = SEMINAR, /, **words: str) -> Explanation:
    stretch = question.parse(words).stretch(INSTANTS, LENGTH_S, SPANS, environment)
    return explain.explain(READINGS, INSTANTS, stretch, environment)


def assert_adds_up(found: Explanation) -> None:
    assert found.score is not None
    assert found.average is not None
    assert math.fsum(part.adds for part in found.parts) == pytest.approx(found.score, abs=1e-9)
    assert math.fsum(part.shifts for part in found.parts) == pytest.approx(found.score - found.average, abs=1e-9)
    assert all(part.adds == part.share * part.value for part in found.parts)
    assert [part.emotion for part in found.parts] == list(EMOTIONS)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda found: found.name)
@pytest.mark.parametrize("window", WINDOWS_S)
def test_the_parts_of_a_window_add_up_to_the_line_of_the_chart(window: str, environment: Environment) -> None:
    line = score(timeline.rolling(INSTANTS, WINDOWS_S[window]), environment)
    assert np.isnan(line).any()
    for row in (0, 3, 4, 100, 250, 399, 420, 500, 545, 549, 556, 700, 899):
        found = asked(environment, of=window, at=str(INSTANTS.times[row]))
        assert (found.score is None) == bool(np.isnan(line[row])), row
        if found.score is not None:
            assert found.score == pytest.approx(line[row], abs=1e-9)
            assert_adds_up(found)


def test_the_interval_of_a_window_is_the_band_of_the_chart() -> None:
    at_s = INSTANTS.times[[200, 700]]
    low, high = bands.rolling_bands(INSTANTS, 30.0, SEMINAR, at_s)
    for row, t_s in enumerate(at_s):
        found = asked(of="30s", at=str(t_s))
        assert (found.low, found.high) == pytest.approx((low[row], high[row]), abs=1e-12)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda found: found.name)
def test_the_parts_of_the_whole_are_those_of_the_result(environment: Environment) -> None:
    result = results.headline(READINGS, info(LENGTH_S))
    found = asked(environment)
    assert_adds_up(found)
    assert {"score": found.score, "low": found.low, "high": found.high} == pytest.approx(
        result["engagement"][environment.name], abs=1e-8
    )
    assert {part.emotion: part.adds for part in found.parts} == pytest.approx(
        result["decomposition"][environment.name], abs=1e-8
    )
    assert found.stretch.coverage == pytest.approx(result["coverage"], abs=1e-8)
    counts = {reason.name.lower(): count for reason, count in found.faces.left_out.items()}
    assert counts == {reason: count for reason, count in result["left_out"].items() if count}
    assert found.difference == 0


def test_a_reading_is_the_one_at_or_before_the_cursor() -> None:
    series = score(INSTANTS.probabilities, SEMINAR)
    for row in (0, 1, 77, 450, 899):
        found = asked(of="reading", at=str(INSTANTS.times[row] + 0.15 * (row < 899)))
        assert found.readings == 1
        assert found.faces.counted == INSTANTS.used[row]
        assert (found.score is None) == bool(np.isnan(series[row]))
        if found.score is not None:
            assert found.score == pytest.approx(series[row], abs=1e-9)
            assert_adds_up(found)


def test_a_paragraph_is_explained_by_the_readings_that_the_transcript_compares() -> None:
    compared = correlate.compare(INSTANTS, SPANS, SEMINAR)
    assert "unseen" in {each.verdict for each in compared.comparisons}
    for row, known in enumerate(compared.comparisons):
        found = asked(of="paragraph", paragraph=str(row))
        assert found.seen == known.readings
        assert found.stretch.coverage == pytest.approx(known.coverage, abs=1e-12)
        assert (found.score is None) == (known.verdict == "unseen")
        if found.score is not None:
            assert (found.score, found.low, found.high) == pytest.approx((known.score, known.low, known.high), abs=1e-9)
            assert_adds_up(found)


def test_a_paragraph_is_explained_as_late_as_faces_follow_its_words() -> None:
    """Five minutes with one sad stretch that begins 3 s after the words of the sixth paragraph."""
    times = np.arange(1500) / 5
    sad = (times >= 103) & (times < 123)
    readings = audience(times, np.where(sad[:, None], one_hot("Sad"), one_hot("Happy"))[:, None])
    instants = timeline.instants(readings)
    spans = [(20.0 * row, 20.0 * row + 20) for row in range(15)]
    stretch = question.Question("paragraph", paragraph=5).stretch(instants, 300.0, spans, SEMINAR)
    assert (stretch.start_s, stretch.end_s, stretch.lag_s) == (103, 123, 3)
    found = explain.explain(readings, instants, stretch, SEMINAR)
    assert found.score == pytest.approx(float(score(one_hot("Sad"), SEMINAR)), abs=1e-6)
    assert found.score == pytest.approx(correlate.compare(instants, spans, SEMINAR).comparisons[5].score, abs=1e-12)
    assert because.title(stretch) == "The paragraph from 1:40 to 2:00"
    last = question.Question("paragraph", paragraph=14).stretch(instants, 300.0, spans, SEMINAR)
    assert last.coverage == pytest.approx(1.0)  # the lag leads past the end of what was analysed
    assert because.title(last) == "The paragraph from 4:40 to 5:00"


def test_any_stretch_is_the_mean_of_its_readings() -> None:
    found = asked(of="span", **{"from": "0:20", "to": "1:05.1"})
    inside = (INSTANTS.times >= 20) & (INSTANTS.times < 65.1)
    assert found.readings == np.count_nonzero(inside)
    assert found.score == pytest.approx(np.nanmean(score(INSTANTS.probabilities, SEMINAR)[inside]), abs=1e-9)
    assert_adds_up(found)


def test_a_stretch_ends_with_what_was_analysed() -> None:
    """What was never looked at is no time without a face."""
    whole = asked()
    for end in ("181", "600", "1000000"):
        found = asked(of="span", **{"from": "0", "to": end})
        assert (found.score, found.readings) == (whole.score, whole.readings)
        assert found.stretch.end_s == LENGTH_S
        assert found.stretch.coverage == pytest.approx(whole.stretch.coverage, abs=1e-6)
        assert because.answer(found).title == "From 0:00 to 3:00"


def test_a_stretch_that_goes_on_beyond_the_last_reading_holds_it() -> None:
    end_s = float(INSTANTS.times[-1])
    asked_for = question.parse({"of": "span", "from": "0", "to": "600"})
    assert asked_for.stretch(INSTANTS, end_s, [], SEMINAR).last == len(INSTANTS.times)


def test_who_was_counted_who_was_left_out_and_why_is_told() -> None:
    shares = np.stack([one_hot("Happy", 0.9), one_hot("Sad", 0.3), one_hot("Sad"), one_hot("Sad"), one_hot("Sad")])
    left_out = np.array([[LeftOut.USED, LeftOut.USED, LeftOut.SMALL, LeftOut.BLURRED, LeftOut.TURNED]] * 10)
    readings = audience(np.arange(10) / 5, np.broadcast_to(shares, (10, 5, 5)), left_out=left_out)
    instants = timeline.instants(readings)
    found = explain.explain(readings, instants, explain.whole(instants, 2.0), SEMINAR)
    assert found.faces == explain.Faces(
        counted=20, people=2, uncertain=10, left_out={LeftOut.SMALL: 10, LeftOut.BLURRED: 10, LeftOut.TURNED: 10}
    )
    words = [words for _, words in because.answer(found).left_out]
    assert words == ["too small", "blurred", "turned away"]


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=9), st.integers(0, 3))
def test_rounded_numbers_add_up_and_stay_beside_the_nearest(values: list[float], decimals: int) -> None:
    total = round(math.fsum(values), decimals)
    shown = rounded(values, total, decimals)
    assert math.fsum(shown) == pytest.approx(total, abs=1e-9)
    for value, number in zip(values, shown, strict=True):
        assert abs(number - round(value, decimals)) <= 1.001 * 10**-decimals


@pytest.mark.parametrize("at_s", np.linspace(5, 179, 40))
def test_what_is_shown_adds_up_to_what_is_shown(at_s: float) -> None:
    for environment in ENVIRONMENTS:
        for kind in ("reading", "30s", "60s", "cumulative"):
            found = because.answer(asked(environment, of=kind, at=f"{at_s:.2f}"))
            if found.score is None:
                assert not found.rows
                continue
            assert found.average is not None
            assert round(sum(row.adds for row in found.rows), 2) == found.score
            assert round(found.average + sum(row.shifts for row in found.rows), 2) == found.score
            assert round(sum(row.share for row in found.rows), 1) == 100
            assert round(sum(row.usual_share for row in found.rows), 1) == 100
            assert found.rows[-1].to_score == pytest.approx(found.score)


def test_the_sentence_names_the_numbers_and_what_set_them_apart() -> None:
    shares = np.tile(one_hot("Neutral", 0.6), (500, 1, 1))
    shares[300:] = one_hot("Sad", 0.6)
    readings = audience(np.arange(500) / 5, shares)
    instants = timeline.instants(readings)
    found = because.answer(explain.explain(readings, instants, explain.trailing(instants, "30s", 99.0), SEMINAR))
    assert found.title == "30 seconds up to 1:39"
    assert found.sentence == (
        "2.66 because sad has 60.0 % of the apparent expressions and is worth 2.0 here, which makes 1.20; to that come "
        "happy 0.40, surprise 0.40, neutral 0.36 and angry 0.30. That is 0.48 below the 3.14 of the whole recording, "
        "most of all because sad has 60.0 % here and 30.0 % over the whole of it."
    )


def test_where_there_is_no_value_the_reason_is_said() -> None:
    def said(readings: Readings, **words: str) -> str:
        instants = timeline.instants(readings)
        stretch = question.parse(words).stretch(instants, 60.0, [], SEMINAR)
        return because.answer(explain.explain(readings, instants, stretch, SEMINAR)).sentence

    times, sad = np.arange(5, 300) / 5, np.tile(one_hot("Sad"), (295, 1, 1))
    away = (times > 20)[:, None] & (times < 58)[:, None]
    assert "nothing was read" in said(audience(times, sad), of="reading", at="0.5")
    assert "no face was found" in said(nobody(times), of="30s", at="50")
    assert "it would rest on 2 readings" in said(audience(times, sad), of="30s", at="1.2")
    assert "in view 6 % of the time, and a value needs 20 %" in said(audience(times, sad, ~away), of="30s", at="60")
    small = np.full((295, 1), LeftOut.SMALL)
    assert "one face was found, and none of them" in said(audience(times, sad, left_out=small), of="reading", at="9")
    unread = np.full((295, 1), LeftOut.UNREAD)
    assert "their expressions were not read" in said(audience(times, sad, left_out=unread))


@pytest.mark.parametrize(
    ("until_s", "told"), [(30.2, "19.8"), (30.02, "19.9"), (30.9, "19"), (31.0, "19"), (60.0, "10")]
)
def test_a_coverage_just_below_what_a_value_needs_is_not_rounded_up_to_it(until_s: float, told: str) -> None:
    times = np.arange(500) / 5
    readings = audience(times, np.tile(one_hot("Sad"), (500, 1, 1)), (times < 5.95)[:, None])
    instants = timeline.instants(readings)
    stretch = explain.span(instants, 0.0, until_s)
    sentence = because.answer(explain.explain(readings, instants, stretch, SEMINAR)).sentence
    assert f"in view {told} % of the time, and a value needs 20 %" in sentence


@pytest.mark.parametrize(("words", "found_s"), [("75", 75), ("75.5", 75.5), ("1:15", 75), (" 1:02:03.5 ", 3723.5)])
def test_times_are_read_as_people_write_them(words: str, found_s: float) -> None:
    assert question.seconds(words) == found_s


BAD = [
    {"of": "feelings"},
    {"of": "30s"},
    {"of": "30s", "at": "-1"},
    {"of": "30s", "at": "nan"},
    {"of": "reading", "at": "inf"},
    {"of": "reading", "at": "1:2:3:4"},
    {"of": "cumulative", "at": "181"},
    {"of": "span", "from": "10", "to": "10"},
    {"of": "span", "from": "20", "to": "10"},
    {"of": "span", "from": "200", "to": "210"},
    {"of": "span", "from": "0"},
    {"of": "paragraph", "paragraph": "6"},
    {"of": "paragraph", "paragraph": "-1"},
    {"of": "paragraph", "paragraph": "9" * 20},
]


@pytest.mark.parametrize("words", BAD, ids=str)
def test_what_makes_no_sense_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(Refused):
        asked(**words)
