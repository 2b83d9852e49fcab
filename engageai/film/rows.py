"""Readings one by one out of their columns, made as they are looked at: two hours of a full room stay columns.

Knows both forms of a reading, and no more of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from analytics.readings import Readings
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading


class Rows(Sequence[Reading]):
    """What emotion_ml takes; each look makes the reading anew."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._edges = np.searchsorted(readings.frame, np.arange(len(readings.times) + 1)).tolist()

    def __len__(self) -> int:
        return len(self._readings.times)

    @overload
    def __getitem__(self, at: int) -> Reading: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Reading]: ...

    def __getitem__(self, at: int | slice) -> Reading | Sequence[Reading]:
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        row = at % len(self)
        faces = tuple(self._face(face) for face in range(self._edges[row], self._edges[row + 1]))
        return Reading(float(self._readings.times[row]), faces)

    def _face(self, row: int) -> Face:
        found = self._readings
        return Face(
            int(found.track[row]),
            Box(*found.boxes[row].tolist()),
            tuple(found.probabilities[row].tolist()),
            Quality(*found.quality[row].tolist()),
            LeftOut(int(found.left_out[row])),
        )
