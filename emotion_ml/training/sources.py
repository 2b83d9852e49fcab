"""What training draws its batches from: one or several collections of labelled faces, mixed in fixed shares.

Knows which file is of which kind and what of it may be trained on, chosen by and tested with.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml.labels import EMOTIONS
from emotion_ml.training import dataset, folders
from emotion_ml.training.dataset import Faces
from emotion_ml.training.folders import NotFaces

Batch = list[tuple["Source", NDArray[np.intp]]]

_CLASSES: Final = len(EMOTIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Faces to train on and to choose by. `cutouts`: pixels of 0 lie outside of the face."""

    name: str
    train: Faces
    valid: Faces
    cutouts: bool


def load(path: Path, smoothing: float) -> Source:
    """A FER-2013/FER+ archive (.npz), or class folders (a folder or a tar archive) with `smoothing` of their labels.

    Raises NotFaces for class folders that leave nothing to train on or to choose by, FileNotFoundError and ValueError.
    """
    if path.suffix == ".npz":
        return Source(
            path.stem, dataset.load_training(path), dataset.load_protocol(path, "ferplus-plurality", "public"), False
        )
    found = folders.read(path)
    for part in folders.PARTS[:2]:
        if not len(found.rows(part)):
            raise NotFaces(f"{path.name} has no faces in its {part} part: divide it with `split`, or add some")
    train, valid = (
        Faces(found.pixels[rows], _targets(found.labels[rows], s))
        for rows, s in ((found.rows("train"), smoothing), (found.rows("valid"), 0.0))
    )
    return Source(path.stem, train, valid, cutouts=bool((found.pixels == 0).any()))


def distinct(found: Sequence[Source]) -> list[Source]:
    """The same, each with a name of its own: a second `faces` is called faces-2."""
    names = [source.name for source in found]
    seen = [names[: index + 1].count(name) for index, name in enumerate(names)]
    return [
        source if number == 1 else replace(source, name=f"{source.name}-{number}")
        for source, number in zip(found, seen, strict=True)
    ]


def mark(found: Sequence[Source]) -> int:
    """A number that differs (by CRC-32) for other faces or other targets to train on."""
    seen = 0
    for source in found:
        seen = zlib.crc32(source.train.targets.tobytes(), zlib.crc32(source.train.pixels.tobytes(), seen))
    return seen


def limited(source: Source, limit: int) -> Source:
    """A random part of it, for a trial run."""
    train, valid = (_sample(faces, limit) for faces in (source.train, source.valid))
    return Source(source.name, train, valid, source.cutouts)


def sizes(sources: Sequence[Source], batch_size: int, folder_share: float) -> list[int]:
    """How many faces of each source a batch holds. With one source all; with several, the first has what is left."""
    if len(sources) == 1:
        return [batch_size]
    each = max(1, round(batch_size * folder_share / (len(sources) - 1)))
    return [batch_size - each * (len(sources) - 1), *[each] * (len(sources) - 1)]


def steps(sources: Sequence[Source], batch_sizes: Sequence[int]) -> int:
    """Batches of an epoch, which sees each face of the first source once."""
    return max(1, len(sources[0].train) // batch_sizes[0])


def batches(sources: Sequence[Source], batch_sizes: Sequence[int], seed: int) -> Iterator[Batch]:
    """An epoch's batches. Sources beyond the first are drawn from anew in each, without repeats while they last."""
    rng = np.random.default_rng(seed)
    total = steps(sources, batch_sizes)
    orders = [_order(len(s.train), total * size, rng) for s, size in zip(sources, batch_sizes, strict=True)]
    for step in range(total):
        yield [
            (source, order[step * size : (step + 1) * size])
            for source, order, size in zip(sources, orders, batch_sizes, strict=True)
        ]


def _order(n: int, wanted: int, rng: np.random.Generator) -> NDArray[np.intp]:
    passes = -(-wanted // n)
    return np.concatenate([rng.permutation(n) for _ in range(passes)])[:wanted]


def _targets(labels: NDArray[np.intp], smoothing: float) -> NDArray[np.float32]:
    hot = np.eye(_CLASSES, dtype=np.float32)[labels]
    return np.asarray(hot * (1 - smoothing) + smoothing / _CLASSES, dtype=np.float32)


def _sample(faces: Faces, limit: int) -> Faces:
    chosen = np.random.default_rng(0).permutation(len(faces))[:limit]
    return Faces(faces.pixels[chosen], faces.targets[chosen])
