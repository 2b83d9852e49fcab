"""A recording in, readings out: decode, find, follow, frame and infer, in order and in bounded memory.

Knows the order of the steps. Knows nothing of scores, sessions or progress bars: whoever iterates decides the pace, and
stops by ceasing to iterate.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml import video
from emotion_ml.engine import Crop, EmotionEngine
from emotion_ml.faces import FaceFinder
from emotion_ml.preprocess import crop
from emotion_ml.quality import assess, left_out
from emotion_ml.tracking import Tracker
from emotion_ml.types import Detection, Face, Quality, Reading

DEFAULT_FPS: Final = 5.0
"""Analysed pictures per second. Apparent expressions last 0.5 to 4 s (Ekman 2003), so 5 a second misses none."""

_AHEAD: Final = 4  # decoded pictures that may wait: bounds memory, evens out the decoder's bursts
_CHUNK: Final = 8  # pictures whose faces share a batch; always the same cut, so that results are reproducible


@dataclass(frozen=True, slots=True)
class Found:
    """The faces of one picture before their expressions are known: all that is kept of it."""

    t_s: float
    tracks: list[int]
    detections: list[Detection]
    qualities: list[Quality]
    crops: list[Crop]


def analyse(path: Path, engine: EmotionEngine, *, fps: float = DEFAULT_FPS) -> Generator[Reading]:
    """Readings in order of time, as they become known.

    Raises video.NotAVideo before the first reading, video.Truncated after the last good one.
    """
    chunk: list[Found] = []
    pictures = _ahead(video.frames(path, fps))
    try:
        for found in find(pictures, fps):
            chunk.append(found)
            if len(chunk) == _CHUNK:
                yield from read(chunk, engine)
                chunk = []
    except video.Truncated:
        yield from read(chunk, engine)
        raise
    finally:
        pictures.close()
    yield from read(chunk, engine)


def find(pictures: Iterator[video.Frame], fps: float) -> Iterator[Found]:
    """Detect and follow the faces of each picture, and cut them out; small newcomers are looked for every second."""
    tracker = Tracker()
    with FaceFinder(scout_every=max(1, round(fps))) as finder:
        for frame in pictures:
            yield look(finder, tracker, frame.t_s, frame.image)


def look(finder: FaceFinder, tracker: Tracker, t_s: float, image: NDArray[np.uint8]) -> Found:
    """The next picture of a stream, u8 RGB (H, W, 3): the one step that recordings and the webcam share."""
    detections = finder.find(image)
    return Found(
        t_s,
        tracker.update(t_s, detections),
        detections,
        [assess(image, detection) for detection in detections],
        [crop(image, detection.key_points) for detection in detections],
    )


def read(chunk: list[Found], engine: EmotionEngine, *, live: bool = False) -> list[Reading]:
    """Infer the expressions of all faces of `chunk` in one call."""
    answers = iter(engine.probabilities([face for found in chunk for face in found.crops], live=live).tolist())
    readings = []
    for found in chunk:
        faces = [
            Face(track, detection.box, tuple(next(answers)), quality, left_out(quality))
            for track, detection, quality in zip(found.tracks, found.detections, found.qualities, strict=True)
        ]
        readings.append(Reading(found.t_s, tuple(sorted(faces, key=lambda face: face.track))))
    return readings


def _ahead(pictures: Generator[video.Frame]) -> Generator[video.Frame]:
    """The same pictures, decoded in a thread of their own a few ahead of the one who asks."""
    ready: queue.Queue[video.Frame | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()
    thread = threading.Thread(target=_decode, args=(pictures, ready, stopped), name="decoder", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            while not ready.empty():
                ready.get_nowait()
            thread.join(0.01)


def _decode(
    pictures: Generator[video.Frame], ready: queue.Queue[video.Frame | BaseException | None], stopped: threading.Event
) -> None:
    try:
        with closing(pictures):
            for picture in pictures:
                ready.put(picture)
                if stopped.is_set():
                    return
    except BaseException as error:  # handed to the reader's thread, which raises it
        ready.put(error)
    else:
        ready.put(None)
