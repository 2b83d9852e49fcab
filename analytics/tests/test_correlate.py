from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import timeline
from analytics.correlate import Comparison, Correlation, compare
from analytics.permutation import adjusted
from analytics.readings import Readings
from analytics.scoring import score
from analytics.tests.simulate_correlate import DEMO, FPS, LINKED, NO_LINK, instants_of, session, tally
from analytics.tests.synthetic import audience, autoregressive, dirichlet, nobody
from analytics.timeline import Floats, Instants
from emotion_ml.labels import EMOTIONS

SPANS = [(20.0 * row, 20.0 * row + 20) for row in range(15)]
ENDS_S = np.cumsum([0, 14, 27, 17, 11, 31, 20, 24, 13, 29, 18, 26, 12, 22, 16, 20])
UNEVEN = [(float(start_s), float(end_s)) for start_s, end_s in pairwise(ENDS_S)]
TIMES = np.arange(300 * FPS) / FPS


def swinging(seed: int = 0, swing: float = 0.1) -> Floats:
    """Scores (1500,) of five minutes without a link to anything."""
    return 3 + swing * autoregressive(np.random.default_rng(seed), len(TIMES), (1,), 2.0, 1 / FPS)[:, 0]


def during(start_s: float, end_s: float) -> Floats:
    return np.array([start_s <= t_s < end_s for t_s in TIMES], np.float64)


def without_faces(found: Instants, start_s: float, end_s: float) -> Instants:
    gone = (found.times >= start_s) & (found.times < end_s)
    probabilities = np.where(gone[:, None], np.nan, found.probabilities)
    kept = ~gone[found.sightings.instant]
    fewer = [getattr(found.sightings, name)[kept] for name in ("instant", "track", "probabilities")]
    used = np.where(gone, 0, found.used)
    sightings = timeline.Sightings(*fewer)
    return replace(found, faces=used, used=used, probabilities=probabilities, sightings=sightings)


def verdicts(found: Correlation) -> list[str]:
    return [one.verdict for one in found.comparisons]


def test_without_a_link_few_paragraphs_are_called_different_whatever_the_series_remembers() -> None:
    tallies = [tally(kind, range(2)) for kind in NO_LINK if kind.duration_s < 1000]
    assert np.mean([found.called for found in tallies]) <= 0.05
    assert np.mean([found.any_called for found in tallies]) <= 0.15  # 26 sessions: 1 in 20 is expected
    assert np.mean([found.supported for found in tallies]) <= 0.15


def test_a_dip_of_a_fifth_of_the_scale_is_found_with_its_lag() -> None:
    found = tally(LINKED[0], range(20))
    assert found.found >= 0.9
    assert found.lag_within_1_s >= 0.6
    assert found.called <= 0.05


def test_four_dips_with_the_same_lag_say_more_of_it_than_one() -> None:
    assert tally(next(kind for kind in LINKED if kind.dips == 4), range(10)).lag_within_1_s >= 0.9


@pytest.mark.parametrize(("dips", "lasting_s"), [(1, 30.0), (3, 20.0)])
def test_dips_that_lie_anywhere_support_no_lag(dips: int, lasting_s: float) -> None:
    """5 % of such sessions support one by chance: four of twelve would be a wonder (1 in 450)."""
    kind = next(kind for kind in NO_LINK if (kind.unrelated, kind.unrelated_s) == (dips, lasting_s))
    assert tally(kind, range(12)).supported <= 3 / 12


def test_a_planted_dip_is_lower_and_its_neighbours_are_not() -> None:
    found = compare(instants_of(TIMES, swinging() - 0.8 * during(102, 122)), SPANS, DEMO)
    assert verdicts(found) == ["lower" if row == 5 else "indistinguishable" for row in range(15)]


def test_a_dip_that_fits_one_paragraph_alone_shows_the_lag() -> None:
    start_s, end_s = UNEVEN[4]
    found = compare(instants_of(TIMES, swinging() - 0.8 * during(start_s + 2, end_s + 2)), UNEVEN, DEMO)
    assert verdicts(found)[4] == "lower"
    assert found.lag_is_supported
    assert found.lag_s == pytest.approx(2.0, abs=0.5)
    assert found.lag_p is not None
    assert found.lag_p <= 0.05


def test_a_dip_that_fits_any_paragraph_of_equal_ones_shows_no_lag() -> None:
    """Paragraphs of 20 s, one after the other: anything that lasts 20 s begins within 5 s of one of four times."""
    found = compare(instants_of(TIMES, swinging() - 0.8 * during(102, 122)), SPANS, DEMO)
    assert (found.lag_s, found.lag_is_supported) == (0.0, False)


def test_a_planted_rise_without_delay_is_higher_at_no_lag() -> None:
    found = compare(instants_of(TIMES, swinging() + 0.8 * during(200, 220)), SPANS, DEMO)
    assert verdicts(found)[10] == "higher"
    assert found.lag_s <= 0.5


def test_a_dip_without_any_noise_is_found() -> None:
    start_s, end_s = UNEVEN[4]
    found = compare(instants_of(TIMES, 3 - 0.8 * during(start_s + 3, end_s + 3)), UNEVEN, DEMO)
    assert (verdicts(found)[4], found.lag_s) == ("lower", 3.0)


def test_what_is_shown_is_of_the_readings_at_the_lag_and_of_all_the_others() -> None:
    scores = swinging() - 0.8 * during(102, 122)
    found = compare(instants_of(TIMES, scores), SPANS, DEMO)
    one = found.comparisons[5]
    inside = during(100 + found.lag_s, 120 + found.lag_s) > 0
    assert (one.start_s, one.end_s, one.readings) == (100, 120, 100)
    assert one.coverage == pytest.approx(1.0)
    assert one.score == pytest.approx(scores[inside].mean(), abs=1e-6)
    assert one.difference == pytest.approx(scores[inside].mean() - scores[~inside].mean(), abs=1e-6)
    assert one.distribution is not None
    assert one.score is not None
    assert score(one.distribution, DEMO) == pytest.approx(one.score)
    assert one.dominant == EMOTIONS[int(np.argmax(one.distribution))]
    assert one.low is not None
    assert one.high is not None
    assert one.low <= one.score <= one.high


def test_an_instant_on_the_border_belongs_to_the_later_span_alone() -> None:
    found = compare(instants_of(TIMES, swinging()), [(0, 20), (20, 40)], DEMO, lags_s=(0.0,))
    assert [one.readings for one in found.comparisons] == [100, 100]


def test_chance_alone_supports_no_lag_and_claims_none() -> None:
    found = compare(instants_of(TIMES, swinging(3)), SPANS, DEMO)
    assert (found.lag_s, found.lag_is_supported) == (0.0, False)
    assert set(verdicts(found)) == {"indistinguishable"}


def test_a_session_that_sags_all_along_makes_no_paragraph_a_low_one() -> None:
    found = compare(instants_of(TIMES, swinging() + 0.5 - TIMES / 200), SPANS, DEMO)
    assert found.comparisons[-1].difference == pytest.approx(-0.75, abs=0.15)
    assert set(verdicts(found)) == {"indistinguishable"}


def test_nothing_is_said_where_the_slow_course_turns_the_difference_around() -> None:
    found = compare(instants_of(TIMES, swinging(swing=0.05) + TIMES / 100 - 1.5 + 0.6 * during(40, 60)), SPANS, DEMO)
    one = found.comparisons[2]
    assert one.adjusted_p is not None
    assert one.adjusted_p <= 0.05
    assert one.difference is not None
    assert one.difference < 0
    assert one.verdict == "indistinguishable"


def test_a_span_without_faces_is_unseen_and_says_nothing() -> None:
    found = compare(without_faces(instants_of(TIMES, swinging()), 120, 150), SPANS, DEMO, lags_s=(0.0,))
    assert verdicts(found)[6:9] == ["unseen", "indistinguishable", "indistinguishable"]
    assert found.comparisons[6] == Comparison(120, 140, readings=0, coverage=found.comparisons[6].coverage)
    assert found.comparisons[6].coverage == pytest.approx(0.0, abs=1e-6)
    assert found.comparisons[7].coverage == pytest.approx(0.5)


def test_too_little_of_a_span_seen_is_unseen() -> None:
    found = compare(without_faces(instants_of(TIMES, swinging()), 122, 140), SPANS, DEMO, lags_s=(0.0,))
    one = found.comparisons[6]
    assert (one.verdict, one.readings, one.score) == ("unseen", 10, None)
    assert one.coverage == pytest.approx(0.1)


def test_a_span_of_no_length_or_after_the_end_is_unseen() -> None:
    found = compare(instants_of(TIMES, swinging()), [(10, 10), (30, 20), (400, 420)], DEMO)
    assert verdicts(found) == ["unseen"] * 3


@pytest.mark.parametrize("made", [nobody([]), nobody(TIMES)])
def test_a_recording_without_faces_is_unseen_throughout(made: Readings) -> None:
    found = compare(timeline.instants(made), SPANS, DEMO)
    assert set(verdicts(found)) == {"unseen"}
    assert (found.lag_s, found.lag_is_supported, found.lag_p) == (0.0, False, None)


def test_without_spans_there_is_nothing_to_compare() -> None:
    assert compare(instants_of(TIMES, swinging()), [], DEMO) == Correlation(0.0, False, None, ())


def test_one_span_over_everything_has_no_rest() -> None:
    (one,) = compare(instants_of(TIMES, swinging()), [(0, 300)], DEMO).comparisons
    assert (one.readings, one.difference, one.p_value, one.verdict) == (1500, None, None, "indistinguishable")


def test_half_a_minute_is_too_short_to_call_anything_different() -> None:
    times = np.arange(30 * FPS) / FPS
    made = instants_of(times, np.where((times >= 10) & (times < 15), 2.0, 3.0))
    found = compare(made, [(0, 5), (10, 15), (20, 25)], DEMO)
    assert {(one.p_value, one.verdict) for one in found.comparisons} == {(None, "indistinguishable")}


def test_a_face_that_never_changes_makes_no_difference() -> None:
    found = compare(instants_of(TIMES, np.full(len(TIMES), 3.0)), SPANS, DEMO)
    assert {one.p_value for one in found.comparisons} == {1.0}


def test_the_same_input_gives_the_same_numbers() -> None:
    made = session(LINKED[0], 1)
    assert compare(made.instants, made.spans, DEMO) == compare(made.instants, made.spans, DEMO)


def test_adjustment_is_that_of_benjamini_and_hochberg() -> None:
    """The example of their paper, section 3.2: four of fifteen are called at 5 %."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    found = adjusted(np.array(p)[::-1])[::-1]
    assert np.count_nonzero(found <= 0.05) == 4
    assert found[3] == pytest.approx(0.0095 * 15 / 4)
    assert (np.diff(found) >= 0).all()
    assert found[-1] == 1


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(0, 300),
    fps=st.sampled_from([0.3, 1.0, 5.0, 30.0]),
    seen=st.sampled_from([0.05, 0.6, 1.0]),
    edges=st.lists(st.floats(-5, 200), min_size=2, max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_was_seen_every_span_gets_an_answer_in_bounds(
    count: int, fps: float, seen: float, edges: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    times, present = np.arange(count) / fps, rng.random((count, 2)) < seen
    spans = list(pairwise(edges))
    made = timeline.instants(audience(times, rng.dirichlet(np.ones(5), (count, 2)), present))
    for one in compare(made, spans, DEMO).comparisons:
        assert 0 <= one.coverage <= 1
        assert (one.score is None) == (one.verdict == "unseen")
        assert one.p_value is None or 0 < one.p_value <= (one.adjusted_p or 0) <= 1
        if one.score is not None and one.low is not None and one.high is not None:
            assert 1 <= one.low <= one.score + 1e-9
            assert one.score - 1e-9 <= one.high <= 5


def test_two_hours_and_two_hundred_paragraphs_take_less_than_a_second() -> None:
    made = timeline.instants(audience(np.arange(36_000) / 5, np.tile(dirichlet(3000, 5), (12, 1, 1))))
    spans = [(36.0 * row, 36.0 * row + 34) for row in range(200)]
    elapsed_s = []
    for _ in range(3):
        started_s = time.process_time()
        compare(made, spans, DEMO)
        elapsed_s.append(time.process_time() - started_s)
    assert min(elapsed_s) < 1


def late_dip() -> Instants:
    """A paragraph is told by a dip 3 s after its words; the last words are said in the last 3 s."""
    start_s, end_s = UNEVEN[4]
    return instants_of(TIMES, swinging(swing=0.05) - 0.8 * during(start_s + 3, end_s + 3))


LATE = [*UNEVEN[:14], (280.0, 296.0), (296.0, 300.0)]


def test_what_a_lag_pushes_past_the_end_is_no_part_of_a_paragraph() -> None:
    found = compare(late_dip(), LATE, DEMO, analysed_s=300.0)
    assert found.lag_s == 3.0
    last = found.comparisons[-1]
    assert (last.readings, last.verdict) == (FPS, "indistinguishable")
    assert last.coverage == pytest.approx(1.0)
    assert compare(late_dip(), LATE, DEMO).comparisons[-1].coverage < 1.0


def test_a_paragraph_of_few_readings_is_too_short_and_not_unseen() -> None:
    made = instants_of(TIMES, swinging())
    short, long, gone = compare(made, [(10, 10.8), (20, 40), (400, 420)], DEMO, analysed_s=300.0).comparisons
    assert (short.readings, short.is_too_short) == (4, True)
    assert short.coverage == pytest.approx(1.0)
    assert not long.is_too_short
    assert not gone.is_too_short
