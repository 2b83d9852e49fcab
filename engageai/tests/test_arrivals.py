"""An upload whose sender goes while it is looked at leaves no file and no recording, and has been metered."""

from __future__ import annotations

import asyncio
import gc
import http.client
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.urls import reverse

from analytics import store
from analytics.models import Recording
from emotion_ml import video
from engageai import arrivals, asgi, meters
from engageai.conftest import Server, Visitor
from engageai.limits import Message
from engageai.presence import reaper
from engageai.tests.guest import Guest, rows
from engageai.tests.guest import eventually as heard
from engageai.tests.test_endings import Request
from engageai.tests.test_full_disk import form

pytestmark = pytest.mark.django_db(transaction=True)


class Look:
    """At a recording: it takes until it is told to go on."""

    def __init__(self) -> None:
        self.real = video.probe
        self.has_begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, path: Path, **limits: Any) -> Any:
        found = self.real(path, **limits)
        self.has_begun.set()
        assert self.go_on.wait(20)
        return found


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    made = Look()
    monkeypatch.setattr(video, "probe", made)
    yield made
    made.go_on.set()


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What meters gave back."""
    given: list[str] = []
    monkeypatch.setattr(meters, "give_back", lambda what, caller: given.append(what))
    return given


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """An idle server may not run it for minutes."""
    gc.disable()
    yield
    gc.enable()


def upload(visitor: Visitor, body: bytes) -> Request:
    path = reverse("upload-new", args=[visitor.session.id])
    token = visitor.client.cookies[settings.CSRF_COOKIE_NAME].value.encode()
    headers = [(b"content-type", b"multipart/form-data; boundary=edge"), (b"x-csrftoken", token)]
    headers.append((b"content-length", str(len(body)).encode()))
    return Request(visitor, "POST", path, body, *headers, app=meters.Metered(asgi.served))


@asynccontextmanager
async def looked_at(visitor: Visitor, clip: Path, look: Look) -> AsyncIterator[Request]:
    """An upload of which all has come; it has ended when this has."""
    request = upload(visitor, form(clip.read_bytes()))
    request.messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    assert await asyncio.to_thread(look.has_begun.wait, 20)
    yield request
    look.go_on.set()
    await asyncio.wait_for(request.task, 20)


async def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


GONE: Message = {"type": "http.disconnect"}


async def test_who_goes_while_it_is_checked_leaves_nothing(
    visitor: Visitor, clip: Path, look: Look, files: Callable[[], list[str]], returned: list[str]
) -> None:
    async with looked_at(visitor, clip, look) as request:
        assert [Path(name).parent.name for name in files()] == ["incoming"]
        request.messages.put_nowait(GONE)
        await eventually(lambda: files() == [])  # while the thread of its view goes on
    assert request.sent == []
    assert not await sync_to_async(Recording.objects.exists)()
    assert files() == []
    assert arrivals.files() == set()
    assert returned == []  # it had its look


async def test_who_goes_while_it_is_taken_leaves_nothing(
    visitor: Visitor, clip: Path, look: Look, files: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has a name of its own by then, and a row."""
    real, loop = store.add_recording, asyncio.get_running_loop()

    def taken(*args: Any, **fields: Any) -> Recording:
        recording = real(*args, **fields)
        loop.call_soon_threadsafe(request.messages.put_nowait, GONE)
        look.has_begun.clear()
        look.has_begun.wait(0.5)
        return recording

    monkeypatch.setattr(store, "add_recording", taken)
    async with looked_at(visitor, clip, look) as request:
        pass
    assert not await sync_to_async(Recording.objects.exists)()
    assert files() == []


async def test_a_wipe_while_it_is_checked_takes_its_file_too(
    visitor: Visitor, clip: Path, look: Look, files: Callable[[], list[str]]
) -> None:
    async with looked_at(visitor, clip, look) as request:
        await sync_to_async(store.wipe)(visitor.session.id)
        await eventually(lambda: files() == [])
    assert request.status == 404
    assert files() == []


async def test_who_stays_has_a_recording_and_who_goes_before_all_has_come_pays_nothing(
    visitor: Visitor, clip: Path, look: Look, files: Callable[[], list[str]], returned: list[str]
) -> None:
    async with looked_at(visitor, clip, look) as request:
        pass
    assert (request.status, returned) == (303, [])
    assert [Path(name).name for name in files()] == ["source"]
    half = upload(visitor, form(clip.read_bytes())[:1000])
    half.messages.put_nowait(GONE)
    await asyncio.wait_for(half.task, 10)
    assert returned == ["uploads"]


async def test_a_sweep_takes_what_no_request_owns_and_leaves_what_one_does(
    visitor: Visitor, clip: Path, look: Look, files: Callable[[], list[str]], data_dir: Path
) -> None:
    forgotten = data_dir / "incoming" / "forgotten.upload"
    fresh = data_dir / "incoming" / "of another process.upload"
    for path in (forgotten, fresh):
        path.write_bytes(b"half")
    async with looked_at(visitor, clip, look) as request:
        (mine,) = arrivals.files()
        for path in (forgotten, mine):
            os.utime(path, (0, 0))
        await sync_to_async(reaper.reap)()
        assert {data_dir / name for name in files()} == {mine, fresh}
    assert request.status == 303


def test_over_the_wire(server: Server, clip: Path) -> None:
    """Whether it is cut off before its recording is looked at or meanwhile."""
    guest = Guest(server)
    body = form(clip.read_bytes())
    path = f"/s/{guest.session}/recordings/"
    headers = guest.headers | {"Origin": server.origin, "Content-Type": "multipart/form-data; boundary=edge"}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("POST", path, body, headers)
    heard(lambda: re.search(rf'"{path}".*499', server.log))  # that it has ended without an answer
    assert list((server.data_dir / "incoming").iterdir()) == []
    key = guest.session.replace("-", "")
    assert rows(server, f"SELECT id FROM analytics_recording WHERE session_id = '{key}'") == []
