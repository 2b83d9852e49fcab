"""Every address of a session answers its owner and nobody else. An address without a case here fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from analytics import store, transcripts
from analytics.models import Recording
from analytics.readings import Readings
from emotion_ml.types import Reading
from engageai import asgi
from engageai.conftest import Visitor
from engageai.content import shape
from engageai.live.urls import websocket_urlpatterns as live
from engageai.upload.urls import websocket_urlpatterns as upload

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = {"upload-start", "live-start", "healthz"}
OWNED = {
    "upload-new": ("session_id",),
    "upload-progress": ("session_id", "recording_id"),
    "upload-cancel": ("session_id", "recording_id"),
    "live-wipe": ("session_id",),
    "recording-show": ("session_id", "recording_id"),
    "recording-figures": ("session_id", "recording_id", "environment"),
    "recording-boxes": ("session_id", "recording_id"),
    "recording-result": ("session_id", "recording_id"),
    "recording-video": ("session_id", "recording_id"),
    "content-transcript": ("session_id", "recording_id"),
    "content-cancel": ("session_id", "recording_id"),
    "content-file": ("session_id", "recording_id", "kind"),
    "content-engagement": ("session_id", "recording_id"),
    "scholarly-resources": ("session_id", "recording_id"),
}
SOCKETS = {
    "upload-progress-socket": ("session_id", "recording_id"),
    "live-socket": ("session_id", "environment"),
    "live-socket-again": ("session_id", "environment", "recording_id"),
}


websocket_urlpatterns = [*upload, *live]


def named(patterns: list[Any]) -> Iterator[URLPattern]:
    """Every pattern but the admin's, which has its own log-in."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from named(pattern.url_patterns)
        else:
            yield pattern


def values(recording: Recording) -> dict[str, Any]:
    return {"session_id": recording.session_id, "recording_id": recording.id, "environment": "general", "kind": "txt"}


def addresses(recording: Recording) -> dict[str, str]:
    known = values(recording)
    return {name: reverse(name, kwargs={key: known[key] for key in keys}) for name, keys in OWNED.items()}


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    """One with results, so that its owner is answered at every address."""
    recording = visitor.uploaded(clip)
    store.claim(recording.id)
    store.append(recording.id, Readings.of([Reading(k / 5, ()) for k in range(10)]), 1.0)
    store.finish(recording.id)
    transcripts.open_for(recording)
    transcripts.claim(recording.id)
    nothing = shape.build([], language="en", duration_s=2.0, model="fake", sha256="0" * 64)
    transcripts.save(recording, nothing, "embedded", "")
    return recording


def test_every_address_has_a_case() -> None:
    assert {pattern.name for pattern in named(get_resolver().url_patterns)} == PUBLIC | set(OWNED)
    assert {pattern.name for pattern in websocket_urlpatterns} == set(SOCKETS)


def test_every_address_of_a_session_names_it() -> None:
    for pattern in [*named(get_resolver().url_patterns), *websocket_urlpatterns]:
        assert pattern.name in PUBLIC or "session_id" in pattern.pattern.converters, pattern.name


@pytest.mark.parametrize("name", OWNED)
def test_its_owner_is_answered(name: str, visitor: Visitor, recording: Recording) -> None:
    address = addresses(recording)[name]
    for answer in (visitor.client.get(address), visitor.client.post(address)):
        assert answer.status_code != 404
        answer.close()


@pytest.mark.parametrize("name", OWNED)
def test_a_stranger_is_not(name: str, stranger: Visitor, recording: Recording) -> None:
    for client in (stranger.client, Client()):
        answers = {method: getattr(client, method)(addresses(recording)[name]) for method in ("get", "head", "post")}
        found = {answer.status_code for answer in answers.values()}
        assert 404 in found
        assert found <= {404, 405}


@pytest.mark.parametrize("name", [name for name, keys in OWNED.items() if "recording_id" in keys])
def test_a_recording_is_not_found_in_another_session_of_its_owner(
    name: str, visitor: Visitor, stranger: Visitor, recording: Recording
) -> None:
    known = values(recording)
    for other in (Visitor(visitor.client).session, stranger.session):
        known["session_id"] = other.id
        answer = visitor.client.get(reverse(name, kwargs={key: known[key] for key in OWNED[name]}))
        assert answer.status_code in (404, 405)


def test_a_stranger_who_knocks_leaves_no_trace(recording: Recording) -> None:
    client = Client()
    for address in addresses(recording).values():
        client.get(address)
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_a_stranger_cannot_cancel(stranger: Visitor, visitor: Visitor, clip: Path) -> None:
    recording = visitor.uploaded(clip)
    assert stranger.client.post(stranger.url("upload-cancel", recording)).status_code == 404
    assert stranger.client.post(visitor.url("upload-cancel", recording)).status_code == 404
    recording.refresh_from_db()
    assert recording.status == "queued"


@pytest.mark.parametrize("name", SOCKETS)
async def test_no_socket_opens_to_a_stranger(name: str, stranger: Visitor, recording: Recording) -> None:
    pattern = next(pattern for pattern in websocket_urlpatterns if pattern.name == name)
    route = str(pattern.pattern)
    for key in SOCKETS[name]:
        route = re.sub(rf"<\w+:{key}>", str(values(recording)[key]), route)
    cookie = f"{settings.SESSION_COOKIE_NAME}={stranger.client.cookies[settings.SESSION_COOKIE_NAME].value}"
    headers = [(b"cookie", cookie.encode()), (b"origin", settings.ORIGINS[0].encode())]
    assert await WebsocketCommunicator(asgi.served, f"/{route}", headers).connect() == (False, 4404)
