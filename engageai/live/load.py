"""Webcam pages without a browser, to measure a running server with: the real protocol over real sockets.

Knows a server's address and the pictures to send. Refuses to know how the server works: what it measures is what a page
would see.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from engageai.live import protocol

CAMERA_FPS: Final = 30.0
ANSWER_S: Final = 2.0  # after which a page sends its next frame all the same
WARM_S: Final = 1.0  # at the beginning, which is not counted
SLICES: Final = 60
LEAST_SLICE_S: Final = 5.0


class ServerSaysNo(Exception):
    """The server answers, but not as a webcam page needs it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser knows once it has loaded the page."""

    origin: str
    cookie: str
    socket: str


@dataclass(slots=True)
class Trips:
    """Round trips of one page: when each result came, and how long after its frame was sent."""

    at_s: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    dropped: int = 0

    def add(self, at_s: float, ms: float) -> None:
        self.at_s.append(at_s)
        self.ms.append(ms)

    def summary(self, seconds: float) -> dict[str, Any]:
        return {**_figures(self.ms, seconds), "dropped": self.dropped, "over_time": self._over_time(seconds)}

    def _over_time(self, seconds: float) -> list[dict[str, float]]:
        """The same in equal slices: were results to come later and later, it would show here."""
        slice_s = max(seconds / SLICES, LEAST_SLICE_S)
        slices = []
        for index in range(int(seconds / slice_s)):
            start_s, end_s = index * slice_s, (index + 1) * slice_s
            trips = [ms for at_s, ms in zip(self.at_s, self.ms, strict=True) if start_s <= at_s < end_s]
            slices.append({"t_s": round(end_s, 1), **_figures(trips, slice_s)})
        return slices


def _figures(trips_ms: Sequence[float], seconds: float) -> dict[str, Any]:
    ordered = sorted(trips_ms)

    def quantile(share: float) -> float | None:
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2) if ordered else None

    return {
        "results_per_s": round(len(ordered) / seconds, 2),
        "p50_ms": quantile(0.5),
        "p95_ms": quantile(0.95),
        "p99_ms": quantile(0.99),
    }


def visit(origin: str) -> Visit:
    """Load the page as a browser would, and keep its cookie. Raises OSError or ServerSaysNo."""
    address = urlsplit(origin)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        connection.request("GET", "/live/")
        answer = connection.getresponse()
        page = answer.read().decode()
    finally:
        connection.close()
    options = re.search(r'<script id="options" type="application/json">(.+?)</script>', page)
    cookie = re.search(r"sessionid=([^;]+)", " ".join(answer.headers.get_all("Set-Cookie", [])))
    if answer.status != 200 or options is None or cookie is None:
        raise ServerSaysNo(f"{origin}/live/ answers {answer.status} and is not the webcam page")
    return Visit(origin, f"sessionid={cookie[1]}", json.loads(options[1])["socket"] + "general")


def opened(visit: Visit) -> connect:
    """A connection to be entered, with origin and cookie as a browser sends them."""
    return connect(
        visit.origin.replace("http", "ws", 1) + visit.socket,
        origin=visit.origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": visit.cookie},
        max_size=None,
    )


async def page(visit: Visit, pictures: Sequence[bytes], seconds: float) -> Trips:
    """One well-behaved page for so long: one frame in flight, no faster than a camera."""
    trips = Trips()
    async with opened(visit) as socket:
        await _kind(socket, "ready")
        started_s = time.monotonic() + WARM_S
        frame_id = acknowledged = 0
        while (sent_s := time.monotonic()) < started_s + seconds:
            frame_id += 1
            jpeg = pictures[frame_id % len(pictures)]
            await socket.send(protocol.pack_frame(frame_id, acknowledged, 1000 * sent_s, jpeg))
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    while acknowledged < frame_id:
                        result = await _kind(socket, "result")
                        acknowledged, trips.dropped = result["id"], result["dropped"]
            now_s = time.monotonic()
            if sent_s >= started_s and acknowledged == frame_id:
                trips.add(now_s - started_s, 1000 * (now_s - sent_s))
            await asyncio.sleep(max(0.0, sent_s + 1 / CAMERA_FPS - now_s))
        await socket.send(protocol.STOP)
        await _kind(socket, "stopped")
    return trips


async def flood(visit: Visit, picture: bytes, total_bytes: int) -> dict[str, Any]:
    """A page that sends the largest frames as fast as they are taken, and acknowledges whatever it is told to."""
    sent_bytes, results, acknowledged = 0, 0, 0
    padded = _padded(picture, protocol.MAX_BYTES - protocol.HEADER.size)
    started_s = time.monotonic()
    code = None

    async def listen(socket: ClientConnection) -> None:
        nonlocal results, acknowledged
        async for text in socket:
            message = json.loads(text)
            results += message["kind"] == "result"
            acknowledged = message.get("id", acknowledged)

    async with opened(visit) as socket:
        listener = asyncio.create_task(listen(socket))
        try:
            frame_id = 0
            while sent_bytes < total_bytes:
                frame_id += 1
                message = protocol.pack_frame(frame_id, acknowledged, 1000 * time.monotonic(), padded)
                await socket.send(message)
                sent_bytes += len(message)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
        seconds = time.monotonic() - started_s
        listener.cancel()
    mib = sent_bytes / 2**20
    return {"sent_mib": round(mib, 1), "seconds": round(seconds, 1), "results": results, "closed_with": code}


async def connects(visit: Visit, picture: bytes, times: int) -> None:
    """Connect, have one frame read, and leave without a word, so many times."""
    for _ in range(times):
        async with opened(visit) as socket:
            await _kind(socket, "ready")
            await socket.send(protocol.pack_frame(1, 0, 0.0, picture))
            await _kind(socket, "result")


async def _kind(socket: ClientConnection, kind: str) -> Any:
    """The next message of this kind; what else comes before it is of no interest."""
    try:
        while (message := json.loads(await socket.recv()))["kind"] != kind:
            pass
    except ConnectionClosed as closed:
        raise ServerSaysNo(f"the server closed the socket: {closed.rcvd or 'without a word'}") from None
    return message


def _padded(jpeg: bytes, size: int) -> bytes:
    """The same picture in `size` bytes, filled up with comments."""
    filling = b""
    while (room := size - len(jpeg) - len(filling)) > 4:
        length = min(room - 2, 65_535)
        filling += b"\xff\xfe" + length.to_bytes(2, "big") + bytes(length - 2)
    return jpeg[:2] + filling + jpeg[2:]
