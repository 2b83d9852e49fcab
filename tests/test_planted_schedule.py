"""What was planted in a recording comes back from it: the whole path from file to score, but for the expression."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analytics.readings import Readings
from analytics.results import summarise
from emotion_ml import pipeline, video
from emotion_ml.engine import Batch, EmotionEngine, ModelInfo
from emotion_ml.labels import EMOTIONS
from emotion_ml.tests import clips, scenes

CHANGE_S = 20.0
FACE = scenes.close_up()
DIM = (FACE * 0.5).astype(np.uint8)
BETWEEN = -0.13  # brightness of a crop after normalisation: 0.50 and -0.75


class BrightIsHappy:
    """A backend with the real interface that takes a bright face for a happy one and a dim face for a sad one."""

    info = ModelInfo("bright-is-happy", "0" * 64, "test", "for tests")
    input_px = 48

    def logits(self, batch: Batch) -> Batch:
        answer = np.zeros((len(batch), 5), dtype=np.float32)
        bright = batch.mean(axis=(1, 2, 3)) > BETWEEN
        answer[bright, EMOTIONS.index("Happy")] = 3
        answer[~bright, EMOTIONS.index("Sad")] = 3
        return answer


@pytest.fixture(scope="module")
def engine() -> Iterator[EmotionEngine]:
    with EmotionEngine(BrightIsHappy()) as quick:
        yield quick


def planted(t_s: clips.Time, _width: int, _height: int) -> clips.Image:
    return FACE if t_s < CHANGE_S else DIM


def rates() -> dict[str, list[clips.Time]]:
    rng = np.random.default_rng(4)
    varying = np.cumsum(rng.choice([1 / 60, 1 / 30, 1 / 12], 1600))
    found: dict[str, list[clips.Time]] = {"variable": [0.0, *(float(t_s) for t_s in varying if t_s < 40)]}
    for fps in (24, 25, 29.97, 50, 59.94, 60):
        found[str(fps)] = [*clips.steady(fps, 40)]
    return found


@pytest.mark.parametrize("name", rates())
def test_a_change_of_expression_is_found_when_it_happened(name: str, tmp_path: Path, engine: EmotionEngine) -> None:
    look = clips.Look(width=640, height=360, paint=planted)
    path = clips.write(tmp_path / "planted.mp4", rates()[name], look)
    readings = Readings.of(list(pipeline.analyse(path, engine)))
    result = summarise(readings, video.probe(path), engine.model, version="test")

    times = np.array([row["t_s"] for row in result["series"]])
    happy = np.array([row["probabilities"]["Happy"] for row in result["series"]])
    truth = (times < CHANGE_S).astype(float)
    assert np.corrcoef(happy, truth)[0, 1] >= 0.9
    assert times[np.flatnonzero(happy < 0.5)[0]] == pytest.approx(CHANGE_S, abs=0.2)
    assert result["recording"]["duration_s"] == pytest.approx(40, abs=0.2)

    demo = np.array([row["engagement"]["product_demo"] for row in result["series"]])
    rolling = np.array(result["rolling"]["product_demo"]["30s"], dtype=float)
    assert demo[times < CHANGE_S].mean() - demo[times >= CHANGE_S].mean() > 1
    # A trailing window of 30 s at the end still holds 10 s of the first expression.
    assert rolling[-1] == pytest.approx(demo[times > times[-1] - 30 + 1e-6].mean(), abs=1e-6)
    assert demo[times >= CHANGE_S].mean() < rolling[-1] < rolling[len(demo) // 4]
