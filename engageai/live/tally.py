"""The engagement shown while a measurement runs. Pure: readings in, numbers out, in time and memory that do not grow.

The values are those that the results page will show of the same instants: `timeline` and `bands` over the readings of
the last minute, and for the line since the beginning the same mean and the same floor, added up as they come.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np

from analytics import bands, timeline
from analytics.readings import Readings
from analytics.scoring import ENVIRONMENTS, score
from analytics.timeline import Floats, Instants
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import Reading

BANDED: Final = "30s"  # as on the results page
KEPT_S: Final = max(w for w in timeline.WINDOWS_S.values() if math.isfinite(w)) + timeline.MAX_HOLD_S
DECIMALS: Final = 4

Numbers = dict[str, float | None]


class Tally:
    """What was measured so far, of which `earlier` was measured before an interruption."""

    def __init__(self, earlier: Readings) -> None:
        self._so_far = _SoFar()
        self._recent: deque[Readings] = deque()
        self._new: list[Reading] = []
        self._unsaved: list[Readings] = []
        if len(earlier.times):
            self._so_far.add(timeline.instants(earlier))
            self._recent.append(earlier.since(float(earlier.times[-1]) - KEPT_S))

    def add(self, reading: Reading) -> Numbers | None:
        """The engagement of this instant in each environment; None without a face that counts."""
        self._new.append(reading)
        (shares,) = timeline.instants(Readings.of([reading])).probabilities
        if np.isnan(shares).any():
            return None
        return {each.name: round(float(score(shares, each)), DECIMALS) for each in ENVIRONMENTS}

    def rolling(self) -> dict[str, Numbers]:
        """For each environment the three lines at the newest instant, and the band of the first."""
        self._settle()
        recent = timeline.instants(Readings.concat(self._recent))
        means = {
            name: timeline.rolling(recent, window_s)[-1] if math.isfinite(window_s) else self._so_far.mean()
            for name, window_s in timeline.WINDOWS_S.items()
        }
        now = recent.times[-1:]
        found = {}
        for each in ENVIRONMENTS:
            low, high = bands.rolling_bands(recent, timeline.WINDOWS_S[BANDED], each, now)
            lines = {name: float(score(mean, each)) for name, mean in means.items()}
            found[each.name] = {name: _number(value) for name, value in lines.items()} | {
                "low": _number(float(low[0])),
                "high": _number(float(high[0])),
            }
        return found

    def take_unsaved(self) -> Readings | None:
        """What was added since the last time; None where that is nothing."""
        self._settle()
        unsaved, self._unsaved = self._unsaved, []
        return Readings.concat(unsaved) if unsaved else None

    def _settle(self) -> None:
        """Readings to columns, which take a hundredth of the memory; what no window reaches any more is forgotten."""
        if not self._new:
            return
        chunk, self._new = Readings.of(self._new), []
        self._so_far.add(timeline.instants(chunk))
        self._unsaved.append(chunk)
        self._recent.append(chunk)
        # One chunk older than the windows stays: without it a gap before them would look like the beginning.
        while len(self._recent) > 1 and self._recent[1].times[0] <= chunk.times[-1] - KEPT_S:
            self._recent.popleft()


class _SoFar:
    """The mean of all instants with a used face, and whether it covers enough of the time to be shown."""

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._last_s = 0.0
        self._last_used = False
        self._covered_s = 0.0
        self._count = 0
        self._sums: Floats = np.zeros(len(EMOTIONS))

    def add(self, instants: Instants) -> None:
        used = instants.used > 0
        if self._first_s is None:
            self._first_s = self._last_s = float(instants.times[0])
        holds = np.minimum(np.diff(instants.times, prepend=self._last_s), timeline.longest_hold_s(instants.times))
        self._covered_s += float(holds[np.concatenate([[self._last_used], used[:-1]])].sum())
        self._last_s, self._last_used = float(instants.times[-1]), bool(used[-1])
        self._count += int(np.count_nonzero(used))
        self._sums = self._sums + instants.probabilities[used].sum(axis=0)

    def mean(self) -> Floats:
        """(5,), NaN below the floor of timeline.windows."""
        elapsed_s = self._last_s - (self._first_s or 0.0)
        enough = self._covered_s >= timeline.MIN_COVERAGE * elapsed_s - timeline.TICK_S
        if not enough or self._count < timeline.MIN_INSTANTS:
            return np.full(len(EMOTIONS), np.nan)
        return self._sums / self._count


def _number(value: float) -> float | None:
    return round(value, DECIMALS) if math.isfinite(value) else None
