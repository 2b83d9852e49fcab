"""A large upload costs the server no memory, and one without end is cut: over the wire, with bodies made as they go."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emotion_ml.tests.patience import slack
from engageai.conftest import Server, start_server
from engageai.tests.guest import wait_until_nothing_comes_in
from engageai.tests.test_server import answer, dial, get, head, visit

MIB = 1024 * 1024
LIMIT_MIB = 600
FLAT_MIB = 20
SAMPLE_S = 0.03
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads a process's memory in /proc")


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("roomy"), MAX_UPLOAD_MIB=str(LIMIT_MIB))
    upload(server, 1)  # what the first upload imports is no growth
    yield server
    server.process.terminate()
    server.process.wait(20)


@dataclass
class Memory:
    """Of a process, sampled while something is done to it."""

    pid: int
    samples_mib: list[float] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def sample(self) -> None:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        self.samples_mib.append(pages * PAGE_BYTES / MIB)

    def keep_sampling(self) -> None:
        while not self.done.wait(SAMPLE_S):
            self.sample()

    @property
    def growth_mib(self) -> float:
        return max(self.samples_mib) - self.samples_mib[0]


@contextmanager
def watched(server: Server) -> Iterator[Memory]:
    memory = Memory(server.process.pid)
    memory.sample()
    sampler = threading.Thread(target=memory.keep_sampling)
    sampler.start()
    try:
        yield memory
    finally:
        memory.done.set()
        sampler.join()


def upload(server: Server, mib: int) -> tuple[int, dict[str, str]]:
    """A form with a file of so many MiB of nothing; the status and the error."""
    action, headers = visit(server)
    start = (
        b'--edge\r\nContent-Disposition: form-data; name="environment"\r\n\r\nseminar\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="talk.mp4"\r\n\r\n'
    )
    end = b"\r\n--edge--\r\n"
    headers |= {"Content-Type": "multipart/form-data; boundary=edge", "Origin": server.origin}
    headers["Content-Length"] = str(len(start) + mib * MIB + len(end))
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.putrequest("POST", action)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(start)
        piece = bytes(MIB)
        for _ in range(mib):
            connection.send(piece)
        connection.send(end)
        response = connection.getresponse()
        return response.status, json.loads(response.read())["error"]


@pytest.mark.parametrize("mib", [64, pytest.param(500, marks=pytest.mark.slow)])
def test_the_memory_stays_flat_while_a_large_file_comes_in(mib: int, roomy: Server) -> None:
    with watched(roomy) as memory:
        status, error = upload(roomy, mib)
    assert (status, set(error)) == (422, {"code", "message"})  # nothing is no video
    assert memory.growth_mib <= FLAT_MIB
    wait_until_nothing_comes_in(roomy)
    print(f"{mib} MiB: {memory.growth_mib:.1f} MiB of growth in {len(memory.samples_mib)} samples")


def test_a_file_that_says_how_large_it_is_is_refused_before_it_is_sent(roomy: Server) -> None:
    with watched(roomy) as memory, dial(roomy) as connection:
        connection.sendall(head(f"Content-Length: {LIMIT_MIB * MIB + 1}"))
        began = time.monotonic()
        assert answer(connection).startswith(b"HTTP/1.1 413 ")
        assert time.monotonic() - began < 5 * slack()
    assert memory.growth_mib <= 2


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Content-Length: 100"])
def test_what_has_no_end_or_lies_about_it_is_cut(framing: str, server: Server) -> None:
    """`server` takes 4 MiB. What the system's own buffers hold was sent, and is never read: they are kept small."""
    piece = bytes(64 * 1024)
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if "chunked" in framing else piece
    with dial(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        connection.sendall(head(framing))
        received: list[bytes] = []
        listener = threading.Thread(target=lambda: received.append(answer(connection)))
        listener.start()
        sent = 0
        try:
            while sent < 64 * MIB:
                connection.sendall(framed)
                sent += len(piece)
        except OSError:
            pass
        listener.join(20)
    assert sent <= (4 + 5) * MIB
    assert not received[0].startswith(b"HTTP/1.1 5")
    assert received[0].startswith(b"HTTP/1.1 4")
    assert get(server, "/healthz")[0].status == 200
    print(f"{framing}: {sent / MIB:.1f} MiB were taken")


def test_a_body_that_ends_before_its_length_is_no_crash(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(head("Content-Length: 3000000") + bytes(1000))
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 5" not in answer(connection)
    assert get(server, "/healthz")[0].status == 200
    wait_until_nothing_comes_in(server)
