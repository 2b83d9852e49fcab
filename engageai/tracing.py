"""A number for every request and socket, in its answer and in each line that is logged of it; one such line at its end.

Pure ASGI. Knows methods, paths without their query, and statuses; nothing of what is sent or answered.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Sequence
from typing import Final

from engageai import metrics
from engageai.limits import App, Message, Receive, Scope, Send, header
from engageai.logs import request_id
from engageai.proxies import is_trusted, networks

log = logging.getLogger(__name__)

HEADER: Final = b"x-request-id"
WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
STARTS: Final = ("http.response.start", "websocket.accept")
QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds by machines
NO_ANSWER: Final = 499  # the client went away first
CLOSED: Final = 1000
KINDS: Final = (
    ("live", re.compile(r"/ws/s/[^/]+/live/")),
    ("progress", re.compile(r"/ws/s/[^/]+/recordings/")),
    ("presence", re.compile(r"/ws/s/[^/]+/presence")),
)


def kind_of(path: str) -> str:
    return next((kind for kind, pattern in KINDS if pattern.match(path)), "other")


class Traced:
    """Around everything else: it asks who the peer is, before a proxy's word is taken for whom that stands for."""

    def __init__(self, app: App, trusted: Sequence[str]) -> None:
        self.app = app
        self.trusted = networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        number = self._given(scope) or uuid.uuid4().hex
        token = request_id.set(number)
        try:
            return await _Trace(send, number, kind_of(scope["path"])).run(self.app, scope, receive)
        finally:
            request_id.reset(token)

    def _given(self, scope: Scope) -> str:
        """What a proxy of ours calls it. A number from anybody else could be one that is in the log already."""
        value = header(scope, HEADER)
        client = scope.get("client")
        if client and is_trusted(client[0], self.trusted) and WELL_FORMED.fullmatch(value):
            return value.decode("ascii")
        return ""


class _Trace:
    def __init__(self, send: Send, number: str, kind: str) -> None:
        self.inner_send = send
        self.number = number
        self.kind = kind
        self.status = NO_ANSWER
        self.is_open = False

    async def run(self, app: App, scope: Scope, receive: Receive) -> None:
        started_s = time.monotonic()
        try:
            await app(scope, receive, self.send)
        finally:
            if self.is_open:
                metrics.sockets.labels(self.kind).dec()
            if scope["type"] == "http":
                metrics.responses.labels(f"{self.status // 100}xx").inc()
            self._log(scope, time.monotonic() - started_s)

    async def send(self, message: Message) -> None:
        if message["type"] in STARTS:
            message["headers"] = [*(message.get("headers") or ()), (HEADER, self.number.encode("ascii"))]
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "websocket.accept":
            self.is_open, self.status = True, CLOSED
            metrics.sockets.labels(self.kind).inc()
        elif message["type"] == "websocket.close":
            self.status = message.get("code", CLOSED)
        await self.inner_send(message)

    def _log(self, scope: Scope, duration_s: float) -> None:
        facts = {
            "method": scope.get("method", "WS"),
            "path": scope["path"],
            "status": self.status,
            "duration_ms": round(1000 * duration_s, 1),
        }
        level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
        log.log(level, "socket closed" if scope["type"] == "websocket" else "answered", extra=facts)
