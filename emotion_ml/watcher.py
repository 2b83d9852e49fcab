"""One live stream of pictures, read as it comes: the same steps as a recording's, one picture at a time.

Knows pictures and readings. Knows nothing of where pictures come from, of sockets, sessions or scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_ml import pipeline
from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import SCOUT_EVERY, Detectors, FaceFinder
from emotion_ml.pipeline import Found
from emotion_ml.tracking import Tracker
from emotion_ml.types import Box, Detection, Reading

Image = NDArray[np.uint8]


class NotADecodablePicture(ValueError):
    """The bytes promise a picture and hold none."""


def decode(jpeg: bytes) -> Image:
    """u8 RGB (H, W, 3) as stored, whatever orientation it claims. Its size is not limited here."""
    try:
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise NotADecodablePicture("the picture cannot be decoded") from error
    if pixels is None:
        raise NotADecodablePicture("the picture cannot be decoded")
    return np.asarray(pixels, dtype=np.uint8)


class Watcher:
    """Finds, follows and reads the faces of one stream, in two steps so that each can be timed. Not thread-safe.

    Faces keep their ids when the stream changes its resolution. Ids begin after `known_tracks`, for a stream that goes
    on where an earlier one ended: who sat there before may have left meanwhile. Streams may share `detectors`. Without
    an engine faces are found and followed, and not read.
    """

    def __init__(
        self,
        engine: EmotionEngine | None,
        *,
        known_tracks: int = 0,
        detectors: Detectors | None = None,
        scout_every: int = SCOUT_EVERY,
    ) -> None:
        self._engine = engine
        self._finder = FaceFinder(detectors=detectors, scout_every=scout_every)
        self._tracker = _SteadyTracker()
        self._known_tracks = known_tracks

    def look(self, t_s: float, image: Image) -> Found:
        self._tracker.resolution_px = max(image.shape[:2])
        found = pipeline.look(self._finder, self._tracker, t_s, image)
        return replace(found, tracks=[self._known_tracks + track for track in found.tracks])

    def read(self, found: Found) -> Reading:
        return pipeline.read([found], self._engine, live=True)[0]

    def close(self) -> None:
        self._finder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _SteadyTracker(Tracker):
    """Follows boxes on a grid that does not depend on the picture's resolution, which may change at any time."""

    resolution_px = 1

    def update(self, t_s: float, detections: Sequence[Detection]) -> list[int]:
        share = 1 / self.resolution_px
        return super().update(t_s, [replace(found, box=_scaled(found.box, share)) for found in detections])


def _scaled(box: Box, share: float) -> Box:
    return Box(box.left * share, box.top * share, box.width * share, box.height * share)
