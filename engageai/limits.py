"""What the server refuses before anything of ours or Django's reads it: bodies that are too large, sockets that other
sites open. Pure ASGI around the application; knows no view.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpResponse

from engageai import errors

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

UPLOAD_PATH = re.compile(r"(/s/[^/]+/recordings/|/api/v1/sessions/[^/]+/recordings)")
FORM_BYTES = 1024 * 1024  # all that any other form may send
DRAIN_BYTES = 512 * 1024  # read and dropped after a refusal: a client still writing would see a reset and no answer
DRAIN_S = 1.0
MAX_DIGITS = 20  # of a length that is believed; Python refuses to read one of thousands
FORBIDDEN = 4403
NOT_FOUND = 4404


def limit_of(scope: Scope) -> int:
    """By method too: no other than POST is metered there, and none brings a recording."""
    is_upload = scope["method"] == "POST" and UPLOAD_PATH.fullmatch(scope["path"])
    return int(settings.MAX_UPLOAD_BYTES) if is_upload else FORM_BYTES


class BodyLimit:
    """Answers 413 to a body beyond `limit_of(scope)` bytes: unread when its length is announced, cut there when not.

    An announced upload that the disk has no room for is answered 507: Django spools it once, its form copies it once.
    """

    def __init__(self, app: App, limit: Callable[[Scope], int] = limit_of) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        max_bytes = self.limit(scope)
        announced = _content_length(scope)
        if announced is not None and announced > max_bytes:
            return await refuse(scope, receive, send, errors.too_large(max_bytes))
        if announced and announced > FORM_BYTES and not has_room(announced):
            return await refuse(scope, receive, send, errors.disk_full())
        return await _Counted(receive, send, max_bytes).run(self.app, scope)


class _Counted:
    """One request whose body is counted. Beyond the limit the application is told that its client has gone away."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self.inner_receive = receive
        self.inner_send = send
        self.max_bytes = max_bytes
        self.read_bytes = 0
        self.is_answered = False

    async def run(self, app: App, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except OSError as error:
            if self.is_answered or not errors.disk_is_full(error):
                raise
            log.exception("the disk filled up while a request was read")
            await self.refuse(scope, errors.disk_full())
        if self.read_bytes > self.max_bytes:
            await self.refuse(scope, errors.too_large(self.max_bytes))

    async def refuse(self, scope: Scope, error: errors.Rejected) -> None:
        if not self.is_answered:
            await refuse(scope, self.inner_receive, self.inner_send, error)

    async def receive(self) -> Message:
        if self.read_bytes > self.max_bytes:
            return {"type": "http.disconnect"}
        message = await self.inner_receive()
        self.read_bytes += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.read_bytes > self.max_bytes else message

    async def send(self, message: Message) -> None:
        self.is_answered = True
        await self.inner_send(message)


def has_room(size_bytes: int) -> bool:
    return shutil.disk_usage(settings.DATA_DIR).free >= 2 * size_bytes + settings.MIN_FREE_MIB * settings.MIB


async def refuse(scope: Scope, receive: Receive, send: Send, error: errors.Rejected) -> None:
    """Answer at once, then read on for a moment, so that a client that is still sending gets to read the answer."""
    response = errors.as_json(error) if _wants_json(scope) else errors.as_page(error)
    await send({"type": "http.response.start", "status": response.status_code, "headers": _headers(response)})
    await send({"type": "http.response.body", "body": response.content, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            await _drain(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    drained = 0
    while drained < DRAIN_BYTES:
        message = await receive()
        drained += len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _headers(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    """As Django's middleware would have set them: it was never asked."""
    extra = {
        "Content-Length": str(len(response.content)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "Content-Security-Policy": build_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    }
    headers = dict(response.items()) | extra
    return [(name.lower().encode("ascii"), value.encode("latin1")) for name, value in headers.items()]


def _content_length(scope: Scope) -> int | None:
    value = header(scope, b"content-length")
    return int(value) if value.isdigit() and len(value) < MAX_DIGITS else None


def _wants_json(scope: Scope) -> bool:
    return b"application/json" in header(scope, b"accept")


def header(scope: Scope, name: bytes) -> bytes:
    """The first of that name, empty when there is none."""
    return next((value for key, value in scope["headers"] if key == name), b"")


class ExactOrigin:
    """Lets a socket in only when its one Origin header is, letter for letter, one of `origins`.

    Channels' own validator compares parsed parts: it lets user names through, and trips over a port that is none.
    """

    def __init__(self, app: App, origins: Iterable[str]) -> None:
        self.app = app
        self.origins = {origin.encode("ascii") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = [value for key, value in scope["headers"] if key == b"origin"]
        if len(sent) == 1 and sent[0] in self.origins:
            return await self.app(scope, receive, send)
        return await _close(receive, send, FORBIDDEN)


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """The socket of an address that there is not."""
    await _close(receive, send, NOT_FOUND)


async def _close(receive: Receive, send: Send, code: int) -> None:
    await receive()  # the request to connect
    await send({"type": "websocket.close", "code": code})
