"""The socket of the real server, over TCP: what the server itself refuses, who does not read, who comes and goes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from engageai.conftest import Server, start_server
from engageai.live import load, protocol
from engageai.live.process import taken_by
from engageai.live.tests.cameras import face_jpeg

SLOW_S = 2
CYCLES = 100
FILES, THREADS = 6, 2
"""Whether two threads of the pools run just now, each with a connection to the database, its log and its index, is
chance. What a visit leaves behind would be there a hundred times."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("wire")
    server = start_server(folder, LIVE_SLOW_S=str(SLOW_S), LIVE_IDLE_S="20", SOCKETS_PER_HOUR="100000")
    asyncio.run(load.connects(load.visit(server.origin), face_jpeg(), 5))  # the networks are loaded, the threads begun
    yield server
    server.process.terminate()
    server.process.wait(20)


async def closing(socket: ClientConnection) -> int | None:
    """The code that the server closes with, after whatever it still sends."""
    try:
        async with asyncio.timeout(20):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize(
    ("size", "code"), [(protocol.MAX_BYTES + 1, 1009), (protocol.MAX_BYTES, protocol.MALFORMED), (1024**2 * 20, 1009)]
)
async def test_a_message_larger_than_the_largest_closes_the_socket(size: int, code: int, served: Server) -> None:
    visit = await asyncio.to_thread(load.visit, served.origin)
    async with load.opened(visit) as socket:
        await load._kind(socket, "ready")
        with suppress(ConnectionClosed):  # it does not wait for the end of it
            await socket.send(bytes(size))
        assert await closing(socket) == code


async def test_who_never_reads_is_owed_one_result_and_shut_out(served: Server) -> None:
    """It sends frames and takes nothing off the wire, which the buffers of the system would hide for minutes."""
    visit = await asyncio.to_thread(load.visit, served.origin)
    before_mib = taken_by(served.process.pid).rss_mib
    async with load.opened(visit) as socket:
        await load._kind(socket, "ready")
        socket.transport.pause_reading()
        end = time.monotonic() + SLOW_S + 1
        frame_id = 0
        while time.monotonic() < end or frame_id <= 20:
            frame_id += 1
            await socket.send(protocol.pack_frame(frame_id, 0, 1000 * time.monotonic(), face_jpeg()))
            await asyncio.sleep(0.05)
        socket.transport.resume_reading()
        assert await all_of(socket) == (1, protocol.SLOW_READER)
    assert taken_by(served.process.pid).rss_mib - before_mib < 20


async def all_of(socket: ClientConnection) -> tuple[int, int | None]:
    results = 0
    try:
        async with asyncio.timeout(10):
            while True:
                results += json.loads(await socket.recv())["kind"] == "result"
    except ConnectionClosed as closed:
        return results, closed.rcvd.code if closed.rcvd else None


def test_who_comes_and_goes_leaves_nothing_behind(served: Server) -> None:
    """`bench_live --connects 1000` does the same for longer."""
    visit = load.visit(served.origin)
    before = taken_by(served.process.pid)
    asyncio.run(load.connects(visit, face_jpeg(), CYCLES))
    after, end = taken_by(served.process.pid), time.monotonic() + 20
    most_files, most_threads = before.files + FILES, before.threads + THREADS
    while (after.files > most_files or after.threads > most_threads) and time.monotonic() < end:
        time.sleep(0.05)
        after = taken_by(served.process.pid)
    assert after.files <= most_files
    assert after.threads <= most_threads
    assert after.rss_mib - before.rss_mib <= 20
