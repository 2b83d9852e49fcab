"""A tab holds its session with a socket, lets it go with a request, and loses it when it is wiped by somebody else."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import store
from analytics.models import AnalysisSession
from emotion_ml.tests.patience import slack
from engageai import asgi, endings
from engageai.conftest import Visitor
from engageai.presence import reaper as reaping
from engageai.presence import views
from engageai.presence.consumers import Presence
from engageai.presence.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    assert registry.open() == []
    for session_id in registry.closed_for(0):
        registry.forget(session_id)


class Page:
    """A page of the visitor's session, as far as its socket goes."""

    def __init__(self, visitor: Visitor, session_id: uuid.UUID | None = None) -> None:
        cookie = visitor.client.cookies[settings.SESSION_COOKIE_NAME].value
        path = f"/ws/s/{session_id or visitor.session.id}/presence"
        headers = [
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
            (b"origin", settings.ORIGINS[0].encode()),
        ]
        self.socket = WebsocketCommunicator(asgi.served, path, headers)

    async def opened(self) -> bool:
        return bool((await self.socket.connect(timeout=10))[0])

    async def closed(self) -> int:
        return int((await self.socket.receive_output(timeout=10))["code"])

    async def leave(self) -> None:
        await self.socket.disconnect(timeout=10)


async def in_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await sync_to_async(work)(*args, **kwargs)


async def reap() -> None:
    await in_thread(reaping.reap)


def wipe(client: Client, session_id: uuid.UUID) -> Any:
    return client.post(reverse("session-wipe", args=[session_id]))


def looked_at(visitor: Visitor) -> int:
    """What a page of the session is answered with."""
    return int(visitor.client.get(reverse("upload-again", args=[visitor.session.id])).status_code)


async def exists(session_id: uuid.UUID) -> bool:
    return bool(await in_thread(AnalysisSession.objects.filter(id=session_id).exists))


async def test_its_owner_holds_it_and_a_stranger_does_not(visitor: Visitor, stranger: Visitor) -> None:
    page = Page(visitor)
    assert await page.opened()
    assert registry.open() == [visitor.session.id]
    assert not await Page(stranger, visitor.session.id).opened()
    assert not await Page(visitor, uuid.uuid4()).opened()
    await page.leave()


async def test_a_page_that_is_left_while_its_socket_opens_does_not_hold_it(visitor: Visitor) -> None:
    """The server raises from accept then, and never says that the page has gone."""

    async def connect() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def gone(message: Any) -> None:
        assert registry.open() == [visitor.session.id]
        raise OSError(message["type"])

    scope = {
        "type": "websocket",
        "session": visitor.client.session,
        "url_route": {"kwargs": {"session_id": visitor.session.id}},
    }
    with pytest.raises(OSError, match=r"websocket\.accept"):
        await Presence.as_asgi()(scope, connect, gone)
    assert registry.open() == []
    assert registry.closed_for(0) == [visitor.session.id]
    assert endings._listeners == {}


async def test_it_lives_while_a_page_is_open_and_a_little_longer(visitor: Visitor, settings: Any) -> None:
    settings.CLOSED_TAB_S = 0
    page = Page(visitor)
    assert await page.opened()
    await reap()
    assert await exists(visitor.session.id)
    settings.CLOSED_TAB_S = 3600
    await page.leave()
    await reap()
    assert await exists(visitor.session.id)
    settings.CLOSED_TAB_S = 0
    await reap()
    assert not await exists(visitor.session.id)


async def test_an_open_page_keeps_it_beyond_the_idle_time(visitor: Visitor, stranger: Visitor) -> None:
    page = Page(visitor)
    assert await page.opened()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        await reap()
    assert await exists(visitor.session.id)
    assert not await exists(stranger.session.id)  # of which no page ever said that it is there
    await page.leave()


async def test_an_open_page_is_known_beyond_the_twelve_hours_of_its_browser(visitor: Visitor) -> None:
    page = Page(visitor)
    assert await page.opened()
    with time_machine.travel(timezone.now() + timedelta(hours=13)):  # in one step, as when the machine sleeps
        await reap()
        assert await in_thread(looked_at, visitor) == 200
    await page.leave()
    assert registry.browsers() == []


def test_a_browser_that_asks_now_and_then_is_known_and_a_stranger_is_not(visitor: Visitor, stranger: Visitor) -> None:
    for hours, expected in ((7, 200), (14, 200), (27, 404)):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            assert stranger.client.get(reverse("upload-again", args=[visitor.session.id])).status_code == 404
            assert looked_at(visitor) == expected
    with time_machine.travel(timezone.now() + timedelta(hours=14)):
        assert looked_at(stranger) == 404


async def test_a_tab_that_begins_anew_gets_a_receipt_and_nothing_is_left(
    visitor: Visitor, clip: Path, files: Callable[[], list[str]]
) -> None:
    await in_thread(visitor.uploaded, clip)
    answer = await in_thread(wipe, visitor.client, visitor.session.id)
    assert answer.status_code == 200
    receipt = answer.json()["receipt"]
    assert [each["kind"] for each in receipt["files"]] == ["recording"]
    assert receipt["bytes"] == clip.stat().st_size
    assert not await exists(visitor.session.id)
    assert files() == []
    assert (await in_thread(wipe, visitor.client, visitor.session.id)).status_code == 404


async def test_what_another_tab_still_shows_is_not_wiped(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "LET_GO_S", 0.05)
    page = Page(visitor)
    assert await page.opened()
    answer = await in_thread(wipe, visitor.client, visitor.session.id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "held")
    assert await exists(visitor.session.id)
    await page.leave()


async def test_a_page_on_its_way_out_is_waited_for(visitor: Visitor) -> None:
    page = Page(visitor)
    assert await page.opened()
    asked = asyncio.create_task(asyncio.to_thread(wipe, visitor.client, visitor.session.id))
    await asyncio.sleep(0.05)
    await page.leave()
    assert (await asked).status_code == 200


async def test_a_wipe_needs_the_token_of_the_page(visitor: Visitor) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = visitor.client.cookies
    assert (await in_thread(wipe, client, visitor.session.id)).status_code == 403
    assert await exists(visitor.session.id)


async def test_an_open_page_hears_at_once_that_its_session_was_wiped(visitor: Visitor) -> None:
    page = Page(visitor)
    assert await page.opened()
    began = time.monotonic()
    await in_thread(store.wipe, visitor.session.id)
    assert await page.closed() == 4404
    assert time.monotonic() - began < 1.0 * slack()
    await page.leave()


async def test_a_page_of_a_session_that_another_process_wiped_hears_of_it_too(visitor: Visitor) -> None:
    page = Page(visitor)
    assert await page.opened()
    await in_thread(AnalysisSession.objects.filter(id=visitor.session.id).delete)
    await reap()
    assert await page.closed() == 4404
    await page.leave()


async def test_after_a_restart_a_session_waits_for_its_page_no_longer_than_for_one_that_closed(
    visitor: Visitor, stranger: Visitor, settings: Any
) -> None:
    settings.CLOSED_TAB_S = 0.2
    settings.SWEEP_EVERY_S = 0.05
    page = Page(visitor)
    assert await page.opened()
    await page.leave()
    registry.forget(visitor.session.id)  # as another process would not know of it
    await in_thread(reaping.start)
    try:
        until = time.monotonic() + 20
        while await exists(visitor.session.id):
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
    finally:
        await in_thread(reaping.stop)
    assert await exists(stranger.session.id)  # it never had a page that could tell: idle time alone ends it
