"""Moments are found where something was planted, and hardly ever where nothing was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics import moments, timeline
from analytics.contrasts import Part, Sample, difference
from analytics.scoring import score
from analytics.tests.simulate_correlate import DEMO, FPS, instants_of
from analytics.tests.simulate_moments import NOTHING, PLANTED, tally
from analytics.tests.synthetic import audience, autoregressive, dirichlet, nobody
from analytics.timeline import Floats

TIMES = np.arange(600 * FPS) / FPS


def swinging(seed: int = 0, swing: float = 0.15) -> Floats:
    """Scores (3000,) of ten minutes in which nothing happens."""
    return 3 + swing * autoregressive(np.random.default_rng(seed), len(TIMES), (1,), 2.0, 1 / FPS)[:, 0]


def during(start_s: float, end_s: float) -> Floats:
    return ((start_s <= TIMES) & (end_s > TIMES)).astype(np.float64)


def found(scores: Floats) -> moments.Moments:
    return moments.find(instants_of(TIMES, scores), DEMO)


@pytest.mark.parametrize(
    "kind", [kind for kind in NOTHING if kind.duration_s < 1000 and kind.course != "walk"], ids=str
)
def test_noise_holds_no_moments(kind: object) -> None:
    """5 % of such recordings show one by chance: three of eight would be a wonder (1 in 170)."""
    assert tally(kind, range(8)).any_false <= 2 / 8  # type: ignore[arg-type]


def test_a_planted_dip_is_found_with_its_borders_and_nothing_else_is() -> None:
    told = tally(PLANTED[0], range(8))
    assert told.found >= 0.7
    assert told.any_false <= 2 / 8


def test_a_lasting_fall_is_a_fall_and_not_a_dip() -> None:
    told = tally(next(kind for kind in PLANTED if kind.planted == "change"), range(6))
    assert told.found >= 0.8


@pytest.mark.parametrize(("sign", "kind"), [(-1, "dip"), (1, "peak")])
def test_a_stretch_apart_from_both_sides_is_told_with_size_time_and_band(sign: int, kind: str) -> None:
    scores = swinging() + sign * 0.8 * during(200, 240)
    (moment,) = found(scores).found
    assert moment.kind == kind
    assert moment.start_s == pytest.approx(200, abs=3)
    assert moment.end_s == pytest.approx(240, abs=3)
    assert moment.start_s < moment.t_s < moment.end_s
    assert moment.size == pytest.approx(sign * 0.8, abs=0.15)
    assert moment.low < moment.size < moment.high
    assert moment.low * moment.high > 0
    assert moment.coverage == pytest.approx(1.0)
    assert 0 < moment.p_value <= moments.LEVEL


def test_its_size_is_its_mean_less_that_of_as_long_before_and_after_it() -> None:
    scores = swinging() - 0.8 * during(200, 240)
    (moment,) = found(scores).found
    width_s = moment.width_s
    assert width_s == moment.end_s - moment.start_s

    def mean(start_s: float, end_s: float) -> float:
        return float(scores[during(start_s, end_s) > 0].mean())

    around = (mean(moment.start_s - width_s, moment.start_s) + mean(moment.end_s, moment.end_s + width_s)) / 2
    assert moment.size == pytest.approx(mean(moment.start_s, moment.end_s) - around, abs=1e-6)


def test_a_rise_that_lasts_is_told_at_its_instant() -> None:
    (moment,) = found(swinging() + 0.6 * during(300, 601)).found
    assert moment.kind == "rise"
    assert moment.t_s == moment.start_s == pytest.approx(300, abs=3)
    assert moment.size == pytest.approx(0.6, abs=0.15)


def test_several_are_told_in_order_of_time() -> None:
    scores = swinging() - 0.9 * during(120, 150) + 0.9 * during(400, 440)
    assert [moment.kind for moment in found(scores).found] == ["dip", "peak"]


def test_no_more_are_told_than_anyone_reads() -> None:
    times = np.arange(7200 * FPS) / FPS
    scores = 3 + 0.05 * autoregressive(np.random.default_rng(1), len(times), (1,), 2.0, 1 / FPS)[:, 0]
    for start_s in range(200, 7000, 400):
        scores[(times >= start_s) & (times < start_s + 40)] -= 0.8
    told = moments.find(instants_of(times, scores), DEMO).found
    assert len(told) == moments.MOST
    assert {moment.kind for moment in told} == {"dip"}


def test_where_nobody_was_seen_nothing_is_told() -> None:
    """A dip during which only a few readings found a face says nothing of the audience."""
    made = instants_of(TIMES, swinging() - 0.8 * during(200, 240))
    gone = (during(200, 240) > 0) & (np.floor(TIMES) % 5 > 0)
    kept = ~gone[made.sightings.instant]
    sightings = timeline.Sightings(
        made.sightings.instant[kept], made.sightings.track[kept], made.sightings.probabilities[kept]
    )
    used = np.where(gone, 0, made.used)
    probabilities = np.where(gone[:, None], np.nan, made.probabilities)
    fewer = replace(made, faces=used, used=used, probabilities=probabilities, sightings=sightings)
    assert moments.find(fewer, DEMO).found == ()
    assert moments.find(made, DEMO).found != ()


def test_a_face_that_never_changes_has_no_moments() -> None:
    assert found(np.full(len(TIMES), 3.0)) == moments.Moments((), is_long_enough=True)


@pytest.mark.parametrize("times", [np.array([]), TIMES[:200]])
def test_without_faces_there_are_no_moments(times: Floats) -> None:
    assert moments.find(timeline.instants(nobody(times)), DEMO) == moments.Moments((), is_long_enough=False)


def test_faces_that_come_and_go_leave_nothing_to_compare() -> None:
    """Five seconds of every twenty: long enough in all, and never half of any stretch and of its surroundings."""
    made = audience(TIMES, dirichlet(len(TIMES), 1), (TIMES % 20 < 5)[:, None])
    assert moments.find(timeline.instants(made), DEMO) == moments.Moments((), is_long_enough=False)


def test_a_minute_is_too_short_to_say_anything() -> None:
    few = TIMES[TIMES < 60]
    scores = swinging()[: len(few)] - 0.8 * during(20, 30)[: len(few)]
    assert moments.find(instants_of(few, scores), DEMO).is_long_enough is False


def test_the_same_recording_has_the_same_moments() -> None:
    scores = swinging(4) - 0.8 * during(200, 240)
    assert found(scores) == found(scores)


def test_people_who_are_always_livelier_do_not_widen_the_band_of_a_difference() -> None:
    """The same drop in each of six people: how much they differ from one another has no part in it."""
    values = np.array(DEMO.values)
    high, low = np.eye(5)[[values.argmax(), values.argmin()]]
    levels = np.linspace(0.3, 0.7, 6)
    noise = 0.02 * autoregressive(np.random.default_rng(2), len(TIMES), (6,), 2.0, 1 / FPS)
    share = (levels + noise - 0.2 * during(200, 240)[:, None]).clip(0, 1)[..., None]
    made = timeline.instants(audience(TIMES, share * high + (1 - share) * low))
    parts = [Part(160, 200, -0.5), Part(200, 240, 1.0), Part(240, 280, -0.5)]
    told = difference(Sample.of(made, DEMO), parts)
    assert told is not None
    assert told.size == pytest.approx(-0.2 * (values.max() - values.min()), abs=0.02)
    assert told.is_clear
    assert told.high - told.low < 0.3


def test_a_difference_of_one_face_has_the_band_of_its_parts() -> None:
    """As wide as two independent bands of bands.py side by side."""
    made = instants_of(TIMES, swinging(swing=0.3))
    sample = Sample.of(made, DEMO)
    told = difference(sample, [Part(100, 160, -1.0), Part(160, 220, 1.0)])
    assert told is not None
    scores = score(made.probabilities, DEMO)
    assert told.size == pytest.approx(
        scores[during(160, 220) > 0].mean() - scores[during(100, 160) > 0].mean(), abs=1e-6
    )
    from analytics import bands

    halves = []
    for start_s, end_s in ((100, 160), (160, 220)):
        low, high = bands.rolling_bands(made, end_s - start_s, DEMO, np.array([end_s - 0.2]))
        halves.append((high[0] - low[0]) / 2)
    assert (told.high - told.low) / 2 == pytest.approx(float(np.hypot(*halves)), rel=0.15)


def test_a_stretch_in_which_nothing_moved_is_not_therefore_certain() -> None:
    sample = Sample.of(instants_of(TIMES, np.where(during(200, 230) > 0, 2.0, 3.6)), DEMO)
    found = difference(sample, [Part(200, 230, 1), Part(170, 200, -0.5), Part(230, 260, -0.5)])
    assert found is not None
    assert found.high - found.low > 0.1
    assert found.is_clear


def test_too_few_readings_make_no_difference() -> None:
    sample = Sample.of(instants_of(TIMES, swinging()), DEMO)
    assert difference(sample, [Part(0, 2, -1.0), Part(2, 4, 1.0)]) is None
