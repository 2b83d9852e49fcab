"""Single pictures: read from a file, faces found, expressions inferred. Knows nothing of video or time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import FaceFinder
from emotion_ml.preprocess import crop
from emotion_ml.types import Box


class NotAPicture(Exception):
    """The file is not a picture that can be decoded; the message says so to a user."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One face of a picture: where it is and its five probabilities, in the order of EMOTIONS."""

    box: Box
    probabilities: tuple[float, ...]


def load(path: Path) -> NDArray[np.uint8]:
    """u8 RGB (H, W, 3), upright by its EXIF orientation. Raises NotAPicture."""
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"), dtype=np.uint8)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise NotAPicture(f"{path} is not a picture that can be read") from error


def predict(
    image: NDArray[np.uint8], engine: EmotionEngine, finder: FaceFinder, *, cropped: bool = False
) -> list[Expression]:
    """Every face of a photograph; with `cropped` the whole picture is taken to be one face."""
    if cropped:
        height, width = image.shape[:2]
        boxes, faces = [Box(0, 0, width, height)], [image]
    else:
        detections = finder.find_in_photo(image)
        boxes = [detection.box for detection in detections]
        faces = [crop(image, detection.key_points) for detection in detections]
    answers = engine.probabilities(faces).tolist()
    return [Expression(box, tuple(answer)) for box, answer in zip(boxes, answers, strict=True)]
