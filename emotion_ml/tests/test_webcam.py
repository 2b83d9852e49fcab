"""The webcam command: a clip stands in for the camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from emotion_ml import webcam
from emotion_ml.engine import Batch, EmotionEngine, ModelInfo
from emotion_ml.tests import clips
from emotion_ml.watcher import NotADecodablePicture, decode

FACE = np.asarray(astronaut(), dtype=np.uint8)[0:240, 100:420]  # type: ignore[no-untyped-call]


class Surprised:
    """A backend with the real interface and one opinion."""

    info = ModelInfo("surprised", "0" * 64, "test", "for tests")
    input_px = 48

    def logits(self, batch: Batch) -> Batch:
        return np.tile(np.array([0, 0, 0, 0, 9], np.float32), (len(batch), 1))


@pytest.fixture
def engine() -> Iterator[EmotionEngine]:
    with EmotionEngine(Surprised()) as one:
        yield one


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> str:
    look = clips.Look(width=320, height=240, paint=lambda *_: FACE)
    return str(clips.write(tmp_path_factory.mktemp("camera") / "face.mp4", clips.steady(10, 2), look))


def test_a_face_before_the_camera_is_read(camera: str, engine: EmotionEngine) -> None:
    seen = list(webcam.watch(camera, engine))
    assert seen
    reading, image, age_s = seen[-1]
    assert image.shape == (240, 320, 3)
    assert age_s >= 0
    (face,) = reading.faces
    assert max(face.probabilities) == face.probabilities[4]


def test_without_a_window_it_says_what_it_reads(
    camera: str, engine: EmotionEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    webcam.run(camera, engine, window=False)
    assert "#1 Surprise 100 %" in capsys.readouterr().out


def test_a_window_shows_the_boxes_and_ends_with_q(
    camera: str, engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(cv2, "imshow", lambda _, image: shown.append(image))
    monkeypatch.setattr(cv2, "waitKey", lambda _: ord("q"))
    webcam.run(camera, engine, window=True)
    assert len(shown) == 1


def test_only_the_newest_picture_is_read(camera: str, engine: EmotionEngine) -> None:
    count = 0
    with webcam._Camera(camera) as newest:
        for _ in newest:
            time.sleep(0.2)
            count += 1
    assert count < 20


def test_a_camera_that_is_not_there_is_said(engine: EmotionEngine) -> None:
    with pytest.raises(webcam.NoCamera, match="camera 97 cannot be opened"):
        next(webcam.watch("97", engine))


class Silent:
    """A camera that opens, and then keeps whoever reads it waiting until it is released from outside."""

    def __init__(self, released: threading.Event) -> None:
        self._released = released

    def isOpened(self) -> bool:  # noqa: N802  (OpenCV's name)
        return True

    def release(self) -> None:
        """It holds nothing."""

    def read(self) -> tuple[bool, None]:
        self._released.wait(60)
        return False, None


def test_a_camera_that_opens_and_gives_nothing_is_said(engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Silent(released))
    monkeypatch.setattr(webcam, "NO_PICTURE_S", 0.2)
    monkeypatch.setattr(webcam, "CLOSING_S", 0.2)
    began_s = time.monotonic()
    with pytest.raises(webcam.NoCamera, match="camera 0 gave no picture for"):
        next(webcam.watch("0", engine))
    assert time.monotonic() - began_s < 30
    released.set()


def test_it_stops_after_the_seconds_asked_for_and_leaves_no_thread(camera: str, engine: EmotionEngine) -> None:
    assert len(list(webcam.watch(camera, engine, seconds=0))) == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "camera"]


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xd9"])
def test_bytes_that_hold_no_picture_are_said_to(data: bytes) -> None:
    with pytest.raises(NotADecodablePicture):
        decode(data)
