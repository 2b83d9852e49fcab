"""Who gets in, how much of the server a page may take, and how it is shown out."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest
from django.conf import settings as django_settings

from analytics import store
from analytics.models import Recording, Status
from emotion_ml.engine import EmotionEngine
from engageai.conftest import Visitor
from engageai.live import consumers, protocol
from engageai.live.hall import hall
from engageai.live.tests.cameras import Camera, face_jpeg, in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:9999", "https://127.0.0.1:8000", "http://localhost.evil.example", "null", ""]
)
async def test_a_page_of_another_origin_opens_no_socket(visitor: Visitor, origin: str) -> None:
    assert await Camera(visitor, origin=origin).refused()


async def test_a_stranger_opens_no_socket(visitor: Visitor, stranger: Visitor) -> None:
    assert await Camera(stranger, session=visitor.session.id).refused() == 4404
    assert await Camera(visitor, session=uuid.uuid4()).refused() == 4404
    assert not await in_thread(Recording.objects.exists)


async def test_a_stranger_cannot_go_on_with_a_measurement(
    visitor: Visitor, stranger: Visitor, engine: EmotionEngine
) -> None:
    mine = await Camera(visitor).ready()
    await mine.round_trip()
    theirs = await Camera(stranger, recording=mine.recording).connect()
    assert (await theirs.closing())[0] == protocol.FORGOTTEN  # as of one that there never was
    assert (await mine.round_trip())["kind"] == "result"
    await mine.stop()


async def test_there_is_no_socket_for_an_environment_that_does_not_exist(visitor: Visitor) -> None:
    assert await Camera(visitor, environment="funeral").refused() == 4404


async def test_an_uploaded_recording_cannot_be_gone_on_with(visitor: Visitor, clip: Any, engine: EmotionEngine) -> None:
    recording = await in_thread(visitor.uploaded, clip)
    camera = await Camera(visitor, recording=str(recording.id)).connect()
    assert (await camera.closing())[0] == protocol.FORGOTTEN


async def test_one_socket_too_many_of_a_session_is_turned_away(
    visitor: Visitor, engine: EmotionEngine, settings: Any
) -> None:
    settings.LIVE_SOCKETS_PER_SESSION = 2
    cameras = [await Camera(visitor).ready() for _ in range(2)]
    code, reason = await (await Camera(visitor).connect()).closing()
    assert code == protocol.BUSY
    assert "session" in reason
    for camera in cameras:
        await camera.leave()
    await (await Camera(visitor).ready()).stop()


async def test_one_socket_too_many_of_all_is_turned_away(
    visitor: Visitor, stranger: Visitor, engine: EmotionEngine, settings: Any
) -> None:
    settings.LIVE_SOCKETS = 1
    camera = await Camera(visitor).ready()
    assert (await (await Camera(stranger).connect()).closing())[0] == protocol.BUSY
    await camera.leave()


async def test_silence_closes_the_socket_and_keeps_what_was_measured(
    visitor: Visitor, engine: EmotionEngine, settings: Any
) -> None:
    settings.LIVE_IDLE_S = 1.0
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    code, reason = await camera.closing()
    assert code == protocol.ENDED
    assert "nothing came" in reason
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def test_who_does_not_take_results_is_closed(visitor: Visitor, engine: EmotionEngine, settings: Any) -> None:
    settings.LIVE_SLOW_S = 0.2
    camera = await Camera(visitor).ready()
    for _ in range(6):
        await camera.send()
        await asyncio.sleep(0.1)
    results = 0
    while (output := await camera.communicator.receive_output(timeout=20))["type"] == "websocket.send":
        results += 1
    assert (results, output["code"]) == (1, protocol.SLOW_READER)
    await camera.leave()


async def test_a_client_that_takes_nothing_at_all_is_cut_off(
    visitor: Visitor, engine: EmotionEngine, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It claims to have taken every result, until the pipe to it is full: then nothing goes out any more."""
    settings.LIVE_SLOW_S = 0.2
    monkeypatch.setattr(consumers, "CUT_OFF_S", 0.2)
    camera = Camera(visitor)
    served = camera.communicator.application

    async def clogged(scope: Any, receive: Any, send: Any) -> None:
        results = 0

        async def into_the_pipe(message: Any) -> None:
            nonlocal results
            results += '"kind":"result"' in (message.get("text") or "")
            if results > 2:
                await asyncio.Event().wait()
            await send(message)

        await served(scope, receive, into_the_pipe)

    camera.communicator.application = clogged
    await camera.ready()
    for _ in range(3):
        await camera.send()
        camera.acknowledged += 1
        await asyncio.sleep(0.1)
    await camera.communicator.wait(timeout=20)
    assert camera.communicator.future.cancelled()
    assert len(hall()) == 0
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def test_it_ends_at_the_longest_that_may_be_measured(
    visitor: Visitor, engine: EmotionEngine, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_MINUTES = 0
    monkeypatch.setattr(consumers, "SAVE_EVERY_S", 0.1)
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    assert await camera.closing() == (protocol.OVER, "0 minutes are the most that is measured")
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def test_it_ends_when_it_is_cancelled_from_another_page(
    visitor: Visitor, engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SAVE_EVERY_S", 0.1)
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    await in_thread(store.request_cancel, await in_thread(Recording.objects.get))
    assert (await camera.closing())[0] == protocol.OVER
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def test_frames_come_no_faster_than_the_limit(visitor: Visitor, engine: EmotionEngine, settings: Any) -> None:
    settings.LIVE_MAX_FPS = 10
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    started = time.monotonic()
    for _ in range(4):
        await camera.round_trip()
    assert time.monotonic() - started >= 0.29  # three pauses: the first may have passed before it was asked for
    await camera.stop()


@pytest.mark.parametrize(
    ("message", "reason"),
    [(b"", "shorter"), (b"\x00" * 100, "version"), (b"\x01" + b"\x00" * 60, "no sense")],
)
async def test_what_is_no_frame_closes_the_socket_with_a_reason(
    visitor: Visitor, engine: EmotionEngine, message: bytes, reason: str
) -> None:
    camera = await Camera(visitor).ready()
    await camera.send_raw(message)
    code, said = await camera.closing()
    assert code == protocol.MALFORMED
    assert reason in said


async def test_a_picture_that_cannot_be_decoded_closes_the_socket(visitor: Visitor, engine: EmotionEngine) -> None:
    good = face_jpeg()
    scan = good.index(b"\xff\xda")
    camera = await Camera(visitor).ready()
    await camera.send(good[: scan + 14] + b"\xff\xd9")
    output = await camera.communicator.receive_output(timeout=20)
    assert output["type"] in ("websocket.send", "websocket.close")  # a picture without pixels, or no picture
    await camera.leave()


async def test_other_texts_than_stop_close_the_socket(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    await camera.communicator.send_to(text_data='{"stop": true}')
    assert (await camera.closing())[0] == protocol.MALFORMED


async def test_two_cameras_are_served_in_turn(
    visitor: Visitor, stranger: Visitor, engine: EmotionEngine, settings: Any
) -> None:
    settings.LIVE_THREADS = 1
    settings.LIVE_MAX_FPS = 1000
    cameras = [await Camera(each).ready() for each in (visitor, stranger)]
    counts = [0, 0]

    async def run(index: int) -> None:
        while sum(counts) < 100:
            await cameras[index].round_trip()
            counts[index] += 1

    await asyncio.gather(run(0), run(1))
    assert min(counts) > 0.7 * max(counts)
    for camera in cameras:
        await camera.stop()


async def test_the_socket_needs_a_session_cookie(visitor: Visitor) -> None:
    camera = Camera(visitor)
    camera.communicator.scope["headers"] = [(b"origin", django_settings.ORIGINS[0].encode())]
    assert await camera.refused() == 4404
    assert len(hall()) == 0
