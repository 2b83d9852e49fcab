"""Where a series departs from itself by more than it swings anyway, cell by cell.

Knows cells of a second, of which some were not seen, and comparisons between stretches of them. Refuses to know scores,
faces and words; the method and its sources stand in moments.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics import permutation
from analytics.permutation import LEVEL

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

CELL_S: Final = 1.0
WIDTHS_S: Final = (8, 11, 16, 23, 32, 45, 64, 91, 128)
MIN_WIDTHS: Final = 8
"""A recording holds at least this many stretches of a width, or nobody can say how much that width swings."""
MIN_SEEN: Final = 0.5
"""Share of the cells of each stretch in which something was seen."""
BLOCK_S: Final = 8.0
"""Twice as long as expressions last: what follows within seconds stays together in a shuffled series."""
DRAWS: Final = 400
CHUNK_CELLS: Final = 400_000
WINDOWS: Final = 600
"""As many comparisons of a width say how large they usually are."""
SETTLE: Final = 3
"""What stands out at one width may be this many times longer or shorter."""
RETURNS: Final = 0.5
"""A stretch differs from both sides: from the one at least by this share of what it differs from the other."""
TICK: Final = 1e-6
"""Times are sums of rounded fractions."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is compared: `width` cells with as many before them, and after them unless it is a change."""

    width: int
    is_change: bool

    @property
    def reach(self) -> int:
        return 2 * self.width if self.is_change else 3 * self.width

    @property
    def shares(self) -> tuple[float, ...]:
        return (-1.0, 1.0) if self.is_change else (-0.5, 1.0, -0.5)


@dataclass(slots=True)
class Cells:
    """The recording cell by cell, and what of it is still to be searched."""

    values: Floats  # (N,) mean score, 0 where nothing was seen
    level: Floats  # (N,) the same without mean and slow course
    seen: Mask  # (N,)
    barriers: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that may stand out; `value` is in units of what is usual at its width."""

    shape: Shape
    first: int  # cell where its surroundings begin
    value: float

    @property
    def start(self) -> int:
        return self.first + self.shape.width

    @property
    def end(self) -> int:
        return self.start if self.shape.is_change else self.start + self.shape.width


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """The largest comparisons in series that hold nothing but their own swing.

    Wide ones are few, and what is usual of them is known less well: each shape is measured by its own largest.
    """

    usual: Mapping[Shape, float]  # what the largest of a shape stays below in all but LEVEL of the series
    most: Floats  # (DRAWS,) the largest of all shapes in that measure, ascending

    def p_value(self, candidate: Candidate) -> float:
        above = len(self.most) - np.searchsorted(self.most, abs(candidate.value), side="left")
        return float((1 + above) / (1 + len(self.most)))


def cells_of(times: Floats, values: Floats) -> Cells:
    """Means of what was seen in each cell; a value that is not finite was not seen."""
    known = np.isfinite(values)
    cell = np.floor(times[known] / CELL_S + TICK).astype(np.int64)
    sizes = np.bincount(cell)
    means, level, seen = np.zeros(len(sizes)), np.zeros(len(sizes)), sizes > 0
    means[seen] = np.bincount(cell, values[known])[seen] / sizes[seen]
    if seen.any():
        level[seen] = permutation._levelled(means[seen], float(seen.sum()) * CELL_S, permutation.SLOW_S)
    return Cells(means, level, seen)


def shapes(cells: Cells) -> list[Shape]:
    seen = int(cells.seen.sum())
    widths = [round(width_s / CELL_S) for width_s in WIDTHS_S if seen * CELL_S >= MIN_WIDTHS * width_s]
    return [Shape(width, is_change) for width in widths for is_change in (False, True)]


def chance(cells: Cells, shapes: Sequence[Shape], rng: np.random.Generator) -> Chance:
    chunk = max(CHUNK_CELLS // len(cells.seen), 1)
    level, block = cells.level[cells.seen], round(BLOCK_S / CELL_S)
    parts = []
    for done in range(0, DRAWS, chunk):
        draws = min(chunk, DRAWS - done)
        shuffled = np.zeros((draws, len(cells.seen)))
        shuffled[:, cells.seen] = permutation._shuffled(level, block, draws, rng)
        found = {shape: np.abs(values).max(axis=1) for shape, _, values in _comparisons(shuffled, cells, shapes)}
        parts.append(np.stack(list(found.values()), axis=1) if found else np.zeros((draws, 0)))
    largest = np.concatenate(parts)  # (DRAWS, S)
    usual = np.maximum(np.quantile(largest, 1 - LEVEL, axis=0), TICK)
    most = (largest / usual).max(axis=1, initial=0.0)
    return Chance(dict(zip(found, usual.tolist(), strict=True)), np.sort(most))


def _comparisons(series: Floats, cells: Cells, shapes: Sequence[Shape]) -> Iterator[tuple[Shape, Rows, Floats]]:
    """A shape, the cells (P,) where it may begin and, of series (B, N), the comparisons (B, P) in their usual size."""
    sums, seen = permutation._sums(series), permutation._sums(cells.seen[None].astype(np.float64))[0]
    least = permutation.FLAT * np.maximum(np.abs(series).max(axis=1, keepdims=True), permutation.FLAT)
    for shape in shapes:
        first = _places(seen, shape, cells.barriers)
        if len(first) < shape.width:
            continue
        edges = [first + part * shape.width for part in range(shape.reach // shape.width + 1)]
        means = [(sums[:, b] - sums[:, a]) / (seen[b] - seen[a]) for a, b in pairwise(edges)]
        raw = means[1] - means[0] if shape.is_change else means[1] - (means[0] + means[2]) / 2
        if shape.is_change:
            raw = raw - np.median(raw, axis=1, keepdims=True)  # a straight course rises everywhere alike
        some = np.abs(raw[:, :: -(-len(first) // WINDOWS)])
        yield shape, first, raw / np.maximum(np.median(some, axis=1, keepdims=True), least)


def _places(seen: Floats, shape: Shape, barriers: Sequence[int]) -> Rows:
    """Where a comparison may begin: enough is seen of each of its parts, and no change lies within."""
    first = np.arange(max(len(seen) - shape.reach, 0))
    enough = np.ones(len(first), np.bool_)
    for at in range(0, shape.reach, shape.width):
        enough &= seen[first + at + shape.width] - seen[first + at] >= MIN_SEEN * shape.width
    for barrier in barriers:
        enough &= (barrier <= first) | (barrier >= first + shape.reach)
    return first[enough]


def best(cells: Cells, chance: Chance) -> Candidate | None:
    found: Candidate | None = None
    series = np.where(cells.seen, cells.values, 0.0)[None]
    for shape, first, values in _comparisons(series, cells, list(chance.usual)):
        row = int(np.abs(values[0]).argmax())
        value = float(values[0, row]) / chance.usual[shape]
        if found is None or abs(value) > abs(found.value):
            found = Candidate(shape, int(first[row]), value)
    return found


def settled(cells: Cells, candidate: Candidate) -> Candidate:
    """The borders that explain the scores around a candidate best, and whether it is a stretch or a lasting change."""
    seen = permutation._sums(cells.seen[None].astype(np.float64))[0]
    stretch = _clearest(cells, seen, candidate, is_change=False)
    if stretch is not None:
        before, inside, after = _means(permutation._sums(cells.values[None] * cells.seen)[0], seen, stretch)
        smaller, larger = sorted((inside - before, inside - after), key=abs)
        if larger and smaller / larger >= RETURNS:
            return stretch
    return _clearest(cells, seen, candidate, is_change=True) or candidate


def _clearest(cells: Cells, seen: Floats, candidate: Candidate, *, is_change: bool) -> Candidate | None:
    """Of this kind, with an edge near the candidate's."""
    sums = permutation._sums(np.where(cells.seen, cells.level, 0.0)[None])[0]
    width = candidate.shape.width
    low, high = candidate.start - width // 2, candidate.end + width // 2
    found, most = None, 0.0
    for trial in range(max(width // SETTLE, round(WIDTHS_S[0] / CELL_S)), SETTLE * width + 1):
        shape = Shape(trial, is_change)
        first = _places(seen, shape, cells.barriers)
        start, end = first + trial, first + trial + (0 if is_change else trial)
        first = first[((start >= low) & (start <= high)) | ((end >= low) & (end <= high))]
        if not len(first):
            continue
        value, gain = _gains(sums, seen, shape, first)
        row = int(gain.argmax())
        if gain[row] > most:
            found, most = Candidate(shape, int(first[row]), float(value[row])), float(gain[row])
    return found


def _means(sums: Floats, seen: Floats, candidate: Candidate) -> list[float]:
    edges = [candidate.first + part * candidate.shape.width for part in range(4)]
    return [float((sums[b] - sums[a]) / (seen[b] - seen[a])) for a, b in pairwise(edges)]


def _gains(sums: Floats, seen: Floats, shape: Shape, first: Rows) -> tuple[Floats, Floats]:
    """The difference (P,) and its square over what its variance is proportional to."""
    edges = [first + part * shape.width for part in range(shape.reach // shape.width + 1)]
    sizes = [seen[b] - seen[a] for a, b in pairwise(edges)]
    means = [(sums[b] - sums[a]) / size for (a, b), size in zip(pairwise(edges), sizes, strict=True)]
    value = sum(share * mean for share, mean in zip(shape.shares, means, strict=True))
    variance = sum(share**2 / size for share, size in zip(shape.shares, sizes, strict=True))
    return np.asarray(value), np.asarray(np.square(value) / variance)


def leave_out(cells: Cells, candidate: Candidate) -> None:
    width = candidate.shape.width
    if candidate.shape.is_change:
        cells.barriers.append(candidate.start)
    else:
        margin = max(width // 4, 2)  # its edges are known no better than that
        cells.seen[max(candidate.start - margin, 0) : candidate.start + width + margin] = False
