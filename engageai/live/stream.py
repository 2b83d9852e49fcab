"""One webcam's frames to results, in a worker's thread. Knows pictures, readings and the running score; no socket."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics import timeline
from analytics.readings import Readings
from analytics.timeline import Floats
from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import Detectors
from emotion_ml.watcher import Image, NotADecodablePicture, Watcher, decode
from engageai.live import protocol
from engageai.live.clock import CaptureClock
from engageai.live.protocol import Frame, Malformed, Timings
from engageai.live.tally import Tally

ROLLING_EVERY_S: Final = 0.5
SCOUT_EVERY: Final = 15
"""Frames from one search for small newcomers to the next: half a second at the highest rate, two at the lowest."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What the row of a measurement has to know of it: how long, how often, how large."""

    duration_s: float
    fps: float
    width: int
    height: int


class Stream:
    """Safe to share between threads: whoever comes second waits; who takes what was measured, never for a network.

    A stream that goes on where an earlier one ended starts at `start_s` with the readings of that one. Without an
    engine faces are found and not read, and there is no engagement.
    """

    def __init__(
        self,
        engine: EmotionEngine | None,
        detectors: Detectors,
        *,
        start_s: float = 0.0,
        earlier: Readings | None = None,
    ) -> None:
        earlier = Readings.of([]) if earlier is None else earlier
        self._watcher = Watcher(
            engine, known_tracks=int(earlier.track.max(initial=0)), detectors=detectors, scout_every=SCOUT_EVERY
        )
        self._reads = engine is not None
        self._clock = CaptureClock(start_s, float(earlier.times[-1]) if len(earlier.times) else None)
        self._tally = Tally(earlier)
        self._pace = _Pace()
        self._pace.add(earlier.times)
        self._last_s = 0.0
        self._size = (0, 0)
        self._rolling_s = float("-inf")
        self._closed = False
        self._lock = threading.Lock()
        self._measured = threading.Lock()  # held for as long as it takes to add up, or to take away

    def answer(self, frame: Frame, dropped: int) -> str | None:
        """The result of a frame as text; None for a frame that is out of its time. Raises Malformed."""
        with self._lock:
            if self._closed:
                return None
            started_s = time.monotonic()
            image = _decoded(frame)
            t_s = self._clock.place(frame.captured_s, frame.arrived_s)
            if t_s is None:
                return None
            found = self._watcher.look(t_s, image)
            found_s = time.monotonic()
            reading = self._watcher.read(found)
            read_s = time.monotonic()
            with self._measured:
                self._last_s, self._size = t_s, (frame.width, frame.height)
                engagement = self._tally.add(reading)
                rolling = self._tally.rolling() if self._is_due(t_s) and self._reads else None
            timings = Timings(
                wait_ms=1000 * (started_s - frame.arrived_s),
                inference_ms=1000 * (read_s - found_s),
                total_ms=1000 * (time.monotonic() - frame.arrived_s),
            )
            return protocol.result(frame, reading, engagement, rolling, dropped, timings)

    def take_unsaved(self) -> tuple[Readings, Extent] | None:
        """What was measured since the last time, and what the whole of it looks like by now."""
        with self._measured:
            readings = self._tally.take_unsaved()
            if readings is None:
                return None
            self._pace.add(readings.times)
            return readings, Extent(self._last_s, round(self._pace.rate, 2), *self._size)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._watcher.close()

    def _is_due(self, t_s: float) -> bool:
        if t_s - self._rolling_s < ROLLING_EVERY_S:
            return False
        self._rolling_s = t_s
        return True


class _Pace:
    """How many readings a second there were while it was read: a gap longer than a reading stands for is a pause."""

    def __init__(self) -> None:
        self._last: Floats = np.empty(0)  # (1,) once there is one
        self._all = self._without_pauses = (0, 0.0)  # gaps and the seconds that they last

    def add(self, times: Floats) -> None:
        gaps_s = np.diff(np.concatenate([self._last, times]))
        self._last = times[-1:].copy() if len(times) else self._last
        self._all = _with(self._all, gaps_s)
        self._without_pauses = _with(self._without_pauses, gaps_s[gaps_s <= timeline.longest_hold_s(times)])

    @property
    def rate(self) -> float:
        """Where there is nothing but pauses, of them; 1 of a single reading."""
        gaps, lasted_s = self._without_pauses if self._without_pauses[0] else self._all
        return gaps / lasted_s if lasted_s > 0 else 1.0


def _with(sum_s: tuple[int, float], gaps_s: Floats) -> tuple[int, float]:
    return sum_s[0] + len(gaps_s), sum_s[1] + float(gaps_s.sum())


def _decoded(frame: Frame) -> Image:
    try:
        image = decode(frame.jpeg)
    except NotADecodablePicture as error:
        raise Malformed(str(error)) from error
    if image.shape != (frame.height, frame.width, 3):
        raise Malformed("the picture is not of the size that its header says")
    return image
