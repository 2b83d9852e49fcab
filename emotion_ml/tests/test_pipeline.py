"""A recording in, readings out: in order, on true time, whatever else happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_ml import pipeline, video
from emotion_ml.engine import Batch, EmotionEngine
from emotion_ml.faces import FaceFinder
from emotion_ml.pipeline import Found
from emotion_ml.tests import clips, scenes
from emotion_ml.tests.fakes import Brightness
from emotion_ml.tracking import Tracker
from emotion_ml.types import LeftOut, Reading

FRAME = scenes.close_up()


@pytest.fixture
def engine() -> Iterator[EmotionEngine]:
    with EmotionEngine(Brightness()) as quick:
        yield quick


def face_until(end_s: float) -> clips.Look:
    def paint(t_s: clips.Time, width: int, height: int) -> clips.Image:
        return FRAME if t_s < end_s else scenes.backdrop(width, height)

    return clips.Look(width=640, height=360, paint=paint)


def test_every_analysed_picture_is_a_reading_with_its_own_time(tmp_path: Path, engine: EmotionEngine) -> None:
    path = clips.write(tmp_path / "a.mp4", clips.steady(30, 4), face_until(2))
    readings = list(pipeline.analyse(path, engine, fps=5))
    assert [reading.t_s for reading in readings] == pytest.approx([k / 5 for k in range(20)], abs=0.05)
    assert [len(reading.faces) for reading in readings] == [1] * 10 + [0] * 10
    assert {face.track for reading in readings for face in reading.faces} == {1}
    assert all(face.left_out is LeftOut.USED for reading in readings for face in reading.faces)


def elsewhere(picture: clips.Image) -> clips.Image:
    """The same face at the same place, in surroundings of other colours and another light."""
    with FaceFinder() as finder:
        (found,) = finder.find(picture)
    box, other = found.box, 255 - picture
    inside = (slice(int(box.top) - 30, int(box.bottom) + 30), slice(int(box.left) - 30, int(box.right) + 30))
    other[inside] = picture[inside]
    return other


def test_after_a_cut_nobody_is_who_sat_there_before(tmp_path: Path, engine: EmotionEngine) -> None:
    other = elsewhere(FRAME)
    look = clips.Look(width=640, height=360, paint=lambda t_s, *_: other if 1 <= t_s < 2 else FRAME)
    readings = list(pipeline.analyse(clips.write(tmp_path / "a.mp4", clips.steady(30, 3), look), engine, fps=5))
    assert [[face.track for face in reading.faces] for reading in readings] == [[1]] * 5 + [[2]] * 5 + [[3]] * 5


def test_a_lamp_that_is_switched_on_is_no_cut(tmp_path: Path, engine: EmotionEngine) -> None:
    bright = np.clip(FRAME.astype(np.int32) * 3 // 2 + 30, 0, 255).astype(np.uint8)
    look = clips.Look(width=640, height=360, paint=lambda t_s, *_: bright if t_s >= 1 else FRAME)
    readings = list(pipeline.analyse(clips.write(tmp_path / "a.mp4", clips.steady(30, 2), look), engine, fps=5))
    assert {face.track for reading in readings for face in reading.faces} == {1}


def test_two_runs_give_the_same_readings(tmp_path: Path, engine: EmotionEngine) -> None:
    path = clips.write(tmp_path / "a.mp4", clips.steady(25, 3), face_until(9))
    assert list(pipeline.analyse(path, engine)) == list(pipeline.analyse(path, engine))


def test_every_face_of_an_audience_is_read(tmp_path: Path, engine: EmotionEngine) -> None:
    picture, boxes = scenes.audience([scenes.astronaut()], 12, 80, seed=3)
    look = clips.Look(width=1920, height=1080, paint=lambda *_: picture)
    path = clips.write(tmp_path / "a.mp4", clips.steady(5, 1), look)
    readings = list(pipeline.analyse(path, engine))
    assert [len(reading.faces) for reading in readings] == [len(boxes)] * 5
    assert {face.track for reading in readings for face in reading.faces} == set(range(1, 13))


def test_the_next_pictures_are_looked_at_while_the_network_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that answers only once a later picture was looked at: one that is waited for at once hangs."""
    path = clips.write(tmp_path / "a.mp4", clips.steady(25, 4), face_until(9))
    later, looked, reading = threading.Event(), 0, pipeline.look

    def look(*args: Any) -> Found:
        nonlocal looked
        looked += 1
        if looked > 8:
            later.set()
        return reading(*args)

    class Waits(Brightness):
        def logits(self, batch: Batch) -> Batch:
            assert later.wait(20), "nothing was looked at meanwhile"
            return super().logits(batch)

    monkeypatch.setattr(pipeline, "look", look)
    with EmotionEngine(Waits()) as engine:
        readings = list(pipeline.analyse(path, engine, fps=5))
    assert [round(reading.t_s * 5) for reading in readings] == list(range(20))
    assert all(len(reading.faces) == 1 for reading in readings)


def test_a_cut_off_recording_gives_its_good_part_and_then_says_so(tmp_path: Path, engine: EmotionEngine) -> None:
    path = clips.write(tmp_path / "a.mkv", clips.steady(25, 8), face_until(9))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    readings: list[Reading] = []
    with pytest.raises(video.Truncated) as damage:
        readings.extend(pipeline.analyse(path, engine))
    assert 1 < readings[-1].t_s <= damage.value.t_s < 8


def test_what_is_no_video_is_refused_before_any_reading(tmp_path: Path, engine: EmotionEngine) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("<html>")
    with pytest.raises(video.NotAVideo):
        next(pipeline.analyse(path, engine))


def test_whoever_stops_early_leaves_no_thread_behind(tmp_path: Path, engine: EmotionEngine) -> None:
    path = clips.write(tmp_path / "a.mp4", clips.steady(30, 20), face_until(9))
    readings = pipeline.analyse(path, engine, fps=30)
    next(readings)
    readings.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "decoder"]


@pytest.mark.parametrize("fps", [1, 5, 12.5])
def test_single_faces_several_faces_and_batches_agree(tmp_path: Path, engine: EmotionEngine, fps: float) -> None:
    path = clips.write(tmp_path / "a.mp4", clips.steady(25, 2), face_until(9))
    for reading in pipeline.analyse(path, engine, fps=fps):
        frame = next(frame for frame in video.frames(path, fps) if frame.t_s == reading.t_s)
        with FaceFinder() as finder:
            alone = pipeline.read([pipeline.look(finder, Tracker(), frame.t_s, frame.image)], engine)[0]
        np.testing.assert_allclose(alone.faces[0].probabilities, reading.faces[0].probabilities, atol=0.02)
