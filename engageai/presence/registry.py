"""Which sessions have an open page in this process, and since when others have none. Knows no socket and no row.

Also in which browsers those pages are, so that these are remembered for as long.

The clock stands still while the machine sleeps, so that a laptop that was closed finds its session again.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable


class Registry:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._pages: Counter[uuid.UUID] = Counter()
        self._browsers: Counter[str] = Counter()
        self._closed_at: dict[uuid.UUID, float] = {}

    def enter(self, session_id: uuid.UUID, browser: str = "") -> None:
        with self._changed:
            self._pages[session_id] += 1
            self._browsers[browser] += 1
            self._closed_at.pop(session_id, None)

    def leave(self, session_id: uuid.UUID, browser: str = "") -> None:
        with self._changed:
            self._browsers[browser] -= 1
            self._browsers += Counter()  # without those of which no page is left
            self._pages[session_id] -= 1
            if self._pages[session_id] <= 0:
                del self._pages[session_id]
                self._closed_at[session_id] = self._now()
                self._changed.notify_all()

    def expect(self, session_ids: Iterable[uuid.UUID]) -> None:
        """Pages of them may come back, as after a restart: they count as closed just now."""
        with self._changed:
            for session_id in session_ids:
                if session_id not in self._pages:
                    self._closed_at[session_id] = self._now()

    def forget(self, session_id: uuid.UUID) -> None:
        with self._changed:
            self._closed_at.pop(session_id, None)

    def is_closed_within(self, session_id: uuid.UUID, seconds: float) -> bool:
        """Whether no page of it is open, now or in a moment."""
        with self._changed:
            return self._changed.wait_for(lambda: session_id not in self._pages, seconds)

    def open(self) -> list[uuid.UUID]:
        with self._changed:
            return list(self._pages)

    def browsers(self) -> list[str]:
        """The keys in the cookies of those that show a page."""
        with self._changed:
            return list(self._browsers)

    def closed_for(self, seconds: float) -> list[uuid.UUID]:
        with self._changed:
            since = self._now() - seconds
            return [session_id for session_id, closed_at in self._closed_at.items() if closed_at <= since]


registry = Registry()
