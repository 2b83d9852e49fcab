"""Pictures with a known number of faces at known places, composed from one real face that needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from emotion_ml.types import Box, Detection, KeyPoints

Image = NDArray[np.uint8]

GRIDS: Final = {30: (6, 5), 12: (4, 3)}


@dataclass(frozen=True, slots=True)
class Cutout:
    """A face with some of what surrounds it; `face_px` is its height from hairline to chin."""

    image: Image
    face_px: float


def astronaut() -> Cutout:
    """Eileen Collins (NASA, public domain)."""
    return Cutout(np.ascontiguousarray(photo("astronaut")[23:216, 146:300]), 113)


def photo(name: str) -> Image:
    """One of scikit-image's pictures, u8 RGB."""
    picture = np.asarray(getattr(skimage.data, name)(), np.uint8)
    return np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture


def portrait(face_px: float) -> Image:
    """The astronaut cut out at a size."""
    face = astronaut()
    return scaled(face.image, face_px / face.face_px)


def backdrop(width: int, height: int) -> Image:
    """A cup of coffee on a wooden table: texture and curves, and no face."""
    return np.asarray(cv2.resize(photo("coffee"), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def audience(cutouts: Sequence[Cutout], count: int, face_px: int, seed: int) -> tuple[Image, list[Box]]:
    """A 1080p picture of `count` faces, each flipped, brightened and tilted at random, and where they are."""
    rng = np.random.default_rng(seed)
    picture = backdrop(1920, 1080)
    columns, rows = GRIDS[count]
    boxes = []
    for index in range(count):
        x = (index % columns + 0.5) * 1920 / columns + rng.uniform(-20, 20)
        y = (index // columns + 0.5) * 1080 / rows + rng.uniform(-10, 10)
        face = vary(cutouts[int(rng.integers(len(cutouts)))], face_px, rng)
        paste(picture, face, x, y)
        boxes.append(Box(x - 0.4 * face_px, y - face_px / 2, 0.8 * face_px, face_px))
    return picture, boxes


def vary(cutout: Cutout, face_px: float, rng: np.random.Generator) -> Image:
    image = cutout.image[:, ::-1] if rng.random() < 0.5 else cutout.image
    lit = np.clip(image * rng.uniform(0.75, 1.2) + rng.uniform(-10, 10), 0, 255).astype(np.uint8)
    sized = scaled(lit, face_px / cutout.face_px)
    height, width = sized.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-10, 10), 1)
    return np.asarray(cv2.warpAffine(sized, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def scaled(image: Image, factor: float) -> Image:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def paste(picture: Image, face: Image, x: float, y: float) -> None:
    """Blend `face` into `picture` around (x, y) as an ellipse with a soft edge."""
    height, width = face.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot((columns - width / 2 + 0.5) / (width / 2), (rows - height / 2 + 0.5) / (height / 2))
    alpha = np.clip((1 - distance) / 0.12, 0, 1)[..., None]
    top, left = round(y - height / 2), round(x - width / 2)
    place = picture[top : top + height, left : left + width]
    place[:] = (face * alpha + place * (1 - alpha)).astype(np.uint8)


def close_up(width: int = 640, height: int = 360, face_px: float = 240, x: float = 0.5) -> Image:
    """One large face, its centre at `x` of the width."""
    picture = backdrop(width, height)
    sized = portrait(face_px)
    top, left = (height - sized.shape[0]) // 2, round(x * width - sized.shape[1] / 2)
    inside = sized[max(0, -top) : height - top, max(0, -left) : width - left]
    picture[max(0, top) : max(0, top) + inside.shape[0], max(0, left) : max(0, left) + inside.shape[1]] = inside
    return picture


def hits(found: Sequence[Detection], boxes: Sequence[Box]) -> tuple[int, int]:
    """How many of `boxes` are found, and how many detections are false; each counts once."""
    left = list(found)
    for box in boxes:
        match = next((face for face in left if _centred_in(face.box, box)), None)
        if match:
            left.remove(match)
    return len(found) - len(left), len(left)


def _centred_in(box: Box, other: Box) -> bool:
    x, y = box.centre
    inside = other.left < x < other.right and other.top < y < other.bottom
    return inside and 0.4 < box.height / other.height < 1.8


def face_at(x: float, y: float, px: float = 100, score: float = 0.9, nose: float = 0.0) -> Detection:
    """A detection of an upright face centred at (x, y); `nose` moves it aside, in eye distances."""
    eye = px / 5
    points = KeyPoints((x - eye, y - eye), (x + eye, y - eye), (x + 2 * eye * nose, y), (x, y + eye))
    return Detection(Box(x - 0.4 * px, y - px / 2, 0.8 * px, px), points, score)
