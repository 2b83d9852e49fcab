"""A loopback server in a service's place: it answers as told, and keeps what it was asked."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MIB = 1024 * 1024


@dataclass(frozen=True)
class Question:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at_s: float


Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    stand_in: StandIn

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {key.lower(): value for key, value in self.headers.items()}
        query = dict(parse_qsl(parts.query))
        self.stand_in.asked.append(Question(self.command, parts.path, query, headers, body, time.monotonic()))
        with suppress(OSError):
            self.stand_in.reply(self)

    do_POST = do_GET  # noqa: N815 (the name that http.server looks for)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@dataclass
class StandIn:
    reply: Reply
    asked: list[Question] = field(default_factory=list)
    origin: str = ""
    is_over: Event = field(default_factory=Event)


Services = dict[str, StandIn]


@contextmanager
def standing_in(reply: Reply) -> Iterator[StandIn]:
    stand_in = StandIn(reply)
    handler = type("Answering", (Handler,), {"stand_in": stand_in})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    stand_in.origin = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield stand_in
    finally:
        stand_in.is_over.set()
        server.shutdown()
        server.server_close()


def body(content: bytes | object, status: int = 200, **headers: str) -> Reply:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()

    def reply(handler: Handler) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.head(status, {"Content-Type": "application/json", "Content-Length": str(len(data))} | named)
        handler.wfile.write(data)

    return reply


def status(code: int, **headers: str) -> Reply:
    return body({"error": {"code": code, "message": "no", "status": "NO"}}, code, **headers)


def dripping(handler: Handler) -> None:
    """A body that never ends, a byte at a time: no single read takes long."""
    handler.head(200, {"Content-Type": "application/json"})
    drip(handler, b" ")


def dripping_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(handler, b"x")


def drip(handler: Handler, drop: bytes) -> None:
    while not handler.stand_in.is_over.wait(0.02):
        handler.wfile.write(drop)
        handler.wfile.flush()


def silent(handler: Handler) -> None:
    handler.stand_in.is_over.wait(20)


def cut(handler: Handler) -> None:
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "1000"})
    handler.wfile.write(b'{"status": ')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def huge(handler: Handler) -> None:
    """100 MiB without saying so."""
    handler.head(200, {"Content-Type": "application/json"})
    for _ in range(100):
        handler.wfile.write(b" " * MIB)


def huge_and_honest(handler: Handler) -> None:
    handler.head(200, {"Content-Type": "application/json", "Content-Length": str(100 * MIB)})
    for _ in range(100):
        handler.wfile.write(b" " * MIB)


def bomb() -> Reply:
    """100 kB that unpack to 100 MiB."""
    return body(_packed(), Content_Encoding="gzip")


@cache
def _packed() -> bytes:
    return gzip.compress(bytes(100 * MIB), 6)
