"""From a decoded picture to RGB as a person sees it: turned upright, in square pixels, always of one size.

Knows display matrices and pixel aspects; refuses to know times and files.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Turn:
    """How a stored picture becomes upright: transposed first, then mirrored left to right and top to bottom."""

    transposed: bool
    mirrored: bool
    flipped: bool

    @property
    def reverses(self) -> bool:
        """Whether it turns writing into mirror writing, which no rotation does."""
        return self.transposed ^ self.mirrored ^ self.flipped

    def size(self, width: int, height: int) -> Size:
        return (height, width) if self.transposed else (width, height)

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.transposed:
            image = image.transpose(1, 0, 2)
        return image[:: -1 if self.flipped else 1, :: -1 if self.mirrored else 1]


AS_STORED = Turn(transposed=False, mirrored=False, flipped=False)


def turn_of(frame: VideoFrame) -> Turn:
    """The nearest quarter turn, mirrored or not, to the picture's display matrix."""
    side_data: Any = frame.side_data  # PyAV's types know of motion vectors alone
    matrix = side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return AS_STORED
    # Row vectors times this matrix give display coordinates: x' = a x + c y, y' = b x + d y.
    a, b, _, c, d, *_ = (int(value) for value in np.frombuffer(matrix, dtype=np.int32))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Turn(transposed=True, mirrored=c < 0, flipped=b < 0)
    return Turn(transposed=False, mirrored=a < 0, flipped=d < 0)


def upright_size(width: int, height: int, turn: Turn, pixel_aspect: Fraction) -> Size:
    """In square pixels, always growing the shorter sampled side, as browsers do."""
    if pixel_aspect > 1:
        width = round(width * pixel_aspect)
    else:
        height = round(height / pixel_aspect)
    return turn.size(width, height)


class Upright:
    """Makes every picture of one stream upright RGB of the first one's size.

    A picture of another shape (the stream changed midway) keeps its proportions, on black.
    """

    def __init__(self, first: VideoFrame, pixel_aspect: Fraction | None) -> None:
        self._pixel_aspect = pixel_aspect or Fraction(1)
        self._reformatter = VideoReformatter()
        self._rotation_deg, self._turn = first.rotation, turn_of(first)
        self.width, self.height = self._natural(first, self._turn)

    def is_upright(self, frame: VideoFrame) -> bool:
        """Whether the picture needs nothing but perhaps another pixel format."""
        return self._turn_now(frame) == AS_STORED and (frame.width, frame.height) == (self.width, self.height)

    def rgb(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """u8 (height, width, 3), contiguous."""
        turn = self._turn_now(frame)
        width, height = self._fitted(*self._natural(frame, turn))
        stored_width, stored_height = turn.size(width, height)
        # One thread: below 4K, waking more costs as much as it saves, and the decoder has them all.
        stored = self._reformatter.reformat(frame, stored_width, stored_height, "rgb24", threads=1)
        image = turn.apply(_pixels(stored))
        return np.ascontiguousarray(image) if (width, height) == (self.width, self.height) else self._on_black(image)

    def _turn_now(self, frame: VideoFrame) -> Turn:
        """Looks at the matrix only when the rotation changes: a frame asked for its side data refers to itself, and
        its megabytes would wait for the garbage collector.
        """
        if frame.rotation != self._rotation_deg:
            self._rotation_deg, self._turn = frame.rotation, turn_of(frame)
        return self._turn

    def _natural(self, frame: VideoFrame, turn: Turn) -> Size:
        return upright_size(frame.width, frame.height, turn, self._pixel_aspect)

    def _fitted(self, width: int, height: int) -> Size:
        scale = min(self.width / width, self.height / height)
        fitted = max(1, round(width * scale)), max(1, round(height * scale))
        # Another resolution of the same shape differs by rounding alone.
        same = fitted[0] > 0.98 * self.width and fitted[1] > 0.98 * self.height
        return (self.width, self.height) if same else fitted

    def _on_black(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        canvas = np.zeros((self.height, self.width, 3), np.uint8)
        top, left = (self.height - image.shape[0]) // 2, (self.width - image.shape[1]) // 2
        canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
        return canvas


def _pixels(frame: VideoFrame) -> NDArray[np.uint8]:
    """Of an RGB picture, where they lie: megabytes that need not be copied."""
    plane = frame.planes[0]
    rows: NDArray[np.uint8] = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    return rows[: frame.height, : frame.width * 3].reshape(frame.height, frame.width, 3)
