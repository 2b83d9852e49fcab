"""Pictures that must stay on one side of a split: copies, near copies, and what the user says belongs together.

Knows pixels and union-find; knows nothing of labels or files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_DISTANCE: Final = 22
"""Of 256 bits. On 22,365 colour faces, of six random pairs each at 18 to 21 bits all were one photograph, at 22 to 24
half were, at 25 and more hardly any."""

_SIDE: Final = 16
_NOISE: Final = 2  # grey levels: flat areas must not decide by noise
_ROWS: Final = 500  # compared with all others at once


def groups(pictures: NDArray[np.uint8], names: Sequence[str] | None = None) -> NDArray[np.intp]:
    """The group number of each picture, u8 (N, h, w) grey: near copies share one, and so do equal `names`.

    Near copies have difference hashes (Krawetz 2013, 16 x 16 bits) at most MAX_DISTANCE apart, transitively.
    """
    sets = _Sets(len(pictures))
    for a, b in _near(_hashes(pictures)):
        sets.join(a, b)
    first: dict[str, int] = {}
    for index, name in enumerate(names or ()):
        sets.join(first.setdefault(name, index), index)
    return np.array([sets.root(index) for index in range(len(pictures))], dtype=np.intp)


def places(pictures: NDArray[np.uint8], group: NDArray[np.intp]) -> NDArray[np.float64]:
    """A number in [0, 1) for each group, drawn from its pixels: the same on every machine, in any order of files."""
    digests = [hashlib.sha256(picture.tobytes()).digest() for picture in pictures]
    smallest: dict[int, bytes] = {}
    for key, digest in zip(group.tolist(), digests, strict=True):
        smallest[key] = min(digest, smallest.get(key, digest))
    return np.array([int.from_bytes(smallest[key][:6], "big") / 2**48 for key in group.tolist()])


def _hashes(pictures: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Difference hash of each picture, (N, 4): whether a cell is brighter than its left neighbour."""
    cells = [cv2.resize(picture, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA) for picture in pictures]
    grid = np.stack(cells).astype(np.int16)
    bits = (grid[:, :, 1:] > grid[:, :, :-1] + _NOISE).reshape(len(grid), -1)
    return np.packbits(bits, axis=1).view(np.uint64)


def _near(hashes: NDArray[np.uint64]) -> Iterable[tuple[int, int]]:
    for start in range(0, len(hashes), _ROWS):
        block = hashes[start : start + _ROWS]
        distance = sum(
            np.bitwise_count(block[:, None, word] ^ hashes[None, :, word]).astype(np.int16)
            for word in range(hashes.shape[1])
        )
        for a, b in np.argwhere(np.asarray(distance) <= MAX_DISTANCE).tolist():
            if start + a < b:
                yield start + a, b


class _Sets:
    """Union-find with path halving."""

    def __init__(self, n: int) -> None:
        self._parent = list(range(n))

    def root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, a: int, b: int) -> None:
        low, high = sorted((self.root(a), self.root(b)))
        self._parent[high] = low
