"""When a frame was captured, in seconds of the measurement.

Knows the page's clock and the server's. The page's gives the spacing of the frames, because what the network does to
them is not time that passed in front of the camera; it is believed only as far as the server's own clock bears it out.
"""

from __future__ import annotations

from typing import Final

MAX_APART_S: Final = 2.0
"""How far the two clocks may come apart: longer than any round trip that is of use, shorter than a gap in a chart."""
MIN_STEP_S: Final = 1e-3


class CaptureClock:
    """Counts from `start_s` at the first frame, and on from `last_s` where an earlier measurement ended then.

    Where the page's clock jumps, the server's counts. Time never goes back.
    """

    def __init__(self, start_s: float = 0.0, last_s: float | None = None) -> None:
        self._start_s = start_s if last_s is None else max(start_s, last_s + MIN_STEP_S)
        self._last_s = last_s
        self._first_arrived_s: float | None = None
        self._shift_s = 0.0

    def place(self, captured_s: float, arrived_s: float) -> float | None:
        """The frame's `t_s`; None for one that is not later than the last. Both clocks may count from anywhere."""
        if self._first_arrived_s is None:
            self._first_arrived_s = arrived_s
            self._shift_s = self._start_s - captured_s
        served_s = self._start_s + arrived_s - self._first_arrived_s
        t_s = captured_s + self._shift_s
        if abs(t_s - served_s) > MAX_APART_S:
            self._shift_s = served_s - captured_s
            t_s = served_s
        if self._last_s is not None and t_s < self._last_s + MIN_STEP_S:
            return None
        self._last_s = t_s
        return t_s
