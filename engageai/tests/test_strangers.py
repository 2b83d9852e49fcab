"""Every address of a session, and every socket, answers its owner and nobody else.

Made from the routes themselves: a new one is tried by itself, unless it names no session or asks for something unheard
of, and then it needs a line here.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from analytics import store, transcripts
from analytics.exports import pictures
from analytics.models import AnalysisSession, Recording
from analytics.readings import Readings
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading
from engageai import asgi
from engageai.conftest import Visitor
from engageai.content import shape

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = {"upload-start", "live-start", "healthz", "readyz", "metrics", "notice", "compare"} | {
    f"api:{name}" for name in ("api-root", "api-about", "openapi-json", "openapi-view", "api-environments")
}
"""Addresses of nobody's data: each opens a session of its own, or says the same to everybody."""
WITH_TOKEN = {"api:api-sessions", "api:api-processors"}
"""Those of programs that name no session, and answer nobody without a token."""
VALUES = {"environment": "general", "kind": "txt", "name": "readings"}
OTHERWISE = {
    "export-table": {"name": "readings"},
    "export-chart": {"name": next(iter(pictures.MAKERS)), "kind": "svg"},
}
"""What an address needs where VALUES do not fit it."""
LATER = {"export-film", "film-file"}
"""What even its owner has not got until it was made."""
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
Known = dict[str, Any]


def named(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern with its whole name, but the admin's, which has its own log-in."""
    for pattern in patterns:
        if not isinstance(pattern, URLResolver):
            yield f"{prefix}{pattern.name}", pattern
        elif pattern.app_name not in ("admin", "ninja"):
            yield from named(pattern.url_patterns, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)


def routes() -> list[URLPattern]:
    """Every socket, out of the application as it is served; the last one answers what there is not."""
    app: Any = asgi.sockets
    while not isinstance(app, URLRouter):
        app = app.inner
    found: list[URLPattern] = list(app.routes)
    assert str(found.pop().pattern) == ""
    return found


def keys(pattern: URLPattern) -> tuple[str, ...]:
    return tuple(pattern.pattern.converters)


PATTERNS = dict(named(get_resolver().url_patterns))
OWNED = sorted(name for name, pattern in PATTERNS.items() if "session_id" in keys(pattern))
SOCKETS = {str(pattern.name): pattern for pattern in routes()}
OF_BROWSERS = [name for name in OWNED if not name.startswith("api:")]
"""Whose owner is known by a cookie; of the others by a token, and engageai/api/tests asks them as their owner."""
OF_RECORDINGS = [name for name in OWNED if "recording_id" in keys(PATTERNS[name])]


def known(recording: Recording) -> Known:
    return {"session_id": recording.session_id, "recording_id": recording.id}


def nothing() -> Known:
    return {"session_id": uuid.uuid4(), "recording_id": uuid.uuid4()}


def address(name: str, ids: Known) -> str:
    values = VALUES | OTHERWISE.get(name, {}) | ids
    return reverse(name, kwargs={key: values[key] for key in keys(PATTERNS[name])})


@pytest.fixture
def recording(visitor: Visitor, clip: Any) -> Recording:
    """One with results, so that its owner is answered at every address."""
    recording = visitor.uploaded(clip)
    store.claim(recording.id)
    face = Face(1, Box(40, 40, 90, 90), (0.1, 0.6, 0.1, 0.1, 0.1), Quality(90, 0.5, 0), LeftOut.USED)
    store.append(recording.id, Readings.of([Reading(k / 5, (face,)) for k in range(10)]), 1.0)
    store.finish(recording.id)
    transcripts.open_for(recording)
    transcripts.claim(recording.id)
    silence = shape.build([], language="en", duration_s=2.0, model="fake", sha256="0" * 64)
    transcripts.save(recording, silence, "embedded", "")
    return recording


def test_every_address_names_its_session_or_is_known_to_be_public() -> None:
    pages = [name for name, _ in named(get_resolver().url_patterns) if not name.startswith("api:")]
    assert len(pages) == len(set(pages))
    assert set(PATTERNS) - set(OWNED) <= PUBLIC | WITH_TOKEN
    assert all("session_id" in keys(pattern) for pattern in routes())


def test_every_address_has_values_to_be_tried_with() -> None:
    for name in [*OWNED, *SOCKETS]:
        pattern = PATTERNS.get(name) or SOCKETS[name]
        unheard_of = set(keys(pattern)) - {"session_id", "recording_id", *VALUES, *OTHERWISE.get(name, {})}
        assert not unheard_of, f"say in this test what {name} may be asked for: {unheard_of}"


def test_its_owner_is_answered_and_nothing_may_keep_the_answer(visitor: Visitor, recording: Recording) -> None:
    wiping = [name for name in OF_BROWSERS if "wipe" in name]
    for name in [*(each for each in OF_BROWSERS if each not in wiping), *wiping]:
        for method in ("get", "post"):
            answer = getattr(visitor.client, method)(address(name, known(recording)))
            assert answer.status_code not in (404, 500) or name in LATER, name
            assert "no-store" in answer["Cache-Control"], name
            assert answer["X-Content-Type-Options"] == "nosniff", name
            assert "default-src 'self'" in answer["Content-Security-Policy"], name
            answer.close()


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_stranger_sees_what_he_would_see_if_it_did_not_exist(
    accept: str, stranger: Visitor, recording: Recording
) -> None:
    missing = nothing()
    for client in (stranger.client, Client()):
        for name in OWNED:
            statuses = set()
            for method in METHODS:
                theirs = seen(client, method, address(name, known(recording)), accept)
                assert theirs == seen(client, method, address(name, missing), accept), name
                statuses.add(theirs[0])
            refusals = {401, 404} if name.startswith("api:") else {404}
            assert statuses & refusals, name
            assert statuses <= refusals | {405}, name


def seen(client: Client, method: str, path: str, accept: str) -> tuple[int, dict[str, str], bytes]:
    answer = getattr(client, method)(path, headers={"Accept": accept})
    headers = {key: value for key, value in answer.headers.items() if key != "X-Request-ID"}
    return answer.status_code, headers, answer.content.replace(path.encode(), b"PATH")


def test_a_recording_is_not_found_in_another_session_of_its_owner(
    visitor: Visitor, stranger: Visitor, recording: Recording
) -> None:
    for other in (Visitor(visitor.client).session, stranger.session):
        ids = known(recording) | {"session_id": other.id}
        for name in OF_RECORDINGS:
            found = {getattr(visitor.client, method)(address(name, ids)).status_code for method in ("get", "post")}
            refusals = {401, 404} if name.startswith("api:") else {404}
            assert found & refusals, name
            assert found <= refusals | {405}, name


def test_a_stranger_who_knocks_leaves_no_trace(recording: Recording) -> None:
    client = Client()
    rows = AnalysisSession.objects.count()
    for name in OWNED:
        for method in ("get", "post"):
            getattr(client, method)(address(name, known(recording)))
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert AnalysisSession.objects.count() == rows
    assert Recording.objects.filter(id=recording.id, status="done").exists()


@pytest.mark.parametrize("name", sorted(WITH_TOKEN & set(PATTERNS)))
def test_programs_need_a_token(name: str, visitor: Visitor) -> None:
    for client in (visitor.client, Client()):
        found = {getattr(client, method)(reverse(name)).status_code for method in METHODS}
        assert found <= {401, 404, 405}


def test_a_stranger_cannot_cancel(stranger: Visitor, visitor: Visitor, clip: Any) -> None:
    recording = visitor.uploaded(clip)
    assert stranger.client.post(stranger.url("upload-cancel", recording)).status_code == 404
    assert stranger.client.post(visitor.url("upload-cancel", recording)).status_code == 404
    recording.refresh_from_db()
    assert recording.status == "queued"


def test_a_recording_goes_to_its_owner_as_what_it_was_found_to_be(
    visitor: Visitor, stranger: Visitor, recording: Recording
) -> None:
    url = address("recording-video", known(recording))
    answer = visitor.client.get(url)
    assert answer["Content-Type"] == recording.media_type == "video/mp4"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    answer.close()
    assert stranger.client.get(url).status_code == 404
    assert stranger.client.get(url, headers={"Range": "bytes=0-1"}).status_code == 404


def admin_patterns(patterns: list[Any], prefix: str = "admin/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from admin_patterns(pattern.url_patterns, route)
        else:
            yield route


def concrete(route: str, recording: Recording) -> str:
    """Of a regular expression the first thing that fits it."""
    route = re.sub(r"\(\?P<\w+>\W*(\w*)[^)]*\)", r"\1", route)
    return "/" + re.sub(r"<[^>]+>", str(recording.session_id), route).replace("^", "").replace("$", "")


def test_nothing_of_the_admin_opens_without_its_log_in(visitor: Visitor, recording: Recording) -> None:
    resolvers = [each for each in get_resolver().url_patterns if isinstance(each, URLResolver)]
    admin = next(each for each in resolvers if each.app_name == "admin")
    paths = {concrete(route, recording) for route in admin_patterns(admin.url_patterns)}
    assert len(paths) > 15
    for path in paths - {"/admin/login/"}:
        for method in ("get", "post"):
            answer = getattr(visitor.client, method)(path)
            assert answer.status_code in (302, 403, 404, 405), path
            if answer.status_code == 302:
                assert answer["Location"].startswith("/admin/"), path
            assert str(recording.session_id) not in answer.content.decode(), path


async def refusal(visitor: Visitor | None, name: str, ids: Known) -> Any:
    """What a socket says to somebody; the code it is closed with, before or after it was accepted."""
    route = str(SOCKETS[name].pattern)
    for key, value in (VALUES | OTHERWISE.get(name, {}) | ids).items():
        route = re.sub(rf"<\w+:{key}>", str(value), route)
    headers = [(b"origin", settings.ORIGINS[0].encode())]
    if visitor is not None:
        cookie = f"{settings.SESSION_COOKIE_NAME}={visitor.client.cookies[settings.SESSION_COOKIE_NAME].value}"
        headers.append((b"cookie", cookie.encode()))
    communicator: Any = WebsocketCommunicator(asgi.served, f"/{route}", headers)
    connected, code = await communicator.connect(timeout=10)
    if not connected:
        return code
    output = await communicator.receive_output(timeout=10)
    await communicator.disconnect(timeout=10)
    return output.get("code", output)


@pytest.mark.parametrize("name", SOCKETS)
async def test_no_socket_opens_to_a_stranger(name: str, stranger: Visitor, recording: Recording) -> None:
    for visitor in (stranger, None):
        assert await refusal(visitor, name, known(recording)) == 4404
        assert await refusal(visitor, name, nothing()) == 4404


@pytest.mark.parametrize("name", [name for name in SOCKETS if "recording_id" in keys(SOCKETS[name])])
async def test_no_socket_tells_of_a_recording_in_another_session(
    name: str, visitor: Visitor, stranger: Visitor, recording: Recording
) -> None:
    """One of another's is as unknown as one that never was, in a session of one's own."""
    code = 4411 if name == "live-socket-again" else 4404  # there is nothing of it to go on with: the page begins anew
    for session in (stranger.session.id, visitor.session.id):
        mine = stranger if session == stranger.session.id else visitor
        ids = {"session_id": session, "recording_id": recording.id if mine is stranger else uuid.uuid4()}
        assert await refusal(mine, name, ids) == code


def test_an_error_names_nothing_of_what_was_asked_for(stranger: Visitor, recording: Recording) -> None:
    answer = stranger.client.get(address("recording-show", known(recording)), headers={"Accept": "application/json"})
    assert json.loads(answer.content)["error"]["code"] == "not-found"
    assert str(recording.id) not in answer.content.decode()
