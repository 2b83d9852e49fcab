"""What is refused before it is read: bodies, judged by a raw ASGI client that can lie; sockets, by their origin."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from typing import Any

import pytest

from engageai import asgi, limits
from engageai.limits import DRAIN_BYTES, BodyLimit, ExactOrigin, Message, Receive, Scope, Send

LIMIT = 4 * 1024 * 1024
PIECE = bytes(64 * 1024)
UPLOAD = "/s/00000000-0000-0000-0000-000000000000/recordings/"


class Reader:
    """An application with the real interface that reads the whole body, as Django does, and then answers 200."""

    def __init__(self, error: OSError | None = None) -> None:
        self.read_bytes = 0
        self.is_aborted = False
        self.error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.is_aborted = True
                return
            if self.error:
                raise self.error
            self.read_bytes += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"read"})


class Client:
    """Sends pieces without end until it is answered, and counts how many were taken from it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.taken_bytes = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        piece = next(self.pieces, None)
        self.taken_bytes += len(piece or b"")
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def scope(*headers: tuple[bytes, bytes], path: str = UPLOAD) -> Scope:
    return {"type": "http", "method": "POST", "path": path, "headers": [(b"accept", b"application/json"), *headers]}


def pieces(total: int) -> Iterator[bytes]:
    for start in range(0, total, len(PIECE)):
        yield PIECE[: total - start]


async def ask(asked: Scope, total: int, app: Reader) -> Client:
    client = Client(pieces(total))
    await BodyLimit(app, lambda _: LIMIT)(asked, client.receive, client.send)
    return client


def length(value: int | bytes) -> tuple[bytes, bytes]:
    return b"content-length", value if isinstance(value, bytes) else str(value).encode()


async def test_an_announced_body_that_is_too_large_is_refused_unread() -> None:
    app = Reader()
    client = await ask(scope(length(LIMIT + 1)), 64 * LIMIT, app)
    assert client.status == 413
    assert json.loads(client.body)["error"]["code"] == "too-large"
    assert app.read_bytes == 0
    assert client.taken_bytes <= DRAIN_BYTES + len(PIECE) < 1024 * 1024


@pytest.mark.parametrize(
    "headers", [[], [length(10)], [length(b"-5")], [length(b"many")], [length(b"")], [length(b"9" * 5000)]]
)
async def test_a_body_that_grows_too_large_is_cut_at_the_limit(headers: list[tuple[bytes, bytes]]) -> None:
    app = Reader()
    client = await ask(scope(*headers), 64 * LIMIT, app)
    assert client.status == 413
    assert app.is_aborted
    assert app.read_bytes <= LIMIT
    assert client.taken_bytes <= LIMIT + DRAIN_BYTES + 2 * len(PIECE)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "post"])
async def test_no_other_method_brings_a_recording_past_every_meter(method: str) -> None:
    for path in (UPLOAD, "/api/v1/sessions/00000000-0000-0000-0000-000000000000/recordings"):
        app = Reader()
        client = Client(pieces(64 * LIMIT))
        await BodyLimit(app)({**scope(path=path), "method": method}, client.receive, client.send)
        assert client.status == 413
        assert app.read_bytes <= limits.FORM_BYTES


@pytest.mark.parametrize("total", [0, 1, LIMIT])
async def test_a_body_up_to_the_limit_passes(total: int) -> None:
    for headers in ([], [length(total)]):
        app = Reader()
        client = await ask(scope(*headers), total, app)
        assert (client.status, app.read_bytes) == (200, total)


async def test_a_page_with_every_security_header_for_those_who_do_not_ask_for_json() -> None:
    asked = scope()
    asked["headers"] = [length(LIMIT + 1), (b"accept", b"text/html")]
    client = await ask(asked, LIMIT, Reader())
    assert client.headers[b"content-type"] == b"text/html; charset=utf-8"
    assert b"4 MiB" in client.body
    assert b"default-src 'self'" in client.headers[b"content-security-policy"]
    assert client.headers[b"x-content-type-options"] == b"nosniff"
    assert client.headers[b"cache-control"] == b"no-store"
    assert int(client.headers[b"content-length"]) == len(client.body)


async def test_an_announced_upload_that_the_disk_has_no_room_for_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "has_room", lambda size_bytes: size_bytes < LIMIT)
    app = Reader()
    client = await ask(scope(length(LIMIT)), LIMIT, app)
    assert (client.status, app.read_bytes) == (507, 0)
    assert json.loads(client.body)["error"]["code"] == "disk-full"


def test_an_upload_needs_twice_its_size_and_a_reserve(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MIN_FREE_MIB = 1
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 3 * 1024 * 1024}))
    assert limits.has_room(1024 * 1024)
    assert not limits.has_room(1024 * 1024 + 1)


async def test_a_disk_that_fills_up_is_an_answer() -> None:
    client = await ask(scope(), LIMIT, Reader(OSError(errno.ENOSPC, "No space left on device")))
    assert client.status == 507


async def test_another_fault_is_not_taken_for_a_full_disk() -> None:
    with pytest.raises(PermissionError):
        await ask(scope(), LIMIT, Reader(PermissionError(errno.EACCES, "no")))


def test_only_an_upload_may_be_large(settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 7 * LIMIT
    assert limits.limit_of(scope()) == 7 * LIMIT
    for path in ("/", UPLOAD + "x", "/admin/login/", f"/x{UPLOAD}"):
        assert limits.limit_of(scope(path=path)) == limits.FORM_BYTES


ORIGINS = ["http://127.0.0.1:8000", "https://engage.example"]


async def connects(*origins: bytes) -> bool:
    sent: list[Message] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asked: Scope = {"type": "websocket", "headers": [(b"origin", origin) for origin in origins]}
    await ExactOrigin(app, ORIGINS)(asked, receive, send)
    assert sent[0]["type"] == "websocket.accept" or sent == [{"type": "websocket.close", "code": 4403}]
    return bool(sent[0]["type"] == "websocket.accept")


@pytest.mark.parametrize("origin", ORIGINS)
async def test_our_own_pages_may_open_a_socket(origin: str) -> None:
    assert await connects(origin.encode())


@pytest.mark.parametrize(
    "origin",
    [
        b"http://bad-domain.com",
        b"http://127.0.0.1:9999",
        b"http://127.0.0.1",
        b"http://127.0.0.1:80000",
        b"http://127.0.0.1:abc",
        b"http://localhost:8000",
        b"https://127.0.0.1:8000",
        b"ws://127.0.0.1:8000",
        b"http://127.0.0.1:8000/",
        b"http://127.0.0.1:8000.evil.example",
        b"http://127.0.0.1:8000@evil.example",
        b"http://evil@127.0.0.1:8000",
        b"http://engage.example",
        b"https://sub.engage.example",
        b"https://engage.example:443",
        b"https://ENGAGE.example",
        b"https://engage.example\xff",
        b"http://[::1",
        b"null",
        b"file://",
        b"*",
        b"",
    ],
)
async def test_no_other_page_may(origin: bytes) -> None:
    assert not await connects(origin)


async def test_a_socket_without_an_origin_or_with_two_is_refused() -> None:
    assert not await connects()
    assert not await connects(ORIGINS[0].encode(), ORIGINS[0].encode())
    assert not await connects(ORIGINS[0].encode(), b"http://bad-domain.com")


async def test_the_served_application_checks_the_origin_of_every_socket() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    for path in ("/ws/anything", UPLOAD):
        asked = {"type": "websocket", "path": path, "headers": [(b"origin", b"http://bad-domain.com")]}
        await asgi.served(asked, receive, send)
    assert [message["code"] for message in sent] == [4403, 4403]


async def test_a_socket_of_no_address_is_closed(settings: Any) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"origin", settings.ORIGINS[0].encode())]
    await asgi.served({"type": "websocket", "path": "/ws/nowhere", "headers": headers}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 4404}]
