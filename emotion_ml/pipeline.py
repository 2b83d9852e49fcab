"""A recording in, readings out: decode, find, follow, frame and infer, in order and in bounded memory.

Knows the order of the steps. Knows nothing of scores, sessions or progress bars: whoever iterates decides the pace, and
stops by ceasing to iterate.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml import video
from emotion_ml.cuts import Cuts
from emotion_ml.engine import Batch, Crop, EmotionEngine
from emotion_ml.faces import FaceFinder
from emotion_ml.preprocess import crop
from emotion_ml.quality import assess, left_out
from emotion_ml.tracking import Tracker
from emotion_ml.types import DEFAULT_FPS, Detection, Face, LeftOut, Quality, Reading

_CHUNK: Final = 8  # pictures whose faces share a batch; always the same cut, so that results are reproducible


@dataclass(frozen=True, slots=True)
class Found:
    """The faces of one picture before their expressions are known: all that is kept of it."""

    t_s: float
    tracks: list[int]
    detections: list[Detection]
    qualities: list[Quality]
    crops: list[Crop]


def analyse(path: Path, engine: EmotionEngine | None, *, fps: float = DEFAULT_FPS) -> Generator[Reading]:
    """Readings in order of time, as they become known. Without an engine faces are found and followed, and not read.

    Raises video.NotAVideo before the first reading, video.Truncated after the last good one.
    """
    pictures = video.passing_frames(path, fps)  # nothing of a picture is kept but its faces, cut out
    asked: Iterator[Reading] = iter(())
    chunk: list[Found] = []
    try:
        for found in find(pictures, fps):
            chunk.append(found)
            if len(chunk) == _CHUNK:
                before, asked = asked, _ask(chunk, engine)  # the network reads these while the next are looked for
                yield from before
                chunk = []
    except video.Truncated:
        yield from asked
        yield from read(chunk, engine)
        raise
    finally:
        pictures.close()
    yield from asked
    yield from read(chunk, engine)


def find(pictures: Iterator[video.Frame], fps: float) -> Iterator[Found]:
    """Detect and follow the faces of each picture, and cut them out; small newcomers are looked for every second."""
    tracker, cuts = Tracker(), Cuts()
    with FaceFinder(scout_every=max(1, round(fps))) as finder:
        for frame in pictures:
            if cuts.is_cut(frame.image):
                tracker.forget()
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


def read(chunk: list[Found], engine: EmotionEngine | None, *, live: bool = False) -> list[Reading]:
    """Infer the expressions of all faces of `chunk` in one call; without an engine, none."""
    return list(_ask(chunk, engine, live=live))


def _ask(chunk: list[Found], engine: EmotionEngine | None, *, live: bool = False) -> Iterator[Reading]:
    """Hand the faces of `chunk` to the engine at once, and wait for its answers when they are asked for."""
    if engine is None:
        return (Reading(found.t_s, _unread(found)) for found in chunk)
    answer = engine.ask([face for found in chunk for face in found.crops], live=live)
    return _readings(chunk, answer)


def _readings(chunk: list[Found], answer: Callable[[], Batch]) -> Iterator[Reading]:
    answers = iter(answer().tolist())
    for found in chunk:
        faces = [
            Face(track, detection.box, tuple(next(answers)), quality, left_out(quality))
            for track, detection, quality in zip(found.tracks, found.detections, found.qualities, strict=True)
        ]
        yield Reading(found.t_s, tuple(sorted(faces, key=lambda face: face.track)))


def _unread(found: Found) -> tuple[Face, ...]:
    faces = [
        Face(track, detection.box, (), quality, LeftOut.UNREAD)
        for track, detection, quality in zip(found.tracks, found.detections, found.qualities, strict=True)
    ]
    return tuple(sorted(faces, key=lambda face: face.track))
