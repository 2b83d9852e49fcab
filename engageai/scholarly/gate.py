"""When a service may be asked again. Knows its pace, what it asked for and how often it failed; sends nothing itself.

Of each service there is one gate in the process, whoever asks: the pace holds for all visitors together. After
`MAX_FAILURES` failures in a row it stays shut for `SHUT_S`; then one caller tries, and the next failure shuts it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from engageai.scholarly.fetch import Unavailable

MAX_FAILURES: Final = 3
SHUT_S: Final = 60.0
MAX_RETRY_AFTER_S: Final = 3600.0


class Gate:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next_s = float("-inf")
        self._open_s = float("-inf")
        self._failures = 0

    def enter(self, interval_s: float, until_s: float) -> float:
        """Seconds to wait before asking, at most to `until_s`. Raises Unavailable where nobody may ask by then."""
        with self._lock:
            now = self._clock()
            if now < self._open_s:
                raise Unavailable("it is left alone for a while after it failed or asked for a pause")
            start = max(now, self._next_s)
            if start > until_s:
                raise Unavailable("it is asked slowly, as it wishes, and its turn did not come in time")
            self._next_s = start + interval_s
            if self._failures >= MAX_FAILURES:
                self._open_s = now + SHUT_S  # this caller tries; the others stay out until it has succeeded
            return start - now

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._open_s = 0, float("-inf")

    def failed(self, retry_after_s: float | None = None) -> None:
        with self._lock:
            self._failures += 1
            pause_s = min(retry_after_s or 0.0, MAX_RETRY_AFTER_S)
            if self._failures >= MAX_FAILURES:
                pause_s = max(pause_s, SHUT_S)
            self._open_s = max(self._open_s, self._clock() + pause_s) if pause_s else self._open_s


_gates: dict[str, Gate] = {}
_gates_lock = threading.Lock()


def gate_of(origin: str) -> Gate:
    with _gates_lock:
        return _gates.setdefault(origin, Gate())
