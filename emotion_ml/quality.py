"""How well a face can be read, and which are left out of the scores. Knows one face in one picture, and no expression.

A face that is left out is still found, followed and shown. Leaving out too much is as wrong as reading noise: the
limits below are where the network has lost about a tenth of its accuracy or more: measured with the third that shipped
(int8) on the 2,799 faces of PublicTest on whose expression most annotators agree, of which it reads 93.8 % right.
"""

from __future__ import annotations

from math import hypot
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_ml.preprocess import resize, to_grey
from emotion_ml.types import Box, Detection, KeyPoints, LeftOut, Quality

MIN_SIZE_PX: Final = 16.0
"""Accuracy at a box 32 px wide 94 %, 24 px 92 %, 20 px 92 %, 16 px 90 %, 12 px 84 %, 8 px 61 %; compressed at that
size, as recordings are (JPEG quality 75): 93, 90, 87, 83 and 70 % down to 12 px, (quality 50): 91, 86, 81, 75, 59 %."""

MIN_SHARPNESS: Final = 0.008
"""Accuracy after Gaussian blur of sigma 1 px (of a face 64 px wide) 94 %, 2 px 91 %, 3 px 86 %, 4 px 77 %, 6 px 53 %.
Of 102 sharp faces from 13 recordings, blurred so, this leaves out 0, 0, 50, 76 and 71 %, and none of them when shrunk
to 16 px."""

MAX_YAW_DEG: Final = 60.0
"""The far eye and half of the mouth are hidden from there on."""

SHARPNESS_PX: Final = 64

DEG_PER_OFFSET: Final = 110.0
"""Degrees of yaw for a nose that lies one eye distance beside the midpoint of the eyes. By the geometry of a head it
would be atan(offset / 0.6), but detectors draw the far eye of a turned face outward: a man in full profile has an
offset of 0.70. Set by eye, on 40 faces that look turned by 30, 45 and 60 degrees and one in profile; good to about
10."""


def assess(image: NDArray[np.uint8], detection: Detection) -> Quality:
    """`image` is u8 (H, W, 3) RGB or (H, W) grey. See `sharpness` and `yaw_deg` for how they are measured."""
    box = detection.box
    return Quality(min(box.width, box.height), sharpness(image, box), yaw_deg(detection.key_points))


def left_out(quality: Quality) -> LeftOut:
    """The first reason, in the order of LeftOut, for which a face does not count."""
    if quality.size_px < MIN_SIZE_PX:
        return LeftOut.SMALL
    if quality.sharpness < MIN_SHARPNESS:
        return LeftOut.BLURRED
    if abs(quality.yaw_deg) > MAX_YAW_DEG:
        return LeftOut.TURNED
    return LeftOut.USED


def sharpness(image: NDArray[np.uint8], box: Box) -> float:
    """Variance of the Laplacian of the grey face at 64 x 64 px, over the variance of its grey values.

    The fixed size makes faces of all sizes comparable (Pech-Pacheco et al. 2000 measure it on the picture as it is),
    the division does so for dark and pale ones. Without the outermost pixels, whose neighbours would be made up. Noise
    looks sharp. 0 for a face outside of the picture or of one colour.
    """
    face = _cut(image, box)
    if face.size == 0:
        return 0.0
    grey = resize(to_grey(face), SHARPNESS_PX).astype(np.float32)
    edges = cv2.Laplacian(grey, cv2.CV_32F)[1:-1, 1:-1]
    return float(edges.var() / max(float(grey.var()), 1.0))


def yaw_deg(points: KeyPoints) -> float:
    """Turn of the head in [-90, 90]: 0 is frontal, positive turns the nose to the right of the picture.

    110 degrees times the nose's offset from the midpoint of the eyes, along the line through the eyes and in units of
    the distance between them, so that a tilted head is not mistaken for a turned one.
    """
    across = points.right_eye[0] - points.left_eye[0], points.right_eye[1] - points.left_eye[1]
    eyes = max(hypot(*across), 1e-6)
    nose = (
        points.nose[0] - (points.left_eye[0] + points.right_eye[0]) / 2,
        points.nose[1] - (points.left_eye[1] + points.right_eye[1]) / 2,
    )
    offset = (nose[0] * across[0] + nose[1] * across[1]) / eyes**2
    return float(np.clip(DEG_PER_OFFSET * offset, -90, 90))


def _cut(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    left, right = (int(np.clip(round(x), 0, width)) for x in (box.left, box.right))
    top, bottom = (int(np.clip(round(y), 0, height)) for y in (box.top, box.bottom))
    return image[top:bottom, left:right]
