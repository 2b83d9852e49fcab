"""From a face in a picture to the network's input: the one path that training, uploads and the webcam share.

Expression is read from luminance alone: most training faces are grey, a webcam's white balance is not to be trusted,
and colour carries little of an expression. So every face is made grey; what of its detail reaches the network is what
the network's input holds, as with the training faces, whose own sizes differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_ml.types import KeyPoints

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
"""Per-channel statistics of ImageNet, which the backbone was trained with (torchvision's reference values)."""

_LEVELS: Final = np.arange(256, dtype=np.float32) / 255
_TABLES: Final = [((_LEVELS - mean) / std).astype(np.float32) for mean, std in zip(MEAN, STD, strict=True)]

FACE_PX: Final = 112
"""Side of a face crop: that of the shipped network's input, so that no face is resized twice."""

ANCHORS: Final = np.array([(0.318, 0.390), (0.678, 0.390), (0.498, 0.751)])
"""Left eye, right eye and mouth in a crop, as shares of its side.

Medians of YuNet's key points over 1,391 training faces of FER-2013, made level: so a face found in a video is framed as
the faces that the network learned from.
"""

_MIN_SCALE: Final = 1e-4


def crop(image: NDArray[np.uint8], key_points: KeyPoints, px: int = FACE_PX) -> NDArray[np.uint8]:
    """The aligned face, u8 (px, px) grey: eyes level, framed by ANCHORS, edge pixels repeated beyond the picture.

    `image` is u8 (H, W, 3) RGB or (H, W) grey. Aligned by the similarity transform that brings eyes and mouth closest
    to the anchors in the least-squares sense (Umeyama 1991), so that a turned head keeps its proportions.
    """
    matrix = _similarity(_corners(key_points), ANCHORS * px)
    image, matrix = _shrink(*_cut(image, matrix, px), px)
    warped = cv2.warpAffine(to_grey(image), matrix, (px, px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)


def zoom(key_points: KeyPoints, side: float) -> float:
    """How many times larger `crop` shows a face than a picture of `side` px shows it that is taken whole."""
    matrix = _similarity(_corners(key_points), ANCHORS * side)
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))


def prepare(face: NDArray[np.uint8], px: int) -> NDArray[np.float32]:
    """A face crop, u8 (h, w) grey or (h, w, 3) RGB, to the network's input, f32 (3, px, px)."""
    return np.asarray(prepare_all([face], px)[0])


def prepare_all(faces: Iterable[NDArray[np.uint8]], px: int) -> NDArray[np.float32]:
    """`prepare` of N faces at once, f32 (N, 3, px, px)."""
    return normalise(np.stack([resize(to_grey(face), px) for face in faces]))


def to_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luminance (ITU-R BT.601 weights, as OpenCV applies them) of an RGB picture; grey ones pass unchanged."""
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def squared(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """In the middle of a square of its longer side, edge pixels repeated: a face cut out taller than wide keeps its
    proportions, which the network reads. Decision 015 has what that is worth.
    """
    height, width = image.shape[:2]
    rows, columns = max(width - height, 0), max(height - width, 0)
    if not (rows or columns):
        return image
    around = (rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)
    return np.asarray(cv2.copyMakeBorder(image, *around, cv2.BORDER_REPLICATE), dtype=np.uint8)


def resize(grey: NDArray[np.uint8], px: int) -> NDArray[np.uint8]:
    """To px by px; averages areas when shrinking, so that fine texture does not alias into wrinkles."""
    if grey.shape == (px, px):
        return grey
    method = cv2.INTER_AREA if min(grey.shape[:2]) > px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (px, px), interpolation=method), dtype=np.uint8)


def normalise(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """u8 (N, H, W) to f32 (N, 3, H, W), standardised per channel: by table, in half the time of computing it."""
    n, height, width = grey.shape
    out = np.empty((n, len(_TABLES), height, width), dtype=np.float32)
    for channel, table in enumerate(_TABLES):
        out[:, channel] = table[grey]
    return out


def _corners(key_points: KeyPoints) -> NDArray[np.float64]:
    return np.array([key_points.left_eye, key_points.right_eye, key_points.mouth])


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 2 x 3 matrix of the rotation, scale and shift that brings `source` (N, 2) closest to `target` (N, 2)."""
    a = source - source.mean(axis=0)
    b = target - target.mean(axis=0)
    spread = max(float((a**2).sum()), 1e-9)
    cos = float((a * b).sum()) / spread
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    if np.hypot(cos, sin) < _MIN_SCALE:  # all points in one place: nothing to align by
        cos, sin = 1.0, 0.0
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = target.mean(axis=0) - linear @ source.mean(axis=0)
    return np.column_stack([linear, shift])


def _cut(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], px: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Only the part of the picture that the crop needs, so that the cost depends on the face and not the picture."""
    corners = np.array([(0, 0), (px, 0), (0, px), (px, px)], dtype=float)
    there = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    height, width = image.shape[:2]
    left, top = (int(np.clip(v - 2, 0, limit - 1)) for v, limit in zip(there.min(axis=0), (width, height), strict=True))
    right, bottom = (
        int(np.clip(v + 3, low + 1, limit))
        for v, low, limit in zip(there.max(axis=0), (left, top), (width, height), strict=True)
    )
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (left, top)
    return image[top:bottom, left:right], moved


def _shrink(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], px: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Area-average a face larger than the crop first: warpAffine alone would skip pixels and alias."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale >= 1:
        return image, matrix
    height, width = image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    ratio = np.array([width / size[0], height / size[1]])
    smaller = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    scaled = matrix.copy()
    scaled[:, :2] = matrix[:, :2] * ratio
    # Pixel centres sit at +0.5: keep them aligned through the change of sampling.
    scaled[:, 2] += matrix[:, :2] @ (0.5 * (ratio - 1))
    return smaller, scaled
