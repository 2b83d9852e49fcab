"""One frame, one answer: what the webcam reads of a picture is, bit for bit, what a recording reads of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from analytics.readings import Readings
from emotion_ml import pipeline
from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import Detectors
from emotion_ml.tests import clips
from emotion_ml.tests.clips import Image, Look, Time
from emotion_ml.video import Frame
from emotion_ml.watcher import decode
from engageai.live import protocol
from engageai.live.stream import SCOUT_EVERY, Stream
from engageai.live.tests.cameras import face_jpeg

SIZES = [320, 300, 340, 320, 310] * 4
SPACING_S = 0.05


@pytest.fixture(scope="module")
def shipped() -> Iterator[EmotionEngine]:
    with EmotionEngine.create(backend="onnx") as engine:
        yield engine


@pytest.fixture(scope="module")
def detectors() -> Iterator[Detectors]:
    both = Detectors()
    yield both
    both.close()


def jpegs(quality: range = range(60, 100, 2)) -> list[bytes]:
    """Twenty pictures of one face, no two alike."""
    return [face_jpeg(quality=each) for each in quality]


def live(pictures: list[bytes], stream: Stream) -> tuple[Readings, list[dict[str, object]]]:
    """Through the socket's own path: message, parser, stream."""
    sent = []
    for index, jpeg in enumerate(pictures):
        message = protocol.pack_frame(index + 1, index, 1000 * SPACING_S * index, jpeg)
        text = stream.answer(protocol.parse_frame(message, SPACING_S * index), 0)
        assert text is not None
        sent.append(json.loads(text))
    unsaved = stream.take_unsaved()
    assert unsaved is not None
    return unsaved[0], sent


def recorded(pictures: list[bytes], engine: EmotionEngine) -> Readings:
    """Through the recording's path, in its batches of several pictures."""
    frames = (Frame(SPACING_S * index, decode(jpeg)) for index, jpeg in enumerate(pictures))
    return Readings.of(pipeline.read(list(pipeline.find(frames, float(SCOUT_EVERY))), engine))


def test_a_stream_of_pictures_is_read_as_a_recording_of_them_is(shipped: EmotionEngine, detectors: Detectors) -> None:
    pictures = jpegs()
    seen, sent = live(pictures, Stream(shipped, detectors))
    expected = recorded(pictures, shipped)
    for column in fields(Readings):
        if column.name != "times":
            assert_array_equal(getattr(seen, column.name), getattr(expected, column.name), err_msg=column.name)
    np.testing.assert_allclose(seen.times, expected.times, atol=1e-9)
    assert len(seen.frame) == len(pictures)
    for row, message in zip(expected.probabilities, sent, strict=True):
        np.testing.assert_allclose(message["faces"][0]["p"], row, atol=5e-5)  # type: ignore[index]


def test_a_picture_in_a_file_is_read_as_before_the_camera(
    shipped: EmotionEngine, detectors: Detectors, tmp_path: Path
) -> None:
    (jpeg,) = jpegs(range(80, 81))

    def paint(_: Time, width: int, height: int) -> Image:
        return decode(jpeg)

    look = Look(width=320, height=240, codec="ffv1", pixels="bgr0", paint=paint)
    path = clips.write(tmp_path / "lossless.mkv", clips.steady(5, 1), look)
    (first, *_) = pipeline.analyse(path, shipped)
    seen, _ = live([jpeg], Stream(shipped, detectors))
    assert_array_equal(Readings.of([first]).probabilities, seen.probabilities)
    assert_array_equal(Readings.of([first]).boxes, seen.boxes)


def test_a_change_of_resolution_keeps_a_face_its_number(shipped: EmotionEngine, detectors: Detectors) -> None:
    pictures = [face_jpeg(width, width * 3 // 4) for width in (640, 640, 480, 320, 240, 640)]
    seen, sent = live(pictures, Stream(shipped, detectors))
    assert set(seen.track.tolist()) == {1}
    assert [message["size"] for message in sent][-3:] == [[320, 240], [240, 180], [640, 480]]
