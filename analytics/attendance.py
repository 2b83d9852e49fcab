"""Who was in the picture, and when: faces over time, without a word about what they express. Pure.

It is all that a recording has to show that was read without expressions, and a part of every result. Knows times and
counts; the rules of time are timeline's.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics import timeline
from analytics.readings import Readings
from analytics.reduction import runs
from analytics.timeline import Floats

MAX_STRETCHES: Final = 12


def presence(readings: Readings, end_s: float) -> dict[str, Any]:
    """`share` of the time until `end_s` with any face; faces on average over that time; and at most.

    The longest stretch without one: its seconds, and where it begins (null where there is none).
    """
    count, held_s = faces(readings), holds_s(readings, end_s)
    total_s = float(max(end_s, readings.times[-1])) if len(readings.times) else 0.0
    seen_s = float(held_s[count > 0].sum())
    empty = max(_stretches(readings, end_s, seen=False), key=lambda each: each[1] - each[0], default=None)
    return {
        "share": min(seen_s / total_s, 1.0) if total_s > 0 else 0.0,
        "mean_faces": float((held_s * count).sum() / total_s) if total_s > 0 else 0.0,
        "most_faces": int(count.max(initial=0)),
        "longest_gap_s": empty[1] - empty[0] if empty else 0.0,
        "longest_gap_from_s": empty[0] if empty else None,
    }


def stretches(readings: Readings, end_s: float) -> list[tuple[float, float]]:
    """(from, to) of when any face was in view without a break: the longest MAX_STRETCHES, in order of time."""
    return sorted(sorted(_stretches(readings, end_s, seen=True), key=lambda each: each[0] - each[1])[:MAX_STRETCHES])


def faces(readings: Readings) -> NDArray[np.int64]:
    """How many were found at each instant (T,)."""
    return np.bincount(readings.frame, minlength=len(readings.times))


def holds_s(readings: Readings, end_s: float) -> Floats:
    """How long each instant speaks for: until the next, and never longer than timeline.longest_hold_s."""
    times = readings.times
    if not len(times):
        return np.zeros(0)
    held = np.diff(times, append=max(end_s, float(times[-1])))
    return np.asarray(np.minimum(held, timeline.longest_hold_s(times)))


def _stretches(readings: Readings, end_s: float, *, seen: bool) -> list[tuple[float, float]]:
    """(start, stop) of each unbroken run of instants with a face, or without; a hole in the file breaks both."""
    times, held_s = readings.times, holds_s(readings, end_s)
    found = []
    for start, stop in runs((faces(readings) > 0) == seen):
        broken = np.flatnonzero(np.diff(times[start:stop]) > held_s[start : stop - 1] + timeline.TICK_S) + 1
        for first, last in zip([0, *broken], [*broken, stop - start], strict=True):
            rows = start + int(first), start + int(last) - 1
            found.append((float(times[rows[0]]), float(times[rows[1]] + held_s[rows[1]])))
    return found
