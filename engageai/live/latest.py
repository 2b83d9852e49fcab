"""What keeps a live stream from falling behind: only the newest frame is kept, and whoever was served longest ago goes
first. Knows frames as opaque things, times and turns; nothing of sockets, pictures or scores.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """Nothing will come any more."""


class Latest(Generic[T]):
    """A place for one item. Putting another in overwrites it, and what was overwritten is counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._item: T | None = None
        self._fresh = asyncio.Event()
        self._closed = False

    def put(self, item: T) -> None:
        self.dropped += self._item is not None
        self._item = item
        self._fresh.set()

    async def wait(self) -> T:
        """What lies there as soon as something new was put in; it stays there until taken. Raises Closed."""
        await self._fresh.wait()
        if self._closed or self._item is None:
            raise Closed
        self._fresh.clear()
        return self._item

    def take(self) -> T:
        """The newest by now. Raises Closed."""
        if self._closed or self._item is None:
            raise Closed
        item, self._item = self._item, None
        self._fresh.clear()
        return item

    def close(self) -> None:
        self._closed = True
        self._item = None
        self._fresh.set()


class Turns:
    """So many at a time; of those who wait, the one served longest ago is next."""

    def __init__(self, seats: int) -> None:
        self._free = seats
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._arrivals = 0

    @asynccontextmanager
    async def turn(self, served_at: float) -> AsyncIterator[None]:
        await self._enter(served_at)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, served_at: float) -> None:
        if self._free:
            self._free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heappush(self._waiting, (served_at, self._arrivals, called))
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # the seat was given to one who has just gone
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            called = heappop(self._waiting)[2]
            if not called.done():
                called.set_result(None)
                return
        self._free += 1


class Pace:
    """At most `per_s` in the long run, `burst` of them at once."""

    def __init__(self, per_s: float, burst: int = 1) -> None:
        self._step_s = 1 / per_s
        self._ahead_s = (burst - 1) * self._step_s
        self._due_s = 0.0

    def delay_s(self, now_s: float) -> float:
        """How long to wait before the next one, which is counted as done."""
        start_s = max(now_s, self._due_s - self._ahead_s)
        self._due_s = max(self._due_s, now_s) + self._step_s
        return start_s - now_s
