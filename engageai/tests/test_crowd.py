"""So many sockets and no more, of all, of one visitor, of one address; the next is told why with 1013."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from engageai import asgi, crowd, meters
from engageai.crowd import Crowd
from engageai.limits import Message, Receive, Scope, Send


@pytest.fixture(autouse=True)
def small(settings: Any) -> Iterator[None]:
    settings.MAX_SOCKETS, settings.MAX_SOCKETS_PER_VISITOR, settings.ADDRESS_FACTOR = 6, 2, 2
    meters.meters.cache_clear()
    yield
    meters.meters.cache_clear()


class Hall:
    """A crowd of sockets that stay until they are let go."""

    def __init__(self) -> None:
        self.crowd = Crowd(self._stay)
        self.gate = asyncio.Event()
        self.tasks: list[asyncio.Task[Any]] = []

    async def _stay(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.gate.wait()
        if scope["path"] == "/broken":
            raise RuntimeError("on purpose")

    async def connect(self, cookie: str = "", peer: str = "203.0.113.9", path: str = "/") -> Message | None:
        """The refusal, None when it was let in."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"cookie", f"sessionid={cookie}".encode())] if cookie else []
        scope: Scope = {"type": "websocket", "path": path, "headers": headers, "client": (peer, 1)}
        self.tasks.append(asyncio.create_task(self.crowd(scope, receive, send)))
        await asyncio.sleep(0.001)
        assert sent[0]["type"] == "websocket.accept"
        return sent[1] if len(sent) > 1 else None

    async def let_go(self) -> None:
        self.gate.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_one_too_many_of_a_visitor() -> None:
    hall = Hall()
    assert [await hall.connect("mine") for _ in range(2)] == [None, None]
    refusal = await hall.connect("mine")
    assert refusal == {"type": "websocket.close", "code": 1013, "reason": crowd.YOURS}
    assert await hall.connect("yours") is None
    await hall.let_go()


async def test_one_too_many_of_an_address() -> None:
    hall = Hall()
    assert [await hall.connect(f"invented {number}") for number in range(4)] == [None] * 4
    refusal = await hall.connect("invented 5")
    assert refusal is not None
    assert refusal["code"] == 1013
    assert await hall.connect("elsewhere", peer="203.0.113.10") is None
    await hall.let_go()


async def test_one_too_many_of_all() -> None:
    hall = Hall()
    assert [await hall.connect(f"c{number}", peer=f"10.0.0.{number}") for number in range(6)] == [None] * 6
    refusal = await hall.connect("one more", peer="10.0.0.99")
    assert refusal == {"type": "websocket.close", "code": 1013, "reason": crowd.FULL}
    await hall.let_go()


async def test_who_leaves_makes_room_however_it_ends_and_nothing_is_remembered() -> None:
    hall = Hall()
    for path in ("/", "/broken"):
        await hall.connect("mine", path=path)
    assert await hall.connect("mine") is not None
    await hall.let_go()
    assert not hall.crowd.open
    hall.gate.clear()
    assert [await hall.connect("mine") for _ in range(2)] == [None, None]
    await hall.let_go()


async def test_too_many_in_a_short_time(settings: Any) -> None:
    settings.PER_HOUR = settings.PER_HOUR | {"sockets": 3}
    hall = Hall()
    hall.gate.set()
    assert [await hall.connect("mine") for _ in range(3)] == [None] * 3
    refusal = await hall.connect("mine")
    assert refusal == {"type": "websocket.close", "code": 1013, "reason": crowd.OFTEN}
    assert not hall.crowd.open


async def test_the_served_application_counts_every_socket(settings: Any) -> None:
    settings.MAX_SOCKETS = 0
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"origin", settings.ORIGINS[0].encode())]
    for path in ("/ws/nowhere", "/ws/s/00000000-0000-0000-0000-000000000000/live/general"):
        await asgi.served({"type": "websocket", "path": path, "headers": headers}, receive, send)
    assert [message.get("code") for message in sent] == [None, 1013, None, 1013]


def test_a_reason_fits_into_a_close_frame() -> None:
    assert max(len(reason.encode()) for reason in (crowd.FULL, crowd.YOURS, crowd.OFTEN)) <= 123
