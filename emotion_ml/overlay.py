"""What was read, drawn over the picture it was read from: a box and a label for every face.

Knows readings and pixels; refuses to know files and codecs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from statistics import median
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_ml.labels import COLOURS, EMOTIONS, UNCERTAIN_BELOW
from emotion_ml.types import Face, LeftOut, Point, Reading

Colour = tuple[int, int, int]
Caption = tuple[float, str]
"""From when on, in seconds, and what; an empty one ends the one before."""

HELD_STEPS: Final = 1.5
"""A reading holds until the next is due and half as long again; after that nothing is known, so nothing is drawn."""
STEP_S: Final = 0.2
LEFT_OUT: Final[Colour] = (200, 200, 200)
PLATE: Final[Colour] = (16, 19, 21)
INK: Final[Colour] = (0, 0, 0)
"""Of a label, on a plate of the face's colour, which is light."""
FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
FONT_PX: Final = 22
"""Height of a capital of FONT at scale 1."""


class Overlay:
    """Draws on RGB pictures in place, each with the reading that holds at its time."""

    def __init__(self, readings: Sequence[Reading], captions: Sequence[Caption] = ()) -> None:
        self._readings = readings
        self._captions = captions
        self._times = [reading.t_s for reading in readings]
        steps = [after - before for before, after in zip(self._times, self._times[1:], strict=False)]
        self._hold_s = HELD_STEPS * (median(steps) if steps else STEP_S)

    def __call__(self, image: NDArray[np.uint8], t_s: float) -> None:
        reading = self.reading_at(t_s)
        if reading is not None:
            draw_faces(image, reading.faces)
        if caption := self.caption_at(t_s):
            draw_caption(image, caption)

    def caption_at(self, t_s: float) -> str:
        at = bisect_right(self._captions, t_s + 1e-6, key=lambda caption: caption[0]) - 1
        return self._captions[at][1] if at >= 0 else ""

    def reading_at(self, t_s: float) -> Reading | None:
        """The latest one at or before `t_s`, unless it is too old to speak for it."""
        at = bisect_right(self._times, t_s + 1e-6) - 1
        if at < 0 or t_s - self._times[at] > self._hold_s:
            return None
        return self._readings[at]


def draw_faces(image: NDArray[np.uint8], faces: Sequence[Face]) -> None:
    """Labels last, so that no box crosses one out."""
    for face in faces:
        _draw_box(image, face)
    for face in faces:
        _draw_label(image, face)


def draw_caption(image: NDArray[np.uint8], text: str) -> None:
    """On a dark plate at the lower left, as narrow as the picture asks for."""
    height, width = image.shape[:2]
    capital_px = max(8.0, height / 32)
    (full_px, _), _ = cv2.getTextSize(text, FONT, capital_px / FONT_PX, 1)
    capital_px = max(6.0, min(capital_px, capital_px * 0.94 * width / full_px))
    scale, thickness = capital_px / FONT_PX, max(1, round(capital_px / 12))
    (text_width, text_height), baseline = cv2.getTextSize(text, FONT, scale, thickness)
    pad = round(capital_px * 0.6)
    top = height - text_height - baseline - 2 * pad
    cv2.rectangle(image, (0, top), (text_width + 2 * pad, height), PLATE, cv2.FILLED)
    cv2.putText(image, text, (pad, top + pad + text_height), FONT, scale, (255, 255, 255), thickness, cv2.LINE_AA)


def label_of(face: Face) -> str:
    """What is claimed of the face, or why nothing is."""
    if face.left_out is LeftOut.UNREAD:
        return f"#{face.track}"
    if face.left_out is not LeftOut.USED:
        return f"#{face.track} left out: {face.left_out.name.lower()}"
    best = int(np.argmax(face.probabilities))
    share = face.probabilities[best]
    return f"#{face.track} {EMOTIONS[best] if share >= UNCERTAIN_BELOW else 'uncertain'} {100 * share:.0f} %"


def colour_of(face: Face) -> Colour:
    if face.left_out is not LeftOut.USED or max(face.probabilities) < UNCERTAIN_BELOW:
        return LEFT_OUT
    red, green, blue = bytes.fromhex(COLOURS[EMOTIONS[int(np.argmax(face.probabilities))]].removeprefix("#"))
    return red, green, blue


def _draw_box(image: NDArray[np.uint8], face: Face) -> None:
    # Colour has half the resolution in the encoded picture: a single line would lose it.
    thickness = max(2, round(image.shape[0] / 360)) if face.left_out is LeftOut.USED else 1
    top_left, bottom_right = (face.box.left, face.box.top), (face.box.right, face.box.bottom)
    cv2.rectangle(image, _pixel(top_left), _pixel(bottom_right), colour_of(face), thickness)


def _draw_label(image: NDArray[np.uint8], face: Face) -> None:
    """On a plate above the box, or as near to there as lies inside the picture."""
    text, colour = label_of(face), colour_of(face)
    capital_px = _capital_px(image.shape[0], face.box.height)
    scale, thickness = capital_px / FONT_PX, max(1, round(capital_px / 12))
    (text_width, text_height), baseline = cv2.getTextSize(text, FONT, scale, thickness)
    pad = max(2, round(capital_px / 3))
    width, height = text_width + 2 * pad, text_height + baseline + 2 * pad
    corner_left, corner_top = _pixel((face.box.left, face.box.top))
    left = max(0, min(corner_left, image.shape[1] - width))
    top = max(0, min(corner_top - height, image.shape[0] - height))
    cv2.rectangle(image, (left, top), (left + width, top + height), colour, cv2.FILLED)
    cv2.putText(image, text, (left + pad, top + pad + text_height), FONT, scale, INK, thickness, cv2.LINE_AA)


def _capital_px(picture_px: int, face_px: float) -> float:
    """Legible, in proportion to the face, and never so large that one label hides a row of people."""
    return min(max(0.08 * face_px, 8, picture_px / 90), max(8, picture_px / 40))


def _pixel(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])
