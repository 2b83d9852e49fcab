"""What costs something is metered for each visitor and each address: 429 and Retry-After, before a body is read."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import URLResolver, get_resolver

from engageai import meters, proxies
from engageai.errors import Rejected
from engageai.limits import BodyLimit, Message, Receive, Scope, Send
from engageai.meters import Caller, Meter

UPLOAD = f"/s/{uuid.uuid4()}/recordings/"
HTML = b"text/html"


@pytest.fixture(autouse=True)
def fresh(settings: Any) -> Iterator[None]:
    settings.ADDRESS_FACTOR = 5
    settings.PER_HOUR = {"uploads": 10, "pages": 120, "exports": 300, "searches": 3, "sockets": 600}
    meters.meters.cache_clear()
    yield
    meters.meters.cache_clear()


class Server:
    """The doors as asgi.py stacks them, around an application that answers 200 and counts."""

    def __init__(self, trusted: list[str] | None = None) -> None:
        self.reached = 0
        self.taken_bytes = 0
        self.status = 200
        self.reads = False
        self.app = proxies.Forwarded(BodyLimit(meters.Metered(self._answer)), trusted or [])

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
        if self.reads and (await receive())["type"] == "http.disconnect":
            return
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(
        self,
        path: str = UPLOAD,
        *,
        method: str = "POST",
        cookie: str = "",
        peer: str = "203.0.113.9",
        accept: bytes = b"application/json",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[Message] = []
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in (headers or {}).items()]
        pairs += [(b"accept", accept), (b"cookie", f"other=1; sessionid={cookie}".encode())]

        async def receive() -> Message:
            self.taken_bytes += 1000
            return {"type": "http.request", "body": bytes(1000), "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {"type": "http", "method": method, "path": path, "headers": pairs, "client": (peer, 1)}
        await self.app(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


async def statuses(server: Server, times: int, path: str = UPLOAD, **asked: Any) -> list[int]:
    return [(await server.ask(path, **asked))[0] for _ in range(times)]


async def test_the_eleventh_upload_in_an_hour_is_refused_unread() -> None:
    server = Server()
    assert await statuses(server, 10, cookie="mine") == [200] * 10
    status, headers, body = await server.ask(cookie="mine", headers={"content_length": "1000"})
    assert (status, server.reached) == (429, 10)
    assert 300 < int(headers["retry-after"]) <= 360
    error = json.loads(body)["error"]
    assert error == {"code": "too-often", "message": "Too many recordings in a short time. Try again in 6 minutes."}
    assert server.taken_bytes <= 1000


async def test_people_get_a_page_that_says_when() -> None:
    server = Server()
    await statuses(server, 10, cookie="mine")
    status, headers, body = await server.ask(cookie="mine", accept=HTML)
    assert (status, headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert b"Try again in 6 minutes." in body
    assert "default-src" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


async def test_another_visitor_is_not_held_up() -> None:
    server = Server()
    await statuses(server, 11, cookie="mine")
    assert await statuses(server, 10, cookie="yours") == [200] * 10


async def test_who_invents_a_cookie_for_each_upload_is_metered_by_address() -> None:
    server = Server()
    found = [(await server.ask(cookie=f"invented {number}"))[0] for number in range(60)]
    assert found == [200] * 50 + [429] * 10
    assert await statuses(server, 1, peer="203.0.113.10") == [200]


@pytest.mark.parametrize("name", ["x_forwarded_for", "x_real_ip", "forwarded", "cf_connecting_ip"])
async def test_an_address_that_the_caller_writes_himself_buys_nothing(name: str) -> None:
    server = Server()
    found = [(await server.ask(headers={name: f"198.51.100.{number}"}))[0] for number in range(51)]
    assert found == [200] * 50 + [429]


async def test_visitors_behind_a_trusted_proxy_are_told_apart_and_cannot_pretend() -> None:
    server = Server(trusted=["203.0.113.9"])
    found = [
        (await server.ask(headers={"x_forwarded_for": f"{number}.0.0.1, 198.51.100.1"}))[0] for number in range(1, 52)
    ]
    assert found == [200] * 50 + [429]
    assert await statuses(server, 1, headers={"x_forwarded_for": "198.51.100.2"}) == [200]


async def test_an_hour_later_there_are_ten_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    server = Server()
    assert (await statuses(server, 11, cookie="mine"))[-1] == 429
    now_s += 360
    assert await statuses(server, 2, cookie="mine") == [200, 429]
    now_s += 3600
    assert await statuses(server, 11, cookie="mine") == [200] * 10 + [429]


@pytest.mark.parametrize("path", ["/", "/live/"])
async def test_pages_that_open_a_session_are_metered_however_they_are_asked_for(path: str) -> None:
    server = Server()
    assert await statuses(server, 60, path, method="GET", cookie="mine") == [200] * 60
    assert await statuses(server, 61, path, method="HEAD", cookie="mine") == [200] * 60 + [429]


async def test_an_address_opens_no_more_sessions_than_a_visitor_with_whatever_cookies() -> None:
    server = Server()
    found = [(await statuses(server, 1, "/", method="GET", cookie=f"made-up-{number}"))[0] for number in range(121)]
    assert found == [200] * 120 + [429]


async def test_downloads_are_metered() -> None:
    server = Server()
    path = f"/s/{uuid.uuid4()}/recordings/{uuid.uuid4()}/result.json"
    assert await statuses(server, 301, path, method="GET", cookie="mine") == [200] * 300 + [429]


async def test_words_that_are_asked_for_again_cost_what_a_recording_does() -> None:
    server = Server()
    assert await statuses(server, 9, cookie="mine") == [200] * 9
    assert await statuses(server, 2, f"{UPLOAD}{uuid.uuid4()}/transcript/again/", cookie="mine") == [200, 429]


async def test_what_costs_nothing_is_not_metered() -> None:
    server = Server()
    for path in ("/healthz", "/static/css/base.css", "/nowhere", UPLOAD + "x"):
        assert set(await statuses(server, 700, path, method="GET", cookie="mine")) == {200}


def test_a_refusal_spends_nothing_of_the_others() -> None:
    meter = Meter("uploads", 10, 5)
    for _ in range(10):
        meter.spend(Caller("greedy", "here"), 0.0)
    for _ in range(1000):
        with pytest.raises(Rejected):
            meter.spend(Caller("greedy", "here"), 0.0)
    for _ in range(10):
        meter.spend(Caller("modest", "here"), 0.0)


def test_a_view_may_run_up_a_meter_too() -> None:
    request = RequestFactory().get("/", headers={"Cookie": "sessionid=mine"})
    for _ in range(3):
        meters.spend("searches", meters.caller_of_request(request))
    with pytest.raises(Rejected, match="searches for something to read") as refusal:
        meters.spend("searches", meters.caller_of_request(request))
    assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (429, "1200")


@pytest.mark.parametrize(
    "cookie", [b"", b"sessionid", b"=;;=", b"sessionid=\xff\xfe; a", b'sessionid="' + b"x" * 9000, b"; " * 3000]
)
def test_any_cookie_is_read(cookie: bytes) -> None:
    found = meters.caller_of({"headers": [(b"cookie", cookie)], "client": None})
    assert len(found.owner) in (0, 32)
    assert found.address == ""


def test_every_address_that_is_metered_exists() -> None:
    names = {pattern.name for pattern in flat(get_resolver().url_patterns)}
    assert names >= meters.PAGES | meters.UPLOADS | meters.EXPORTS


def flat(patterns: list[Any]) -> Iterator[Any]:
    for pattern in patterns:
        yield from flat(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]


async def test_whoever_sits_at_this_machine_is_metered_as_a_visitor_only() -> None:
    server = Server()
    found = [(await server.ask(cookie=f"invented {number}", peer="127.0.0.1"))[0] for number in range(60)]
    assert set(found) == {200}
    assert (await statuses(server, 11, cookie="mine", peer="::1"))[-1] == 429


@pytest.mark.parametrize("status", [413, 422, 503, 507])
async def test_a_refused_file_does_not_count_as_an_upload(status: int) -> None:
    server = Server()
    server.status = status
    assert await statuses(server, 30, cookie="mine") == [status] * 30
    server.status = 200
    assert await statuses(server, 11, cookie="mine") == [200] * 10 + [429]


async def test_nor_does_one_that_is_cut_at_the_limit_while_it_is_read(settings: Any) -> None:
    """Its length was not announced: what counts bytes answers it, and what is metered within never does."""
    settings.MAX_UPLOAD_BYTES = 500
    server = Server()
    server.reads = True
    assert await statuses(server, 30, cookie="mine") == [413] * 30
    settings.MAX_UPLOAD_BYTES = 5000
    assert await statuses(server, 11, cookie="mine") == [200] * 10 + [429]
