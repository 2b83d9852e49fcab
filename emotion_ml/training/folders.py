"""Labelled faces as pictures in folders named by expression, on disk or in a tar archive.

Knows how such a collection lies in files, and which of its pictures are for training, choosing and testing. A folder
that `split` wrote says so itself; any other collection is divided here by the same fixed rule.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import resize, squared
from emotion_ml.training import grouping

Part = Literal["train", "valid", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "valid", "test")
SHARES: Final = (0.8, 0.1, 0.1)
SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

PX: Final = 96
"""Side at which pictures are held: that of the colour faces."""

_NAMES: Final = {
    "angry": "Angry", "anger": "Angry",
    "happy": "Happy", "happiness": "Happy", "joy": "Happy",
    "neutral": "Neutral", "calm": "Neutral",
    "sad": "Sad", "sadness": "Sad",
    "surprise": "Surprise", "surprised": "Surprise",
}  # fmt: skip
_PART_NAMES: Final[dict[str, Part]] = {
    "train": "train", "training": "train",
    "valid": "valid", "validation": "valid", "val": "valid",
    "test": "test",
}  # fmt: skip
_BLACK: Final = 8  # JPEG leaves a cut-out's black surroundings this dark at most


class NotFaces(ValueError):
    """The folder or archive is not a collection of labelled faces; str() says what is missing."""


@dataclass(frozen=True, slots=True)
class Collection:
    """`pixels` u8 (N, PX, PX) grey, where 0 means outside of a cut-out face; `labels` (N,) index into EMOTIONS.

    `names` are paths inside the collection, `part` (N,) indexes PARTS, `group` (N,) numbers what belongs together, and
    is None where the collection itself says its parts.
    """

    names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.intp]
    group: NDArray[np.intp] | None
    part: NDArray[np.intp]

    def rows(self, part: Part) -> NDArray[np.intp]:
        return np.flatnonzero(self.part == PARTS.index(part))


@lru_cache(maxsize=4)
def read(path: Path) -> Collection:
    """Every picture below a folder, or in a tar, whose folder is named by an expression.

    Folders train, valid and test above those of the expressions say the parts. A face whose surroundings are black is
    marked as a cut-out. Raises NotFaces or FileNotFoundError.
    """
    found = sorted(_pictures(path))
    if not found:
        raise NotFaces(f"{path} holds no pictures in folders named {', '.join(name.lower() for name in EMOTIONS)}")
    names = tuple(name for name, _, _ in found)
    labels = np.array([label for _, label, _ in found], dtype=np.intp)
    pixels = np.stack([picture for _, _, picture in found])
    said = _parts(names)
    if said is not None:
        return Collection(names, pixels, labels, None, said)
    group = grouping.groups(pixels)
    return Collection(names, pixels, labels, group, divide(grouping.places(pixels, group)))


def divide(places: NDArray[np.float64], shares: Sequence[float] = SHARES) -> NDArray[np.intp]:
    """Index into PARTS for places in [0, 1): as many of each as `shares` say, by chance that never changes."""
    return np.searchsorted(np.cumsum(shares)[:-1], places, side="right").astype(np.intp)


def label_of(name: str) -> int | None:
    """The expression of a picture from the folder that it lies in; None for any other folder."""
    word = _NAMES.get(PurePosixPath(name).parent.name.lower())
    return EMOTIONS.index(word) if word else None


def pictures_below(folder: Path) -> Iterator[Path]:
    """Files named like pictures, also in folders that are linked to; a folder met again is not entered again."""
    entered: set[Path] = set()
    for place, inner, names in os.walk(folder, followlinks=True):
        if (real := Path(place).resolve()) in entered:
            inner.clear()
            continue
        entered.add(real)
        yield from (path for name in names if (path := Path(place, name)).suffix.lower() in SUFFIXES and path.is_file())


def _parts(names: Sequence[str]) -> NDArray[np.intp] | None:
    """Index into PARTS as the folders of the pictures say; None where none says any."""
    said = [_part_of(name) for name in names]
    if not any(said):
        return None
    if None in said:
        raise NotFaces(f"{names[said.index(None)]} lies outside of {', '.join(PARTS)}")
    return np.array([PARTS.index(part) for part in said if part], dtype=np.intp)


def _part_of(name: str) -> Part | None:
    above = PurePosixPath(name).parts[:-2]
    return next((_PART_NAMES[folder.lower()] for folder in above if folder.lower() in _PART_NAMES), None)


def _pictures(path: Path) -> Iterator[tuple[str, int, NDArray[np.uint8]]]:
    for name, data in _files(path):
        label = label_of(name)
        if label is not None:
            yield name, label, _decode(name, data)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in pictures_below(path):
            yield file.relative_to(path).as_posix(), file.read_bytes()
        return
    if not path.is_file():
        raise FileNotFoundError(f"no folder or archive at {path}")
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content and PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                    yield member.name, content.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise NotFaces(f"{path.name} is neither a folder nor a whole tar archive ({error})") from error


def _decode(name: str, data: bytes) -> NDArray[np.uint8]:
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    if grey is None:
        raise NotFaces(f"{name} is not a picture that can be read")
    return mark_outside(resize(squared(np.asarray(grey, dtype=np.uint8)), PX))


def mark_outside(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where black reaches in from a corner, 0; everywhere else at least 1. A picture without such corners has no 0."""
    height, width = grey.shape
    mask = np.zeros((height + 2, width + 2), dtype=np.uint8)
    dark = np.where(grey <= _BLACK, 0, 255).astype(np.uint8)
    for corner in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        if dark[corner[1], corner[0]] == 0:
            cv2.floodFill(dark, mask, corner, 0, flags=4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8))
    return np.where(mask[1:-1, 1:-1] == 1, 0, np.maximum(grey, 1)).astype(np.uint8)
