"""The webcam command: a camera of this machine, read as it runs, in a window or in lines of text.

Knows cameras. Knows nothing of how a picture is read.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from emotion_ml.engine import EmotionEngine
from emotion_ml.overlay import draw_faces, label_of
from emotion_ml.types import Reading
from emotion_ml.watcher import Image, Watcher

WINDOW: Final = "EngageAI webcam: q or Esc ends"
QUIT_KEYS: Final = (ord("q"), 27)
NO_PICTURE_S: Final = 5.0
CLOSING_S: Final = 2.0  # that a camera may take to close; one that hangs is left behind


class NoCamera(OSError):
    """There is no such camera, or it gives no pictures; the message says so to a user."""


def run(camera: str, engine: EmotionEngine, *, window: bool, seconds: float | None = None) -> None:
    """The command: a window with boxes, or a line of text a second, until it is ended. Raises NoCamera."""
    printed_s, results = float("-inf"), 0
    for reading, image, age_s in watch(camera, engine, seconds=seconds):
        results += 1
        if window and not _shown(image, reading):
            return
        if not window and (passed_s := reading.t_s - printed_s) >= 1:
            print(told(reading, age_s, results / passed_s), flush=True)
            printed_s, results = reading.t_s, 0


def has_display() -> bool:
    """Whether a window could be shown here."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def watch(
    camera: str, engine: EmotionEngine, *, seconds: float | None = None
) -> Iterator[tuple[Reading, Image, float]]:
    """Readings of a camera (its number, or a device or file that OpenCV opens), each with its picture and the seconds
    since that was taken, until the camera ends or `seconds` are over. Raises NoCamera.
    """
    started_s = time.monotonic()
    with _Camera(camera) as newest, Watcher(engine) as watcher:
        for captured_s, image in newest:
            t_s = captured_s - started_s
            yield watcher.read(watcher.look(t_s, image)), image, time.monotonic() - captured_s
            if seconds is not None and t_s >= seconds:
                return


def told(reading: Reading, age_s: float, rate: float) -> str:
    """A line for a terminal."""
    faces = ", ".join(label_of(face) for face in reading.faces) or "no face"
    speed = f"{rate:4.1f} results/s" if rate else " " * 14
    return f"{reading.t_s:6.1f} s  {speed}  {1000 * age_s:4.0f} ms  {faces}"


def _shown(image: Image, reading: Reading) -> bool:
    """False when the visitor wants to end."""
    draw_faces(image, reading.faces)
    cv2.imshow(WINDOW, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return (cv2.waitKey(1) & 0xFF) not in QUIT_KEYS


@contextmanager
def _opened(camera: str) -> Iterator[cv2.VideoCapture]:
    capture = cv2.VideoCapture(int(camera) if camera.isdecimal() else camera)
    try:
        if not capture.isOpened():
            raise NoCamera(f"camera {camera} cannot be opened: it is absent, in use, or not yours to use")
        yield capture
    finally:
        capture.release()


class _Camera:
    """The newest picture of a camera: a thread overwrites it, so that whoever is slow sees no older ones."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._changed = threading.Condition()
        self._newest: tuple[float, Image] | None = None
        self._stopped = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._grab, name="camera", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._stopped = True
        # No thread can be ended from outside, and one that waits for a picture may wait for ever.
        self._thread.join(CLOSING_S)

    def __iter__(self) -> Iterator[tuple[float, Image]]:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._newest or self._stopped, NO_PICTURE_S):
                    raise NoCamera(f"camera {self._camera} gave no picture for {NO_PICTURE_S:.0f} s")
                newest, self._newest = self._newest, None
            if newest is not None:
                yield newest
            elif self._error:
                raise self._error
            else:
                return

    def _grab(self) -> None:
        try:
            with _opened(self._camera) as capture:
                while not self._stopped and (picture := capture.read())[0]:
                    rgb = np.asarray(cv2.cvtColor(picture[1], cv2.COLOR_BGR2RGB), dtype=np.uint8)
                    self._put((time.monotonic(), rgb))
        except Exception as error:  # handed to the reader's thread, which raises it
            self._error = error
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _put(self, item: tuple[float, Image]) -> None:
        with self._changed:
            self._newest = item
            self._changed.notify()
