"""The words that all layers share: what one analysed instant holds. Needs nothing but the standard library.

Coordinates are pixels of the upright picture (rotation applied), origin top left. Times are seconds on the container's
own presentation clock, counted from the first picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

Point = tuple[float, float]

DEFAULT_FPS: Final = 5.0
"""Analysed pictures per second. Apparent expressions last 0.5 to 4 s (Ekman 2003), so 5 a second misses none."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle; width and height are positive, parts of it may lie outside the picture."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def centre(self) -> Point:
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def area(self) -> float:
        return self.width * self.height

    def overlap(self, other: Box) -> float:
        """Intersection over union with `other`, in [0, 1]."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class KeyPoints:
    """Where a detector sees the parts of a face. Left and right are the picture's, not the person's."""

    left_eye: Point
    right_eye: Point
    nose: Point
    mouth: Point


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in one picture; `score` in [0, 1] is the detector's own confidence."""

    box: Box
    key_points: KeyPoints
    score: float


class LeftOut(IntEnum):
    """Why a face does not count towards the scores. USED says that it does."""

    USED = 0
    SMALL = 1
    BLURRED = 2
    TURNED = 3
    UNREAD = 4  # however well it can be seen: nobody asked what it expresses


@dataclass(frozen=True, slots=True)
class Quality:
    """`size_px`: shorter side of the box. `sharpness`: see emotion_ml.quality. `yaw_deg`: head turn, 0 is frontal."""

    size_px: float
    sharpness: float
    yaw_deg: float


@dataclass(frozen=True, slots=True)
class Face:
    """One face at one instant. `probabilities` follow `labels.EMOTIONS`, sum to 1, and are given also when left out.

    There are none of a face that is UNREAD.
    """

    track: int
    box: Box
    probabilities: tuple[float, ...]
    quality: Quality
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Reading:
    """One analysed instant with every face found in it, in order of track id; an empty tuple is a true observation."""

    t_s: float
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a container says of itself, checked by decoding its first picture.

    `width` and `height` are those of the upright picture in square pixels, `fps` is the average rate; `playable` says
    that current browsers play the file as it is, as `media_type`.
    """

    duration_s: float
    fps: float
    width: int
    height: int
    has_sound: bool
    codec: str
    media_type: str
    playable: bool
