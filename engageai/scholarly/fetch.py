"""One bounded GET. Knows HTTP and its own limits; refuses to follow a redirect, to wait, to keep or to unpack too much.

- The total is wall clock: when it is over, the socket is shut down, whatever drips through it. Name resolution is the
  one step that cannot be cut short here; whoever calls waits on a thread and leaves it behind (search.py).
- The cap holds for the bytes on the wire and for what they unpack to: a bomb is put down at its first byte too many.
- Nothing of an address or of an answer goes into a message: both may hold what a visitor said.
"""

from __future__ import annotations

import email.utils
import http
import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

CHUNK: Final = 64 * 1024
REASONS: Final = {
    401: "it did not accept our key",
    402: "it asks to be paid",
    403: "it turned us away",
    429: "it has had enough questions for now",
}


@dataclass(frozen=True, slots=True)
class Limits:
    connect_s: float
    total_s: float
    max_bytes: int


class Unavailable(Exception):
    """There is no answer. The message says why, in words that follow "because"; it names nothing that was asked."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


def get(url: str, headers: Mapping[str, str], limits: Limits) -> bytes:
    """The body of a 200. Raises Unavailable for anything else."""
    end_s = time.monotonic() + limits.total_s
    parts = urlsplit(url)
    try:
        with _connected(parts.scheme, parts.hostname or "", parts.port, limits, end_s) as connection:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request("GET", target, headers={"Accept-Encoding": "gzip", **headers})
            with connection.getresponse() as answer:
                body = _body(answer, limits.max_bytes)
        if time.monotonic() >= end_s:
            raise TimeoutError  # where no length was given, a cut looks like the end
        return body
    except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
        raise Unavailable(_why(error, is_late=time.monotonic() >= end_s)) from error


@contextmanager
def _connected(
    scheme: str, host: str, port: int | None, limits: Limits, end_s: float
) -> Iterator[http.client.HTTPConnection]:
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port)
    raw = _dialled(connection.host, connection.port, min(time.monotonic() + limits.connect_s, end_s))
    raw.settimeout(limits.total_s)
    connection.sock = raw
    if scheme == "https":
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
    alarm = threading.Timer(max(end_s - time.monotonic(), 0.0), _cut, [connection.sock])
    alarm.daemon = True
    alarm.start()
    try:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        yield connection
    finally:
        alarm.cancel()
        connection.close()


def _dialled(host: str, port: int, until_s: float) -> socket.socket:
    """Connected to the first of the host's addresses that answers; all of them together have until `until_s`."""
    error: OSError = TimeoutError()
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            break
        raw = socket.socket(family, kind, protocol)
        try:
            raw.settimeout(left_s)
            raw.connect(address)
        except OSError as refused:
            raw.close()
            error = refused
        else:
            return raw
    raise error


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it has ended already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of the plain socket: TLS would wait to say goodbye


def _body(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    if answer.status != http.HTTPStatus.OK:
        raise Unavailable(refusal(answer.status), retry_after_s(answer.headers.get("Retry-After")))
    if (answer.length or 0) > max_bytes:
        raise Unavailable("its answer is too large")
    encoding = (answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Unavailable("its answer is packed in a way that was not asked for")
    body = _unpacked(answer, max_bytes) if "gzip" in encoding else _plain(answer, max_bytes)
    if answer.length:
        raise http.client.IncompleteRead(b"")
    return body


def _plain(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    body = bytearray()
    while chunk := answer.read1(CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise Unavailable("its answer is too large")
    return bytes(body)


def _unpacked(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    body, packed = bytearray(), 0
    while chunk := answer.read1(CHUNK):
        packed += len(chunk)
        body += unpacker.decompress(chunk, max_bytes + 1 - len(body))
        if max(len(body), packed) > max_bytes:
            raise Unavailable("its answer is too large")
    if not unpacker.eof:
        raise http.client.IncompleteRead(b"")
    return bytes(body)


def refusal(status: int) -> str:
    if 300 <= status < 400:
        return "it wants to send us elsewhere"
    return REASONS.get(status, "it has trouble of its own" if status >= 500 else "it did not understand the question")


def _why(error: Exception, *, is_late: bool) -> str:
    if is_late or isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ssl.SSLError):
        return "it could not prove who it is"
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return "it cannot be reached"
    if isinstance(error, OSError | http.client.IncompleteRead):
        return "the connection broke"
    return "its answer makes no sense"


def retry_after_s(value: str | None) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((when - datetime.now(UTC)).total_seconds(), 0.0) if when.tzinfo else None
