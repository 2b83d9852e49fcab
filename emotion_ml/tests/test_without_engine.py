"""Without an engine faces are found and followed as ever, and nothing is said of what they express."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emotion_ml import pipeline
from emotion_ml.engine import EmotionEngine
from emotion_ml.overlay import label_of
from emotion_ml.tests import clips, scenes
from emotion_ml.tests.fakes import Brightness
from emotion_ml.types import LeftOut, Reading
from emotion_ml.watcher import Watcher

FRAME = scenes.close_up()


@pytest.fixture
def engine() -> Iterator[EmotionEngine]:
    with EmotionEngine(Brightness()) as quick:
        yield quick


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    look = clips.Look(width=640, height=360, paint=lambda _, width, height: FRAME)
    return clips.write(tmp_path_factory.mktemp("clips") / "face.mp4", clips.steady(10, 2), look)


def places(readings: list[Reading]) -> list[tuple[object, ...]]:
    return [(each.t_s, face.track, face.box, face.quality) for each in readings for face in each.faces]


def test_a_recording_gives_the_same_faces_without_probabilities(clip: Path, engine: EmotionEngine) -> None:
    read, unread = list(pipeline.analyse(clip, engine)), list(pipeline.analyse(clip, None))
    assert len(places(unread)) == 10
    assert places(unread) == places(read)
    assert {(face.probabilities, face.left_out) for each in unread for face in each.faces} == {((), LeftOut.UNREAD)}


def test_a_webcam_does_so_too(engine: EmotionEngine) -> None:
    with Watcher(None) as watcher:
        (face,) = watcher.read(watcher.look(0.0, FRAME)).faces
    assert (face.track, face.probabilities, face.left_out) == (1, (), LeftOut.UNREAD)
    assert label_of(face) == "#1"
