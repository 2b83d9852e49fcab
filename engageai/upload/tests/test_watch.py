"""The progress page and its socket tell the same: how far the recording has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings

from analytics import store
from analytics.models import Recording, Stage
from engageai import asgi
from engageai.conftest import Visitor
from engageai.upload import consumers

PATIENCE_S = 20.0

pytestmark = pytest.mark.django_db(transaction=True)


class Socket(WebsocketCommunicator):  # type: ignore[misc]  # untyped
    """Its own second of patience is one of an idle machine."""

    async def receive_output(self, timeout: float = PATIENCE_S) -> Any:
        return await super().receive_output(max(timeout, PATIENCE_S))

    async def wait(self, timeout: float = PATIENCE_S) -> None:
        await super().wait(max(timeout, PATIENCE_S))


def socket(visitor: Visitor, recording: Recording) -> Any:
    cookie = visitor.client.cookies[settings.SESSION_COOKIE_NAME].value
    path = f"/ws/s/{recording.session_id}/recordings/{recording.id}/progress"
    headers = [
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()),
        (b"origin", settings.ORIGINS[0].encode()),
    ]
    return Socket(asgi.served, path, headers)


async def in_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await sync_to_async(work)(*args, **kwargs)


async def closing_code(communicator: Any) -> int:
    return int((await communicator.receive_output())["code"])


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    return visitor.uploaded(clip)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "INTERVAL_S", 0.01)


def test_the_page_tells_how_far_it_is(visitor: Visitor, recording: Recording) -> None:
    store.claim(recording.id)
    store.enter(recording.id, Stage.ANALYSE)
    store.update(recording.id, progress=0.5)
    answer = visitor.client.get(visitor.url("upload-progress", recording))
    assert answer.status_code == 200
    assert answer.context["state"]["percent"] == 50
    assert [stage["state"] for stage in answer.context["state"]["stages"]] == ["done", "now", "todo"]
    assert answer.context["ws_path"] == f"/ws/s/{recording.session_id}/recordings/{recording.id}/progress"
    assert answer["Cache-Control"] == "no-store"


def test_htmx_gets_the_fragment_alone(visitor: Visitor, recording: Recording) -> None:
    answer = visitor.client.get(visitor.url("upload-progress", recording), headers={"HX-Request": "true"})
    assert [template.name for template in answer.templates] == ["upload/_progress.html"]
    assert b"<html" not in answer.content


def test_a_finished_recording_leads_to_its_results(visitor: Visitor, recording: Recording) -> None:
    store.claim(recording.id)
    store.finish(recording.id)
    url, there = visitor.url("upload-progress", recording), visitor.url("recording-show", recording)
    answer = visitor.client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, there)
    answer = visitor.client.get(url, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, there)


def test_a_failed_recording_says_why(visitor: Visitor, recording: Recording) -> None:
    store.claim(recording.id)
    store.fail(recording.id, "This recording is damaged from its very beginning.")
    answer = visitor.client.get(visitor.url("upload-progress", recording))
    assert answer.status_code == 200
    assert "damaged from its very beginning" in answer.content.decode()


async def test_the_socket_tells_every_change_until_the_end(visitor: Visitor, recording: Recording) -> None:
    communicator = socket(visitor, recording)
    assert (await communicator.connect())[0]
    state = await communicator.receive_json_from()
    assert (state["status"], state["progress"], state["url"]) == ("queued", 0.0, None)

    await in_thread(store.claim, recording.id)
    await in_thread(store.enter, recording.id, Stage.ANALYSE)
    await in_thread(store.update, recording.id, progress=0.25)
    while state["progress"] != 0.25:
        state = await communicator.receive_json_from()
    assert (state["status"], state["stage"]) == ("running", "analyse")

    await in_thread(store.finish, recording.id)
    while not state["url"]:
        state = await communicator.receive_json_from()
    assert (state["status"], state["progress"]) == ("done", 1.0)
    assert state["url"] == visitor.url("recording-show", recording)
    assert await closing_code(communicator) == 1000


async def test_the_socket_of_a_finished_recording_says_so_and_closes(visitor: Visitor, recording: Recording) -> None:
    await in_thread(store.claim, recording.id)
    await in_thread(store.fail, recording.id, "A reason.")
    communicator = socket(visitor, recording)
    await communicator.connect()
    state = await communicator.receive_json_from()
    assert (state["status"], state["message"]) == ("failed", "A reason.")
    assert await closing_code(communicator) == 1000


async def test_a_strangers_socket_is_closed_before_it_opens(stranger: Visitor, recording: Recording) -> None:
    assert await socket(stranger, recording).connect() == (False, 4404)


async def test_a_socket_without_a_cookie_is_closed_before_it_opens(recording: Recording) -> None:
    path = f"/ws/s/{recording.session_id}/recordings/{recording.id}/progress"
    origin = [(b"origin", settings.ORIGINS[0].encode())]
    assert await Socket(asgi.served, path, origin).connect() == (False, 4404)


async def test_a_wipe_closes_the_socket(visitor: Visitor, recording: Recording) -> None:
    communicator = socket(visitor, recording)
    await communicator.connect()
    await communicator.receive_json_from()
    await in_thread(store.wipe, recording.session_id)
    assert await closing_code(communicator) == 4404


@pytest.mark.parametrize(
    "message", [{"text": "not json"}, {"text": "{}"}, {"text": ""}, {"bytes": b"\x00\xff"}, {"bytes": b""}]
)
async def test_the_socket_survives_whatever_it_is_told(
    message: dict[str, Any], visitor: Visitor, recording: Recording
) -> None:
    communicator = socket(visitor, recording)
    await communicator.connect()
    await communicator.receive_json_from()
    await communicator.send_input({"type": "websocket.receive", **message})
    await in_thread(store.request_cancel, recording)
    assert (await communicator.receive_json_from())["status"] == "cancelled"
    assert await closing_code(communicator) == 1000


async def test_a_client_that_leaves_stops_the_questions(
    visitor: Visitor, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []
    get_recording = store.get_recording

    def counting(*args: Any) -> Recording:
        asked.append(None)
        return get_recording(*args)

    monkeypatch.setattr(store, "get_recording", counting)
    communicator = socket(visitor, recording)
    await communicator.connect()
    await communicator.receive_json_from()
    await communicator.disconnect()
    before = len(asked)
    await asyncio.sleep(0.05)
    assert 0 < len(asked) == before


async def test_a_row_that_cannot_be_read_closes_the_socket(
    visitor: Visitor, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    communicator = socket(visitor, recording)
    await communicator.connect()
    await communicator.receive_json_from()

    def broken(*_: Any) -> Recording:
        raise OSError("the disk is gone")

    monkeypatch.setattr(store, "get_recording", broken)
    assert await closing_code(communicator) == 1011
