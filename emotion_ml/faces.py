"""Which detector looks at a picture, and how closely: the rule by which faces are found.

Knows two detectors and what each is good at. Knows nothing of expressions, of identity, or of time: it counts pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import chain
from math import dist
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from emotion_ml.blazeface import BlazeFace
from emotion_ml.types import Box, Detection, KeyPoints
from emotion_ml.yunet import LARGEST_PX, YuNet

SURE: Final = 0.65
"""YuNet's score from which a face is believed. On 1080p pictures of 30 faces of 60 px before brick, grass, coffee and a
rocket it gives no or one false face, at 0.5 up to two; 95 % of the faces that are found score more than 0.85."""

KNOWN: Final = 0.4
"""Enough where a face was seen a moment ago: without this, weak faces would flicker between scouts."""

SCOUT_EVERY: Final = 5
"""Pictures from one scout to the next: a second of a recording analysed 5 times a second."""

CLOSE_SHARE: Final = 0.3
"""Least face height, as a share of the picture's longer side, for MediaPipe. It finds faces from 0.2, but puts their
points 0.14 eye distances away from YuNet's there (median), 0.10 at 0.25, 0.08 at 0.3 and never less than 0.07."""

CLOSE_FACES: Final = 3

SAME_POINTS: Final = 0.2
"""Most distance between the two detectors' points, mean of four, in eye distances. Of upright faces 95 % stay below
0.13; on heads tilted by 30 degrees MediaPipe's are up to 0.3 off, and a crop framed by them would be askew."""

SCOUT_PX: Final = 1920
STEADY_PX: Final = (640, 960, 1280, 1600)
LEAST_PX: Final = 320
"""Longer sides of YuNet's input: at most when scouting, to choose from between scouts, at least (small pictures are
enlarged to it)."""

SEEN_PX: Final = 40
"""Face height in YuNet's input at which, given KNOWN, 94 to 99 % of the faces that the scout saw are seen again."""

_SAME_FACE: Final = 0.3  # overlap from which two boxes are of one face
_INSIDE: Final = 0.5  # share of a box inside a huge face from which it is a part of that face


class Mode(StrEnum):
    CLOSE_UP = "close-up"
    AUDIENCE = "audience"


class Detectors:
    """The two networks. They keep nothing from picture to picture: any number of finders and threads may share them."""

    def __init__(self, threads: int | None = None) -> None:
        self.yunet = YuNet(threads or _spare_threads())
        self.blazeface = BlazeFace()

    def close(self) -> None:
        self.blazeface.close()


class FaceFinder:
    """Finds every face of one stream of pictures, given in order; not to be shared between threads.

    The rule: the first picture, every `scout_every`-th after the last scout, and a picture of another size are
    *scouted*: YuNet looks at full size (longer side at most 1920 px) and once more, small, for faces that fill the
    picture; MediaPipe looks too. Until the next scout the mode is

    - CLOSE_UP if MediaPipe saw one to three faces, each at least 0.3 of the picture's longer side high, and those are
      all that YuNet saw, with eyes, nose and mouth in the same places: then MediaPipe alone looks at each picture. When
      it returns fewer faces than the scout saw, that picture is scouted at once.
    - AUDIENCE otherwise: YuNet looks at each picture, as small as the smallest scouted face allows.

    So a small face that appears between scouts may be missed until the next one. A face needs SURE to be believed, and
    KNOWN where the last picture or scout had one. The same pictures in the same order give the same answer.

    `detectors` that are given are the caller's to close.
    """

    def __init__(
        self, threads: int | None = None, *, scout_every: int = SCOUT_EVERY, detectors: Detectors | None = None
    ) -> None:
        self._detectors = detectors or Detectors(threads)
        self._owned = self._detectors if detectors is None else None
        self._scout_every = scout_every
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def mode(self) -> Mode:
        """How the next picture will be looked at, unless it is scouted."""
        return self._mode

    def reset(self) -> None:
        """Forget the stream: the next picture is scouted."""
        self._mode = Mode.AUDIENCE
        self._shape: tuple[int, ...] = ()
        self._until_scout = 0
        self._scouted: list[Detection] = []
        self._last: list[Detection] = []

    def close(self) -> None:
        if self._owned is not None:
            self._owned.close()

    def find(self, image: NDArray[np.uint8]) -> list[Detection]:
        """The faces of the stream's next picture, u8 RGB (H, W, 3), from left to right."""
        if image.shape != self._shape:
            self.reset()
            self._shape = image.shape
        self._last = sorted(self._look(image), key=lambda face: face.box.left)
        return self._last

    def find_in_photo(self, image: NDArray[np.uint8]) -> list[Detection]:
        """The faces of a single picture, from left to right: all that either detector sees. Leaves the stream be."""
        seen = [face for face in self._both_scales(image, _scout_px(image)) if face.score >= SURE]
        close = [face for face in self._detectors.blazeface.find(image) if not _any_overlaps(face.box, seen)]
        return sorted(chain(seen, close), key=lambda face: face.box.left)

    def _look(self, image: NDArray[np.uint8]) -> Iterable[Detection]:
        if self._until_scout == 0:
            return self._scout(image)
        self._until_scout -= 1
        if self._mode is Mode.AUDIENCE:
            return self._believed(self._both_scales(image, steady_px(self._scouted, image.shape)))
        found = self._detectors.blazeface.find(image)
        return found if len(found) >= len(self._scouted) else self._scout(image)

    def _scout(self, image: NDArray[np.uint8]) -> list[Detection]:
        seen = self._believed(self._both_scales(image, _scout_px(image)))
        close = self._detectors.blazeface.find(image)
        self._until_scout = self._scout_every - 1
        self._mode = mode_for(seen, close, max(image.shape[:2]))
        self._scouted = close if self._mode is Mode.CLOSE_UP else seen
        return self._scouted

    def _believed(self, found: Sequence[Detection]) -> list[Detection]:
        known = [*self._scouted, *self._last]
        return [face for face in found if face.score >= (KNOWN if _any_overlaps(face.box, known) else SURE)]

    def _both_scales(self, image: NDArray[np.uint8], long_px: int) -> list[Detection]:
        """YuNet at `long_px`, and at LEAST_PX for the faces that are too large to be seen whole at `long_px`."""
        found = self._detectors.yunet.find(image, long_px, KNOWN)
        if long_px * min(image.shape[:2]) <= LARGEST_PX * max(image.shape[:2]):
            return found
        large = LARGEST_PX * max(image.shape[:2]) / long_px
        huge = [face for face in self._detectors.yunet.find(image, LEAST_PX, SURE) if face.box.height > large]
        return huge + [face for face in found if not any(_inside(face.box, other.box) for other in huge)]


def mode_for(seen: Sequence[Detection], close: Sequence[Detection], long_side: int) -> Mode:
    """The mode after a scout on which YuNet saw `seen` and MediaPipe `close`, in a picture of that longer side."""
    few = 1 <= len(close) <= CLOSE_FACES
    large = all(face.box.height >= CLOSE_SHARE * long_side for face in close)
    agreed = len(seen) <= len(close) and all(any(_same(face, other) for other in close) for face in seen)
    return Mode.CLOSE_UP if few and large and agreed else Mode.AUDIENCE


def steady_px(scouted: Sequence[Detection], shape: Sequence[int]) -> int:
    """Longer side of YuNet's input between scouts: the smallest at which every scouted face is SEEN_PX high."""
    long_side = max(shape[:2])
    smallest = min((face.box.height for face in scouted), default=long_side)
    enough = [px for px in STEADY_PX if smallest * px >= SEEN_PX * long_side]
    return min(enough[0] if enough else STEADY_PX[-1], _scout_px_of(long_side))


def _scout_px(image: NDArray[np.uint8]) -> int:
    return _scout_px_of(max(image.shape[:2]))


def _scout_px_of(long_side: int) -> int:
    return min(max(long_side, LEAST_PX), SCOUT_PX)


def _spare_threads() -> int:
    """Half of the cores: the other half decodes the next picture meanwhile. More than four make it no faster."""
    return min(max(1, (os.cpu_count() or 1) // 2), 4)


def _any_overlaps(box: Box, faces: Iterable[Detection]) -> bool:
    return any(box.overlap(face.box) > _SAME_FACE for face in faces)


def _inside(box: Box, other: Box) -> bool:
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    return width > 0 and height > 0 and width * height > _INSIDE * box.area


def _same(face: Detection, other: Detection) -> bool:
    return face.box.overlap(other.box) > _SAME_FACE and _apart(face.key_points, other.key_points) <= SAME_POINTS


def _apart(a: KeyPoints, b: KeyPoints) -> float:
    """Mean distance between the same points of two faces, in eye distances of the first."""
    pairs = ((a.left_eye, b.left_eye), (a.right_eye, b.right_eye), (a.nose, b.nose), (a.mouth, b.mouth))
    eyes = max(dist(a.left_eye, a.right_eye), 1e-6)
    return sum(dist(p, q) for p, q in pairs) / (len(pairs) * eyes)
