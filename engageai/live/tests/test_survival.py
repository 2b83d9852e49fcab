"""Whatever is sent, the socket answers or closes, nothing breaks, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emotion_ml.engine import EmotionEngine
from engageai.conftest import Visitor
from engageai.live import protocol
from engageai.live.tests.cameras import Camera, face_jpeg, in_thread
from engageai.live.tests.test_protocol import resized

pytestmark = pytest.mark.django_db(transaction=True)

FACE = face_jpeg()
CYCLES = 200
FEW = hypothesis_settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

Message = dict[str, Any]


def binary(data: bytes) -> Message:
    return {"type": "websocket.receive", "bytes": data}


def text(words: str) -> Message:
    return {"type": "websocket.receive", "text": words}


def damaged(changes: list[tuple[int, int]]) -> bytes:
    picture = bytearray(FACE)
    for at, value in changes:
        picture[at] = value
    return bytes(picture)


pictures = st.one_of(
    st.just(FACE),
    st.integers(0, len(FACE)).map(lambda cut: FACE[:cut]),
    st.integers(20, len(FACE)).map(lambda cut: FACE[:cut] + b"\xff\xd9"),
    st.tuples(st.integers(0, 65_535), st.integers(0, 65_535)).map(lambda size: resized(FACE, *size)),
    st.tuples(st.integers(1, 640), st.integers(1, 640)).map(lambda size: resized(FACE, *size)),
    st.lists(st.tuples(st.integers(0, len(FACE) - 1), st.integers(0, 255)), max_size=5).map(damaged),
    st.binary(max_size=50),
)
headers = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.floats())
messages = st.one_of(
    st.text(max_size=20).map(text),
    st.just(text(protocol.STOP)),
    st.binary(max_size=60).map(binary),
    st.tuples(headers, pictures).map(lambda both: binary(protocol.pack_frame(*both[0], both[1]))),
    st.tuples(st.integers(1, 9), pictures).map(lambda both: binary(protocol.pack_frame(both[0], 9, 1.0, both[1]))),
)


class Faults(logging.Handler):
    """Whatever the server complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@FEW
@given(st.lists(messages, min_size=1, max_size=6))
async def test_any_messages_are_survived(visitor: Visitor, engine: EmotionEngine, sent: list[Message]) -> None:
    faults = Faults()
    logging.getLogger("engageai").addHandler(faults)
    try:
        outputs = await said(visitor, sent)
    finally:
        logging.getLogger("engageai").removeHandler(faults)
    codes = [output["code"] for output in outputs if output["type"] == "websocket.close"]
    assert not faults.records
    assert protocol.BROKEN not in codes
    assert len(codes) <= 1


async def said(visitor: Visitor, sent: list[Message]) -> list[Message]:
    """Everything that the server says to these messages, of which it reads the next when it has read the last."""
    camera = await Camera(visitor).connect()
    communicator: WebsocketCommunicator = camera.communicator
    for message in sent:
        await communicator.send_input(message)
    while not communicator.input_queue.empty():
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)
    outputs = []
    while not communicator.output_queue.empty():
        outputs.append(communicator.output_queue.get_nowait())
    await camera.leave()  # raises what the consumer raised
    while not communicator.output_queue.empty():
        outputs.append(communicator.output_queue.get_nowait())
    return outputs


def held() -> tuple[int, int, int]:
    """Open files and threads of this process, and tasks of this loop."""
    gc.collect()
    return (
        len(list(Path("/proc/self/fd").iterdir())),
        len(list(Path("/proc/self/task").iterdir())),
        len(asyncio.all_tasks()),
    )


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
async def test_connecting_and_leaving_leaves_nothing_behind(visitor: Visitor, engine: EmotionEngine) -> None:
    for _ in range(5):  # two at a time, so that every thread of the pool has begun
        await asyncio.gather(cycle(visitor), cycle(visitor))
    files, threads, tasks = held()
    for _ in range(CYCLES):
        await cycle(visitor)
    files_after, threads_after, tasks_after = held()
    assert abs(files_after - files) <= 2
    assert (threads_after, tasks_after) == (threads, tasks)


async def cycle(visitor: Visitor) -> None:
    """A page that has one frame read, or none, and leaves without a word."""
    camera = await Camera(visitor).ready()
    await camera.send()
    await camera.leave()


async def test_a_visitor_who_leaves_while_the_networks_load_is_forgotten(
    visitor: Visitor, engine: EmotionEngine, files: Any
) -> None:
    camera = await Camera(visitor).connect()
    await camera.leave()
    assert files() == []
    assert not await in_thread(visitor.session.recordings.exists)
