"""Boxes over time to stable ids. Pure: knows where and when faces were, not what they look like.

So two people who swap places while nobody sees them swap ids. After a cut (see `cuts`) everybody is new: who sits
where another sat before does not inherit that id, and who comes back has another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml.geometry import overlaps
from emotion_ml.types import Box, Detection

MAX_GAP_S: Final = 2.0
"""How long a face may be missed and still come back as itself; twice the usual time between pictures where that is
more, as in a time-lapse, just as a reading holds (analytics.timeline.longest_hold_s)."""

REACH: Final = 0.8
REACH_PER_S: Final = 2.0
MAX_REACH: Final = 1.6
"""How far from where it is expected a face may be, in face sizes: at once, more for each second unseen, at most.
Someone who walks past at 1 m/s moves 1 face height (0.2 m) between pictures 0.2 s apart; the next chair in a row is 2.5
sizes away."""

MAX_GROWTH: Final = 1.6
"""Most change of size from one sighting to the next, either way; two detectors' boxes differ by up to 1.2."""

_SPACINGS: Final = 9  # by how many of the last the usual time between pictures is told
_MEMORY_S: Final = 1.0  # a missed face is expected to slow down by a factor e in this time: people stop and turn
_TRUST: Final = 0.6  # weight of the newest motion against the one known before
_SOONEST_S: Final = 0.01  # less time than this between two sightings tells nothing of speed: boxes tremble

Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Track:
    id: int
    box: Floats  # left, top, width, height
    speed: Floats  # of the centre, pixels per second
    t_s: float
    readings: int = 1


class Tracker:
    """Follows the faces of one stream. Every detection has an id at once, so a ghost seen once has one too.

    An id is never reused and never reassigned, so that readings can be written as they come. A summary that lists
    people should leave out tracks with fewer than three readings.
    """

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._next_id = 1
        self._times: deque[float] = deque(maxlen=_SPACINGS + 1)

    def update(self, t_s: float, detections: Sequence[Detection]) -> list[int]:
        """The track id (1, 2, ...) of each detection of the picture at `t_s`, which must not go backwards."""
        self._times.append(t_s)
        longest_s = self._longest_gap_s()
        self._tracks = [track for track in self._tracks if t_s - track.t_s <= longest_s]
        boxes = np.array([_row(found.box) for found in detections], dtype=float).reshape(-1, 4)
        owners = dict(self._pairs(t_s, boxes))
        return [self._seen(owners.get(index), box, t_s) for index, box in enumerate(boxes)]

    def forget(self) -> None:
        """What is seen from now on is none of what was."""
        self._tracks = []

    def _longest_gap_s(self) -> float:
        return max(MAX_GAP_S, 2 * float(np.median(np.diff(self._times)))) if len(self._times) > 1 else MAX_GAP_S

    def _pairs(self, t_s: float, boxes: Floats) -> list[tuple[int, _Track]]:
        """(detection, track), cheapest pair first, each at most once."""
        if not self._tracks or not len(boxes):
            return []
        tracks = list(self._tracks)
        costs = _costs(tracks, boxes, t_s)  # (T, N), infinite where it cannot be the same face
        pairs: list[tuple[int, _Track]] = []
        for _ in range(min(costs.shape)):
            row, column = divmod(int(costs.argmin()), costs.shape[1])
            if not np.isfinite(costs[row, column]):
                break
            pairs.append((column, tracks[row]))
            costs[row, :] = np.inf
            costs[:, column] = np.inf
        return pairs

    def _seen(self, track: _Track | None, box: Floats, t_s: float) -> int:
        if track is None:
            track = _Track(self._next_id, box, np.zeros(2), t_s)
            self._tracks.append(track)
            self._next_id += 1
        else:
            _move(track, box, t_s)
        return track.id


def _costs(tracks: Sequence[_Track], boxes: Floats, t_s: float) -> Floats:
    """Distance from where a track is expected, in face sizes, plus what the boxes lack in overlap."""
    expected = np.array([_expected(track, t_s) for track in tracks])
    unseen_s = np.array([t_s - track.t_s for track in tracks])
    sizes = np.sqrt(np.outer(expected[:, 2] * expected[:, 3], boxes[:, 2] * boxes[:, 3])) ** 0.5
    apart = np.linalg.norm(_centres(expected)[:, None] - _centres(boxes)[None], axis=2) / sizes
    growth = np.sqrt((boxes[:, 2] * boxes[:, 3])[None] / (expected[:, 2] * expected[:, 3])[:, None])
    reach = np.minimum(REACH + REACH_PER_S * unseen_s, MAX_REACH)[:, None]
    possible = (apart <= reach) & (growth <= MAX_GROWTH) & (growth >= 1 / MAX_GROWTH)
    return np.where(possible, apart + 1 - overlaps(expected, boxes), np.inf)


def _expected(track: _Track, t_s: float) -> Floats:
    """Where the face would be now, had it gone on and slowed down."""
    ahead_s = _MEMORY_S * (1 - np.exp(-(t_s - track.t_s) / _MEMORY_S))
    return np.concatenate([track.box[:2] + track.speed * ahead_s, track.box[2:]])


def _move(track: _Track, box: Floats, t_s: float) -> None:
    passed_s = max(t_s - track.t_s, _SOONEST_S)
    speed = (_centres(box[None])[0] - _centres(track.box[None])[0]) / passed_s
    track.speed = speed if track.readings == 1 else _TRUST * speed + (1 - _TRUST) * track.speed
    track.box, track.t_s = box, t_s
    track.readings += 1


def _centres(boxes: Floats) -> Floats:
    return boxes[:, :2] + boxes[:, 2:] / 2


def _row(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.width, box.height
