"""A run that is given seconds: the learning rate falls by the clock, and it ends in time with what it has."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotion_ml.training import schedule
from emotion_ml.training.recipe import Config, Stage
from emotion_ml.training.schedule import Schedule

STEPS = 100


@pytest.fixture
def config() -> Config:
    read = Config.read(Path(schedule.__file__).parents[1] / "config.yml")
    return dataclasses.replace(read, learning_rate=1.0, warmup_steps=50, stages=(Stage(64, 4), Stage(112, 6)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("emotion_ml.training.schedule.time.monotonic", lambda: now[0])
    return now


def test_by_epochs_it_rises_and_falls_to_nothing(config: Config) -> None:
    whole = Schedule(config, STEPS)
    rates = [whole.learning_rate(step) for step in range(10 * STEPS + 1)]
    assert rates[0] == pytest.approx(1 / 50)
    assert 0.98 < max(rates) <= 1
    assert 48 <= int(np.argmax(rates)) <= 51
    assert all(one >= other for one, other in pairwise(rates[50:]))
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert [whole.px(epoch) for epoch in (0, 3, 4, 9)] == [64, 64, 112, 112]


def test_by_seconds_the_clock_alone_counts(config: Config, clock: list[float]) -> None:
    lent = Schedule(config, STEPS, seconds=200)
    clock[0] += 500  # until the faces are read
    lent.begin()
    assert lent.share(10**6) == 0
    rates = []
    for step in range(1, 9):  # ever so slow: eight steps for everything
        clock[0] += 25
        rates.append(lent.learning_rate(step))
    assert rates[0] == pytest.approx(np.cos(np.pi / 16) ** 2)  # an eighth lies behind it: no warm-up is left
    assert all(one > other for one, other in pairwise(rates))
    assert rates[-1] == 0
    assert lent.share(8) == 1
    assert lent.px(11) == 64


def test_what_was_spent_before_an_interruption_is_spent(config: Config, clock: list[float]) -> None:
    lent = Schedule(config, STEPS, seconds=200)
    lent.begin(spent=150)
    clock[0] += 25
    assert lent.share(0) == pytest.approx(175 / 200)
    assert lent.spent == 175


def test_without_warm_up_the_first_step_is_as_large_as_any(config: Config) -> None:
    assert Schedule(dataclasses.replace(config, warmup_steps=0), STEPS).learning_rate(0) == 1


@pytest.mark.parametrize("seconds", [0.0, -5.0, float("nan")])
def test_no_time_at_all_is_refused_in_words(config: Config, seconds: float) -> None:
    with pytest.raises(ValueError, match="no time to learn"):
        Schedule(config, STEPS, seconds)
