"""Newest first, and each in turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from engageai.live.latest import Closed, Latest, Pace, Turns


async def test_only_the_newest_is_kept_and_the_others_are_counted() -> None:
    latest: Latest[int] = Latest()
    for item in range(5):
        latest.put(item)
    assert await latest.wait() == 4
    latest.put(5)
    assert latest.take() == 5
    assert latest.dropped == 5


async def test_what_lies_there_already_is_not_news() -> None:
    latest: Latest[int] = Latest()
    latest.put(1)
    assert await latest.wait() == 1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await latest.wait()
    assert latest.take() == 1


async def test_waiting_ends_when_nothing_more_will_come() -> None:
    latest: Latest[int] = Latest()
    waiting = asyncio.create_task(latest.wait())
    await asyncio.sleep(0)
    latest.close()
    with pytest.raises(Closed):
        await waiting
    with pytest.raises(Closed):
        latest.take()


async def served(turns: Turns, name: str, at: float, order: list[str]) -> None:
    async with turns.turn(at):
        order.append(name)
        await asyncio.sleep(0.001)


async def test_whoever_was_served_longest_ago_is_next() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.turn(0.0):
        waiting = [asyncio.create_task(served(turns, name, at, order)) for name, at in (("c", 3), ("a", 1), ("b", 2))]
        await asyncio.sleep(0.01)
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c"]


async def test_as_many_are_served_at_a_time_as_there_are_seats() -> None:
    turns, inside, most = Turns(2), 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with turns.turn(0.0):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(10)))
    assert most == 2


async def test_whoever_leaves_the_queue_costs_no_seat() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.turn(0.0):
        quitter = asyncio.create_task(served(turns, "quitter", 0, order))
        patient = asyncio.create_task(served(turns, "patient", 1, order))
        await asyncio.sleep(0.01)
        quitter.cancel()
        with suppress(asyncio.CancelledError):
            await quitter
    await patient
    await served(turns, "late", 2, order)
    assert order == ["patient", "late"]


async def test_whoever_goes_as_he_is_called_passes_the_seat_on() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.turn(0.0):
        quitter = asyncio.create_task(served(turns, "quitter", 0, order))
        patient = asyncio.create_task(served(turns, "patient", 1, order))
        await asyncio.sleep(0.01)
    quitter.cancel()  # the seat is his already, and he does not know it yet
    await asyncio.gather(quitter, patient, return_exceptions=True)
    assert order == ["patient"]


def test_a_pace_is_kept_in_the_long_run() -> None:
    pace, now_s = Pace(30), 100.0
    for _ in range(30):
        now_s += pace.delay_s(now_s)
    assert now_s == pytest.approx(100 + 29 / 30)


def test_a_pause_earns_no_more_than_the_burst() -> None:
    pace = Pace(10, burst=3)
    assert [round(pace.delay_s(50.0), 3) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]
    assert pace.delay_s(60.0) == 0
