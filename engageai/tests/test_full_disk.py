"""A disk that is full is an answer with a sentence: nothing half-made stays, and the next small upload works.

Once on a real file system of 64 MiB, where this machine may mount one, and once with the fault put at each write.
"""

from __future__ import annotations

import errno
import http.client
import json
import re
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import OperationalError, connection

from analytics import films, folders, store
from analytics.models import AnalysisSession, Film, Recording, Status, Transcript
from emotion_ml.engine import EmotionEngine
from engageai.conftest import Server, Visitor, start_server
from engageai.content import jobs as speech
from engageai.content import shape
from engageai.content.transcribe import Outcome
from engageai.film import jobs as film
from engageai.tests.guest import wait_until_nothing_comes_in
from engageai.tests.test_server import answer, dial, get, pour, visit
from engageai.upload import jobs

MIB = 1024 * 1024
DISK_MIB = 64


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "engageai-test", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here, to make a small file system with")
    if done.returncode:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def cramped(disk: Path) -> Iterator[Server]:
    """A server whose data folder lies on the small disk."""
    server = start_server(disk, MAX_UPLOAD_MIB="200")
    yield server
    server.process.terminate()
    server.process.wait(20)


def stored(server: Server) -> tuple[int, int]:
    """How many recordings have a row, and how many a file; those that analyses write beside it do not count."""
    with closing(sqlite3.connect(f"file:{server.data_dir / 'db.sqlite3'}?mode=ro", uri=True)) as database:
        (rows,) = database.execute("SELECT count(*) FROM analytics_recording").fetchone()
    return rows, len(list((server.data_dir / "sessions").rglob("source")))


@pytest.fixture
def unchanged(cramped: Server) -> Iterator[None]:
    """What a test does on the small disk leaves no row and no file behind."""
    before = stored(cramped)
    yield
    wait_until_nothing_comes_in(cramped)
    assert stored(cramped) == before


@contextmanager
def filled(server: Server, leave_bytes: int = 0) -> Iterator[None]:
    """The rest of the disk taken by somebody else, but for so much."""
    filler = server.data_dir / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (MIB, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
            file.truncate(file.tell() - leave_bytes)
        yield
    finally:
        filler.unlink(missing_ok=True)


def form(content: bytes) -> bytes:
    return (
        b'--edge\r\nContent-Disposition: form-data; name="environment"\r\n\r\nseminar\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="talk.mp4"\r\n\r\n'
        + content
        + b"\r\n--edge--\r\n"
    )


def post(server: Server, body: bytes) -> tuple[int, dict[str, Any]]:
    action, headers = visit(server)
    headers |= {"Content-Type": "multipart/form-data; boundary=edge", "Origin": server.origin}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", action, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def assert_says_full(status: int, body: dict[str, Any]) -> None:
    assert (status, body["error"]["code"]) == (507, "disk-full")
    assert re.fullmatch(r"[A-Z].{20,}\.", body["error"]["message"])


def begin(server: Server, *framing: str) -> socket.socket:
    """An upload of which the head is sent."""
    action, headers = visit(server)
    headers |= {"Content-Type": "multipart/form-data; boundary=edge", "Origin": server.origin}
    lines = [f"POST {action} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *framing]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection = dial(server)
    connection.settimeout(60)
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return connection


def assert_was_told(received: bytes) -> None:
    assert received.startswith(b"HTTP/1.1 507 "), received[:300]
    assert_says_full(507, json.loads(received.partition(b"\r\n\r\n")[2]))


@pytest.mark.parametrize("mib", [40, 80])
def test_an_announced_upload_that_does_not_fit_twice_is_refused_unread(
    mib: int, cramped: Server, unchanged: None
) -> None:
    with begin(cramped, f"Content-Length: {mib * MIB}") as connection:
        assert_was_told(answer(connection))


def test_an_upload_that_fills_the_disk_while_it_comes_in_is_answered(cramped: Server, unchanged: None) -> None:
    with begin(cramped, "Transfer-Encoding: chunked") as connection:
        pour(connection, [b"%x\r\n%s\r\n" % (MIB, bytes(MIB))] * (DISK_MIB + 20))
        assert_was_told(answer(connection))


def test_an_upload_whose_copy_no_longer_fits_is_answered(cramped: Server, unchanged: None) -> None:
    """There was room for it when it was let in; then somebody else filled the disk."""
    body = form(bytes(16 * MIB))
    with begin(cramped, f"Content-Length: {len(body)}") as connection:
        connection.sendall(body[:-MIB])
        time.sleep(0.1)
        with filled(cramped, leave_bytes=6 * MIB):
            connection.sendall(body[-MIB:])
            received = connection.recv(65536)
    assert received.startswith(b"HTTP/1.1 507 "), received[:300]


def test_a_disk_without_one_free_byte_is_answered_and_recovered_from(cramped: Server, clip: Path) -> None:
    with filled(cramped):
        statuses = {get(cramped, path, Accept="application/json")[0].status for path in ("/", "/live/") * 20}
        assert statuses <= {200, 507}
        assert 507 in statuses  # SQLite has a little room of its own at first
        assert get(cramped, "/healthz")[0].status == 200
    assert get(cramped, "/")[0].status == 200
    status, body = post(cramped, form(clip.read_bytes()))
    assert status == 201, body


# Each write, one by one.


@pytest.fixture
def kept(files: Callable[[], list[str]]) -> Callable[[], tuple[list[str], int]]:
    return lambda: (files(), Recording.objects.count())


def test_the_temporary_file_of_an_upload(
    visitor: Visitor, clip: Path, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fault:
        fault.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
        assert_says_full(*told(visitor, clip))
    assert kept() == ([], 0)
    assert visitor.upload(clip).status_code == 201


@pytest.mark.parametrize("step", ["replace", "mkdir"])
def test_taking_it_over(step: str, visitor: Visitor, clip: Path, kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as fault:
        fault.setattr(Path, step, full)
        assert_says_full(*told(visitor, clip))
    assert kept() == ([], 0)
    assert visitor.upload(clip).status_code == 201


def told(visitor: Visitor, clip: Path) -> tuple[int, dict[str, Any]]:
    visitor.client.raise_request_exception = False
    answer = visitor.upload(clip)
    return answer.status_code, answer.json()


def fill(session: AnalysisSession) -> None:
    """Rows until none fits any more, wherever its key would put it."""
    refusals = 0
    while refusals < 50:
        try:
            Recording.objects.create(session=session)
        except OperationalError as error:
            assert "full" in str(error)  # noqa: PT017
            refusals += 1


@pytest.mark.django_db(transaction=True)
def test_the_row(visitor: Visitor, clip: Path, files: Callable[[], list[str]]) -> None:
    """SQLite's own limit of pages is the same fault to it as a full disk."""
    other = store.open_session("somebody's secret")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        try:
            fill(other)
            rows = Recording.objects.count()
            assert_says_full(*told(visitor, clip))
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert (Recording.objects.count(), files()) == (rows, [])
    assert visitor.upload(clip).status_code == 201


def test_the_readings(
    visitor: Visitor, clip: Path, engine: EmotionEngine, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = visitor.uploaded(clip)
    with monkeypatch.context() as fault:
        fault.setattr(folders, "write_at", full)
        jobs.analyse.call(str(recording.id))
    recording.refresh_from_db()
    assert recording.status == Status.FAILED
    assert recording.message == jobs.NO_ROOM
    assert kept()[0] == []
    assert_the_next_job_passes(visitor, clip)


def test_the_version_that_browsers_play(visitor: Visitor, unplayable_clip: Path, engine: EmotionEngine) -> None:
    recording = visitor.uploaded(unplayable_clip)
    (store.recording_folder(recording) / "playback.part1.mp4.part").symlink_to("/dev/full")
    jobs.analyse.call(str(recording.id))
    recording.refresh_from_db()
    assert recording.status == Status.DONE
    assert recording.message == jobs.UNPLAYABLE_FULL
    names = {path.name for path in store.recording_folder(recording).iterdir()}
    assert not [name for name in names if "part" in name or "playback" in name]


def test_the_film(visitor: Visitor, clip: Path, engine: EmotionEngine) -> None:
    recording = visitor.uploaded(clip)
    jobs.analyse.call(str(recording.id))
    films.path(recording).with_suffix(".mp4.part").symlink_to("/dev/full")
    for message, status in ((film.FULL, "failed"), ("", "done")):  # the link is gone with what was half made
        assert films.ask(recording, "seminar")
        film.draw.call(str(recording.id))
        made = Film.objects.get(recording=recording)
        assert (made.message, made.status) == (message, status)
        fragment = visitor.client.get(visitor.url("film-state", recording)).content.decode()
        assert (film.FULL in fragment) is (status == "failed")


def assert_the_next_job_passes(visitor: Visitor, clip: Path) -> None:
    recording = visitor.uploaded(clip)
    jobs.analyse.call(str(recording.id))
    recording.refresh_from_db()
    assert recording.status == Status.DONE


def test_the_transcript(
    visitor: Visitor, clip: Path, engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch, files: Callable[[], list[str]]
) -> None:
    recording = visitor.uploaded(clip)
    jobs.analyse.call(str(recording.id))
    silence = shape.build([], language="en", duration_s=2.0, model="fake", sha256="0" * 64)
    monkeypatch.setattr(speech, "transcribe", lambda *_: Outcome(silence, "embedded"))
    with monkeypatch.context() as fault:
        fault.setattr(folders, "write_at", full)
        speech.write_down.call(str(recording.id))
    row = Transcript.objects.get(recording=recording)
    assert (row.status, row.note) == ("failed", speech.NO_ROOM)
    recording.refresh_from_db()
    assert recording.status == Status.DONE
    assert not [name for name in files() if "transcript" in name]
