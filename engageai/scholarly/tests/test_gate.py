"""A service is asked at its pace, left alone when it asks for that, and given up on for a while when it fails."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engageai.scholarly.fetch import Unavailable
from engageai.scholarly.gate import MAX_FAILURES, MAX_RETRY_AFTER_S, SHUT_S, Gate, gate_of


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def is_open(gate: Gate, clock: Clock) -> bool:
    try:
        gate.enter(0.0, clock.now_s)
    except Unavailable:
        return False
    return True


def test_callers_queue_at_its_pace(clock: Clock) -> None:
    gate = Gate(clock)
    assert [gate.enter(3.0, clock.now_s + 9) for _ in range(4)] == [0, 3, 6, 9]
    clock.now_s += 100
    assert gate.enter(3.0, clock.now_s + 9) == 0


def test_who_has_no_time_to_wait_takes_no_place(clock: Clock) -> None:
    gate = Gate(clock)
    gate.enter(3.0, clock.now_s)
    for _ in range(3):
        with pytest.raises(Unavailable, match="turn did not come"):
            gate.enter(3.0, clock.now_s + 2)
    assert gate.enter(3.0, clock.now_s + 3) == 3


def test_a_pause_is_kept(clock: Clock) -> None:
    gate = Gate(clock)
    gate.failed(120)
    clock.now_s += 119
    assert not is_open(gate, clock)
    clock.now_s += 1
    assert is_open(gate, clock)


def test_nobody_is_left_alone_for_ever(clock: Clock) -> None:
    gate = Gate(clock)
    gate.failed(10**9)
    clock.now_s += MAX_RETRY_AFTER_S
    assert is_open(gate, clock)


def test_three_failures_in_a_row_shut_it(clock: Clock) -> None:
    gate = Gate(clock)
    for _ in range(MAX_FAILURES - 1):
        gate.failed()
    gate.succeeded()
    for _ in range(MAX_FAILURES - 1):
        gate.failed()
    assert is_open(gate, clock)
    gate.failed()
    assert not is_open(gate, clock)


def test_then_one_caller_tries_for_all(clock: Clock) -> None:
    gate = Gate(clock)
    for _ in range(MAX_FAILURES):
        gate.failed()
    clock.now_s += SHUT_S
    assert [is_open(gate, clock) for _ in range(3)] == [True, False, False]
    gate.failed()
    assert not is_open(gate, clock)
    clock.now_s += SHUT_S
    assert is_open(gate, clock)
    gate.succeeded()
    assert [is_open(gate, clock) for _ in range(3)] == [True] * 3


def test_of_each_service_there_is_one() -> None:
    assert gate_of("http://a") is gate_of("http://a")
    assert gate_of("http://a") is not gate_of("http://b")
