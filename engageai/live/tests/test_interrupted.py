"""What befalls a measurement between its page and its row: the machine sleeps, the disk fills, the page comes back."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from analytics import folders, store
from analytics.models import Recording, Status
from emotion_ml.engine import EmotionEngine
from engageai.conftest import Visitor
from engageai.live import consumers, protocol
from engageai.live.tests.cameras import Camera, in_thread
from engageai.upload import jobs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "SAVE_EVERY_S", 0.05)


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def locked(*_: Any, **__: Any) -> Any:
    raise OperationalError("database is locked")


def asleep() -> None:
    """As its row looks when the machine wakes after an hour, and the first who looks at it."""
    Recording.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    jobs.reap()


async def saved(recording_id: Any, readings: int) -> Recording:
    """Once so many readings count."""
    for _ in range(400):
        recording: Recording = await in_thread(Recording.objects.get, id=recording_id)
        if len((await in_thread(store.load_readings, recording)).times) >= readings:
            return recording
        await asyncio.sleep(0.02)
    raise AssertionError("it was not saved")


async def test_a_camera_of_which_nothing_comes_gives_signs_of_life(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    long_ago = timezone.now() - timedelta(hours=1)
    await in_thread(Recording.objects.update, heartbeat_at=long_ago)
    for _ in range(200):
        if (await in_thread(Recording.objects.get)).heartbeat_at > long_ago:
            break
        await asyncio.sleep(0.02)
    await in_thread(jobs.reap)
    assert (await camera.round_trip())["kind"] == "result"
    await camera.stop()


async def test_one_that_was_taken_back_while_the_machine_slept_goes_on(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    await saved(camera.recording, 1)
    await in_thread(asleep)
    code, reason = await camera.closing()
    assert (code, "can be gone on with" in reason) == (protocol.BROKEN, True)
    assert (await in_thread(Recording.objects.get)).status == Status.DONE
    again = await Camera(visitor, recording=camera.recording).ready()
    await again.round_trip()
    assert (await again.stop())["url"]
    await saved(camera.recording, 2)


async def test_taken_back_in_its_last_moment_it_is_shown(
    visitor: Visitor, engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SAVE_EVERY_S", 60.0)
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    recording = await in_thread(Recording.objects.get)
    await in_thread(store.finish, recording.id)
    assert (await camera.stop())["url"]


async def test_what_a_full_disk_did_not_take_at_first_is_kept_at_the_end(
    visitor: Visitor, engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = folders.write_at
    refused: list[Any] = []

    def first_full(*args: Any) -> None:
        if not refused:
            refused.append(args)
            full()
        real(*args)

    monkeypatch.setattr(folders, "write_at", first_full)
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    assert (await camera.closing())[0] == protocol.BROKEN
    recording = await saved(camera.recording, 1)
    assert recording.status == Status.DONE


@pytest.mark.parametrize("finish", [store.finish, locked])
async def test_a_disk_that_stays_full_ends_it_and_it_can_be_gone_on_with(
    visitor: Visitor, engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch, finish: Callable[..., None]
) -> None:
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    await saved(camera.recording, 1)
    with monkeypatch.context() as fault:
        fault.setattr(folders, "write_at", full)
        fault.setattr(store, "finish", finish)
        await camera.round_trip()
        assert (await camera.closing())[0] == protocol.BROKEN
    status = (await in_thread(Recording.objects.get)).status
    assert status == (Status.RUNNING if finish is locked else Status.DONE)
    again = await Camera(visitor, recording=camera.recording).ready()
    await again.round_trip()
    assert (await again.stop())["url"]
    assert (await saved(camera.recording, 2)).status == Status.DONE


async def test_of_two_that_come_back_at_once_one_measures(visitor: Visitor, engine: EmotionEngine) -> None:
    first = await Camera(visitor).ready()
    await first.round_trip()
    await first.leave()
    both = [Camera(visitor, recording=first.recording) for _ in range(2)]
    await asyncio.gather(*(each.connect() for each in both))
    codes = [await fate(each) for each in both]
    assert sorted(codes) == [0, protocol.SUPERSEDED]
    await both[codes.index(0)].stop()
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def fate(camera: Camera) -> int:
    """The code of its end; 0 of the one that goes on."""
    while not await camera.communicator.receive_nothing(1.0):
        output = await camera.communicator.receive_output()
        if output["type"] == "websocket.close":
            await camera.leave()
            return int(output["code"])
    return 0


async def test_one_of_which_nothing_was_kept_is_not_said_to_be_wiped(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    await in_thread(store.discard, await in_thread(Recording.objects.get))
    assert (await camera.closing())[0] == protocol.FORGOTTEN
    again = await Camera(visitor, recording=camera.recording).connect()
    assert (await again.closing())[0] == protocol.FORGOTTEN
