"""Requests that are under way when their session is wiped: an upload that still arrives, a download that is paused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from analytics import store
from analytics.models import AnalysisSession
from engageai import asgi, endings
from engageai.conftest import Visitor
from engageai.limits import App
from engageai.presence import reaper

pytestmark = pytest.mark.django_db(transaction=True)


class Request:
    """One that its client neither hurries nor gives up."""

    def __init__(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        body: bytes = b"",
        *headers: tuple[bytes, bytes],
        app: App = asgi.served,
    ) -> None:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.client.cookies.items())
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self.messages.put_nowait({"type": "http.request", "body": body, "more_body": method == "POST"})
        self.sent: list[Any] = []
        self.has_begun = asyncio.Event()
        self.reading = asyncio.Event()
        self.reading.set()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"cookie", cookies.encode()), *headers],
        }
        self.task = asyncio.create_task(cast(Any, app(scope, self.messages.get, self.send)))

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self.has_begun.set()
        if message.get("body"):
            await self.reading.wait()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


def open_files() -> set[str]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(link.readlink()))
        except OSError:  # the one that lists them
            continue
    return found


async def is_idle_and_there(visitor: Visitor) -> bool:
    """After a round of the reaper, half an hour and a minute after it was last seen."""
    mine = AnalysisSession.objects.filter(id=visitor.session.id)
    await sync_to_async(mine.update)(seen_at=timezone.now() - timedelta(minutes=settings.SESSION_IDLE_MIN + 1))
    await sync_to_async(reaper.reap)()
    return await sync_to_async(mine.exists)()


async def wipe(visitor: Visitor) -> None:
    await sync_to_async(store.wipe)(visitor.session.id)


async def test_an_upload_that_still_arrives_ends_with_its_session(
    visitor: Visitor, files: Callable[[], list[str]]
) -> None:
    form = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="talk.mp4"\r\n\r\n'
    kind = (b"content-type", b"multipart/form-data; boundary=edge")
    path = reverse("upload-new", args=[visitor.session.id])
    upload = Request(visitor, "POST", path, form + bytes(5 * 1024 * 1024), kind)
    await asyncio.sleep(0.1)
    assert not upload.task.done()
    await wipe(visitor)
    await asyncio.wait_for(upload.task, 10)
    assert upload.status == 404
    assert files() == []


async def test_an_upload_that_still_arrives_keeps_its_session_alive_and_no_longer(visitor: Visitor) -> None:
    path = reverse("upload-new", args=[visitor.session.id])
    kind = (b"content-type", b"multipart/form-data; boundary=edge")
    upload = Request(visitor, "POST", path, b"--edge\r\n", kind)
    await asyncio.sleep(0.1)
    assert endings.listening() == {visitor.session.id}
    assert await is_idle_and_there(visitor)
    assert not upload.task.done()
    upload.messages.put_nowait({"type": "http.disconnect"})
    await asyncio.wait([upload.task], timeout=10)
    assert endings.listening() == set()
    assert not await is_idle_and_there(visitor)


async def test_a_download_that_is_read_slowly_keeps_its_session_alive(visitor: Visitor, clip: Path) -> None:
    recording = await sync_to_async(visitor.uploaded)(clip)
    await sync_to_async(store.claim)(recording.id)
    await sync_to_async(store.finish)(recording.id)
    download = Request(visitor, "GET", visitor.url("recording-video", recording))
    download.reading.clear()
    await asyncio.wait_for(download.has_begun.wait(), 10)
    assert await is_idle_and_there(visitor)
    download.reading.set()
    await asyncio.wait_for(download.task, 10)
    assert not await is_idle_and_there(visitor)


async def test_a_paused_download_lets_go_of_its_file(visitor: Visitor, clip: Path) -> None:
    recording = await sync_to_async(visitor.uploaded)(clip)
    source = str(store.source_path(recording))
    download = Request(visitor, "GET", visitor.url("recording-video", recording))
    download.reading.clear()
    await asyncio.wait_for(download.has_begun.wait(), 10)
    while source not in open_files():
        await asyncio.sleep(0.01)
    await wipe(visitor)
    await asyncio.wait_for(download.task, 10)
    assert not [path for path in open_files() if path.startswith(source)]


async def test_whoever_no_longer_listens_is_not_told() -> None:
    session_id = uuid.uuid4()
    told: list[int] = []
    with endings.heard(session_id, lambda: told.append(1)):
        endings.tell(session_id)
        endings.tell(uuid.uuid4())
        await asyncio.sleep(0)
    endings.tell(session_id)
    await asyncio.sleep(0)
    assert told == [1]
    assert endings._listeners == {}


async def test_the_request_that_wipes_is_not_ended_by_it(visitor: Visitor) -> None:
    assert endings._session_of({"type": "http", "path": reverse("session-wipe", args=[visitor.session.id])}) is None
    assert endings._session_of({"type": "http", "path": "/s/nothing/recordings/"}) is None
    inside = reverse("upload-new", args=[visitor.session.id])
    assert endings._session_of({"type": "http", "path": inside}) == visitor.session.id
    assert "engageai.endings.tell" in settings.AFTER_WIPE
