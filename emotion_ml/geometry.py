"""Sums over many rectangles at once. Rows are left, top, width, height; knows nothing of faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]


def overlaps(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Intersection over union of every row of `a` (N, 4) with every row of `b` (M, 4): (N, M) in [0, 1]."""
    sides = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    sides = np.clip(sides - np.maximum(a[:, None, :2], b[None, :, :2]), 0, None)  # (N, M, 2)
    shared = sides[..., 0] * sides[..., 1]
    areas = (a[:, 2] * a[:, 3])[:, None] + (b[:, 2] * b[:, 3])[None, :]
    return np.asarray(shared / np.maximum(areas - shared, 1e-12))


def keep_best(boxes: Boxes, scores: NDArray[np.float64], most_overlap: float) -> NDArray[np.intp]:
    """Non-maximum suppression: the rows to keep, best score first; of equal scores the earlier row wins."""
    order = np.argsort(-scores, kind="stable")
    clashes = overlaps(boxes[order], boxes[order]) > most_overlap
    alive = np.ones(len(order), dtype=bool)
    for row in range(len(order)):
        if alive[row]:
            alive[row + 1 :] &= ~clashes[row, row + 1 :]
    return np.asarray(order[alive])
