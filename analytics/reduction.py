"""As many points of a long series as an eye can tell apart. Every point kept is one that was there; none is made up.

Knows arrays only. A stretch without values stays a gap, and a hole between readings (a row that stands for none) stays
a row of its own, with those on either side: lines end where it begins and go on where it ends.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def extremes(times: Floats, values: Floats, limit: int, holes: Mask | None = None) -> Indices:
    """Rows that keep the outline: of each of limit / 2 stretches of time the lowest and the highest value.

    A stretch without any value keeps its first row, so that the line breaks there. `holes`, and the first row of all,
    are kept beyond the limit.
    """
    if len(times) <= limit:
        return np.arange(len(times))
    edges = np.linspace(times[0], times[-1], limit // 2 + 1)
    bucket = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, limit // 2 - 1)
    order = np.lexsort((values, bucket))  # NaN sorts last
    starts = np.flatnonzero(np.r_[True, np.diff(bucket[order]) > 0])
    counts = np.add.reduceat(np.isfinite(values[order]).astype(np.int64), starts)
    lowest, highest = order[starts], order[starts + np.maximum(counts - 1, 0)]
    return np.unique(np.r_[0, lowest, highest, _edges(holes)])


def every(times: Floats, values: Floats, limit: int, holes: Mask | None = None) -> tuple[Floats, Floats]:
    """Every n-th row of a smooth line up to its last; a gap where any row since the one kept before has no value.

    `holes`, and where the line begins, are kept beyond the limit.
    """
    if len(times) <= limit:
        return times, values
    step, known = math.ceil(len(times) / limit), np.isfinite(values)
    first = np.flatnonzero(known)[:1]
    kept = np.unique(np.r_[np.arange(len(times) - 1, -1, -step), first, _edges(holes)])
    whole = np.logical_and.reduceat(known, np.r_[0, kept[:-1] + 1]) | np.isin(kept, first)
    return times[kept], np.where(whole, values[kept], np.nan)


def _edges(holes: Mask | None) -> Indices:
    """The rows of holes and those beside them."""
    if holes is None:
        return np.empty(0, np.int64)
    found = np.flatnonzero(holes)
    rows: Indices = np.clip(np.r_[found - 1, found, found + 1], 0, len(holes) - 1)
    return rows


def around(times: Floats, from_s: float, to_s: float) -> slice:
    """The rows of a stretch, with the one on either side, so that lines reach its edges."""
    start = max(int(np.searchsorted(times, from_s)) - 1, 0)
    return slice(start, max(int(np.searchsorted(times, to_s, side="right")) + 1, start + 1))


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(start, stop) of each unbroken stretch of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
