"""SIGTERM stops the server in order: sockets are told, the job waits for the next server, nothing half done is left."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from emotion_ml.tests.patience import slack
from engageai.conftest import face_clip, start_server
from engageai.live import protocol
from engageai.live.tests.cameras import face_jpeg
from engageai.own_server import Server
from engageai.tests.guest import Guest, eventually, get, recordings, stored

STOPS_S = 10.0
GOING_AWAY = (1001, 1012)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return face_clip(tmp_path_factory.mktemp("clips") / "long.mp4", seconds=120.0)


def closing_code(connection: ClientConnection) -> int:
    """Reads until the server closes, as a page does."""
    try:
        while True:
            connection.recv(timeout=20)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


def measuring(live: ClientConnection) -> ClientConnection:
    """A webcam of which a frame has been read."""
    live.recv(timeout=30)
    live.send(protocol.pack_frame(1, 0, 40.0, face_jpeg()))
    live.recv(timeout=30)
    return live


def busy(server: Server, clip: Path, until: ExitStack) -> list[ClientConnection]:
    """A job in its middle, and five open sockets."""
    guest = Guest(server)
    progress = guest.upload(clip).strip("/").split("/")[3]
    paths = ["presence", "presence", "presence", f"recordings/{progress}/progress"]
    opened = [until.enter_context(guest.socket(path)) for path in paths]
    opened.append(measuring(until.enter_context(Guest(server).socket("live/general"))))
    eventually(lambda: recordings(server)[0][2] > 0)
    assert recordings(server)[0][0] == "running"
    return opened


def open_links(server: Server) -> list[str]:
    """What the server holds open, of which files without a name are a part."""
    found = []
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


def listen(opened: list[ClientConnection]) -> Callable[[], list[int]]:
    codes: list[int] = []
    listeners = [threading.Thread(target=lambda each=each: codes.append(closing_code(each))) for each in opened]
    for listener in listeners:
        listener.start()

    def heard() -> list[int]:
        for listener in listeners:
            listener.join(20)
        return codes

    return heard


def test_five_sockets_are_told_and_the_job_waits_for_the_next_server(tmp_path: Path, long_clip: Path) -> None:
    server = start_server(tmp_path, ANALYSIS_FPS="10")
    with ExitStack() as until:
        heard = listen(busy(server, long_clip, until))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0, server.log
        took_s = time.monotonic() - began
        codes = heard()
    assert took_s < STOPS_S * slack()
    assert len(codes) == 5
    assert set(codes) <= set(GOING_AWAY)
    assert recordings(server) == [("queued", 1, 0), ("done", 0, recordings(server)[1][2])]
    assert stored(server) == ["readings.bin", "source"]  # of the webcam, and of the recording that waits

    server = start_server(tmp_path, ANALYSIS_FPS="1")
    eventually(lambda: recordings(server)[0][0] == "done")
    assert server.stop() == 0


def test_a_request_that_does_not_end_does_not_keep_it(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    guest = Guest(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", f"/s/{guest.session}/recordings/")
    for name, value in {**guest.headers, "Content-Type": "multipart/form-data; boundary=edge"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", "4000000")
    connection.endheaders()
    connection.send(
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + bytes(3_500_000)
    )
    eventually(lambda: any("incoming" in link for link in open_links(server)))
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < STOPS_S * slack()
    assert stored(server) == []
    connection.close()


def test_a_second_one_ends_it_at_once(tmp_path: Path, long_clip: Path) -> None:
    server = start_server(tmp_path, ANALYSIS_FPS="10")
    with ExitStack() as until:
        busy(server, long_clip, until)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: "Shutting down" in server.log)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(20)
        took_s = time.monotonic() - began
    assert code == 128 + signal.SIGTERM
    assert took_s < 1.0 * slack()


def test_a_server_without_work_stops_at_once(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    assert get(server, "/healthz")[0].status == 200
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < STOPS_S / 2 * slack()
