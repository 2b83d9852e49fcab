"""Who counts as there, on a clock that the test turns."""

from __future__ import annotations

import threading
import uuid

from engageai.presence.registry import Registry

A, B = uuid.uuid4(), uuid.uuid4()


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_session_is_closed_since_its_last_page_was() -> None:
    clock = Clock()
    registry = Registry(clock)
    for _ in range(2):
        registry.enter(A)
    registry.leave(A)
    clock.now_s += 100
    assert (registry.open(), registry.closed_for(0)) == ([A], [])
    registry.leave(A)
    clock.now_s += 44
    assert (registry.open(), registry.closed_for(45)) == ([], [])
    clock.now_s += 1
    assert registry.closed_for(45) == [A]


def test_a_page_that_comes_in_time_keeps_it() -> None:
    clock = Clock()
    registry = Registry(clock)
    registry.enter(A)
    registry.leave(A)
    clock.now_s += 44
    registry.enter(A)
    clock.now_s += 44
    assert registry.closed_for(45) == []


def test_after_a_restart_pages_have_as_long_to_come_back() -> None:
    clock = Clock()
    registry = Registry(clock)
    registry.enter(A)
    registry.expect([A, B])
    clock.now_s += 45
    assert registry.closed_for(45) == [B]
    registry.forget(B)
    assert registry.closed_for(45) == []


def test_a_page_that_is_about_to_close_is_waited_for_and_one_that_stays_is_not() -> None:
    registry = Registry()
    assert registry.is_closed_within(A, 0)
    registry.enter(A)
    assert not registry.is_closed_within(A, 0.01)
    closing = threading.Timer(0.05, registry.leave, [A])
    closing.start()
    assert registry.is_closed_within(A, 10)
    closing.join()
