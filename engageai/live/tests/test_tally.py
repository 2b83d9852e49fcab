"""The numbers shown while it runs are those that the results page will show of the same instants."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analytics import bands, timeline
from analytics.readings import Readings
from analytics.scoring import ENVIRONMENTS, score
from emotion_ml.tests.patience import slack
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading
from engageai.live.tally import Tally

NOBODY: tuple[Face, ...] = ()


def faces(rng: np.random.Generator, count: int) -> tuple[Face, ...]:
    shares = rng.dirichlet(np.ones(5), count).astype(np.float32).tolist()
    reason = LeftOut.BLURRED if rng.random() < 0.1 else LeftOut.USED
    return tuple(Face(i + 1, Box(0, 0, 9, 9), tuple(p), Quality(9, 1, 0), reason) for i, p in enumerate(shares))


def measurement(seconds: float, fps: float, absent: tuple[float, float] = (-1, -1), paused: float = 0) -> list[Reading]:
    rng = np.random.default_rng(5)
    times = np.arange(0, seconds, 1 / fps) + rng.uniform(0, 0.3 / fps, round(seconds * fps))
    times[len(times) // 2 :] += paused
    return [
        Reading(float(t), NOBODY if absent[0] <= t < absent[1] else faces(rng, int(rng.integers(1, 3)))) for t in times
    ]


CASES = [
    pytest.param(measurement(150, 5), id="longer than every window"),
    pytest.param(measurement(90, 5, absent=(20, 75)), id="away for a while"),
    pytest.param(measurement(60, 5, paused=200), id="paused"),
    pytest.param(measurement(3, 10), id="just begun"),
    pytest.param([Reading(t / 5, NOBODY) for t in range(50)], id="nobody there"),
]


@pytest.mark.parametrize("readings", CASES)
@pytest.mark.parametrize("share", [0, 0.2, 0.7])
def test_live_values_are_those_of_the_results_page(readings: list[Reading], share: float) -> None:
    """Also where the measurement was interrupted after that share of it."""
    interrupted_at = int(share * len(readings))
    tally = Tally(Readings.of(readings[:interrupted_at]))
    for count, reading in enumerate(readings[interrupted_at:], interrupted_at + 1):
        tally.add(reading)
        if count % 7 == 0 or count == len(readings):
            shown, expected = tally.rolling(), page_values(readings[:count])
            for environment, lines in expected.items():
                for name, value in lines.items():
                    given = shown[environment][name]
                    assert_allclose(np.nan if given is None else given, value, atol=1e-4, err_msg=f"{name} at {count}")


def page_values(readings: list[Reading]) -> dict[str, dict[str, float]]:
    instants = timeline.instants(Readings.of(readings))
    found = {}
    for each in ENVIRONMENTS:
        lines = {name: timeline.rolling(instants, window_s)[-1] for name, window_s in timeline.WINDOWS_S.items()}
        recent = timeline.instants(Readings.of([r for r in readings if r.t_s > readings[-1].t_s - 62] or readings))
        low, high = bands.rolling_bands(recent, 30.0, each, recent.times[-1:])
        found[each.name] = {name: float(score(mean, each)) for name, mean in lines.items()}
        if np.isfinite(found[each.name]["30s"]) and np.isfinite(low[0]):
            assert low[0] <= found[each.name]["30s"] <= high[0]
    return found


def test_the_instant_is_scored_in_every_environment() -> None:
    tally = Tally(Readings.of([]))
    happy = Face(1, Box(0, 0, 9, 9), (0, 1, 0, 0, 0), Quality(9, 1, 0), LeftOut.USED)
    assert tally.add(Reading(0.0, (happy,))) == {each.name: each.values[1] for each in ENVIRONMENTS}
    assert tally.add(Reading(0.1, NOBODY)) is None


def test_what_is_unsaved_is_handed_over_once() -> None:
    readings = measurement(4, 5)
    tally = Tally(Readings.of([]))
    for reading in readings[:10]:
        tally.add(reading)
    first = tally.take_unsaved()
    assert tally.take_unsaved() is None
    for reading in readings[10:]:
        tally.add(reading)
    second = tally.take_unsaved()
    assert first is not None
    assert second is not None
    assert Readings.concat([first, second]).to_bytes() == Readings.of(readings).to_bytes()


def test_an_hour_takes_no_more_memory_and_time_than_a_minute() -> None:
    tally, rng = Tally(Readings.of([])), np.random.default_rng(2)
    some = faces(rng, 1)
    for second in range(3600):
        tally.add(Reading(float(second), some))
        if second % 2:
            tally.take_unsaved()
    assert sum(len(chunk.times) for chunk in tally._recent) < 70
    started = time.perf_counter()
    tally.rolling()
    assert time.perf_counter() - started < 0.1 * slack()


def test_an_hour_before_an_interruption_costs_no_more_than_its_last_minute() -> None:
    some = faces(np.random.default_rng(2), 1)
    tally = Tally(Readings.of([Reading(second / 4, some) for second in range(4 * 3600)]))
    tally.add(Reading(3600.0, some))
    tally.rolling()
    assert sum(len(chunk.times) for chunk in tally._recent) < 4 * 70
