"""A request ends in time and in memory, whatever answers it."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from emotion_ml.tests.patience import slack
from engageai.scholarly.fetch import Limits, Unavailable, get, retry_after_s
from engageai.scholarly.tests import stand_in
from engageai.scholarly.tests.stand_in import MIB, Reply, StandIn, body, standing_in, status

LIMITS = Limits(connect_s=10.0, total_s=20.0, max_bytes=MIB)  # for whoever answers, on however busy a machine
HASTY = Limits(connect_s=0.3, total_s=0.6, max_bytes=MIB)


def refused(reply: Reply, limits: Limits = LIMITS) -> tuple[Unavailable, StandIn, float]:
    with standing_in(reply) as server:
        start_s = time.monotonic()
        with pytest.raises(Unavailable) as raised:
            get(f"{server.origin}/works?q=secret", {}, limits)
        return raised.value, server, time.monotonic() - start_s


def test_an_answer_is_its_body() -> None:
    with standing_in(body(b"[1]")) as server:
        assert get(f"{server.origin}/a/b?c=d%20e", {"User-Agent": "EngageAI"}, LIMITS) == b"[1]"
        (asked,) = server.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/a/b", {"c": "d e"})
    assert (asked.headers["user-agent"], asked.headers["accept-encoding"]) == ("EngageAI", "gzip")


def test_a_packed_answer_is_unpacked() -> None:
    text = b'{"title": "\xc3\xa9"}' * 1000
    with standing_in(body(gzip.compress(text), Content_Encoding="gzip")) as server:
        assert get(server.origin, {}, LIMITS) == text


@pytest.mark.parametrize("length", [MIB, MIB + 1])
@pytest.mark.parametrize("is_packed", [False, True])
def test_the_cap_is_exact(length: int, is_packed: bool) -> None:
    text = b" " * length
    reply = body(gzip.compress(text), Content_Encoding="gzip") if is_packed else body(text)
    with standing_in(reply) as server:
        if length > MIB:
            with pytest.raises(Unavailable, match="too large"):
                get(server.origin, {}, LIMITS)
        else:
            assert get(server.origin, {}, LIMITS) == text


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (status(401), "did not accept our key"),
        (status(402), "asks to be paid"),
        (status(404), "did not understand"),
        (status(429), "enough questions"),
        (status(500), "trouble of its own"),
        (status(204), "did not understand"),
        (stand_in.cut, "connection broke"),
        (body(b"[]", Content_Encoding="br"), "packed in a way"),
        (body(b"not gzip", Content_Encoding="gzip"), "makes no sense"),
        (body(gzip.compress(b"[]" * 100)[:-9], Content_Encoding="gzip"), "connection broke"),
        (lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n"), "makes no sense"),
        (lambda handler: None, "connection broke"),
    ],
)
def test_what_is_no_answer_says_why(reply: Reply, reason: str) -> None:
    error, _, _ = refused(reply)
    assert reason in error.reason
    assert "secret" not in error.reason


@pytest.mark.parametrize("reply", [stand_in.dripping, stand_in.dripping_head, stand_in.silent])
def test_the_total_is_wall_clock(reply: Reply) -> None:
    error, _, took_s = refused(reply, HASTY)
    assert error.reason == "it did not answer in time"
    assert HASTY.total_s <= took_s < HASTY.total_s + slack()


@pytest.mark.parametrize("reply", [stand_in.huge, stand_in.huge_and_honest, stand_in.bomb()])
def test_more_than_the_cap_is_never_held(reply: Reply) -> None:
    tracemalloc.start()
    try:
        error, _, _ = refused(reply)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "too large" in error.reason
    assert peak < 6 * MIB


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(code: int) -> None:
    with standing_in(body(b"[]")) as inside:
        for target in ("http://169.254.169.254/latest/meta-data/", inside.origin):
            error, server, took_s = refused(status(code, Location=target))
            assert "elsewhere" in error.reason
            assert (len(server.asked), took_s < LIMITS.total_s) == (1, True)
        assert inside.asked == []


def test_who_does_not_take_the_call_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            start_s = time.monotonic()
            with pytest.raises(Unavailable, match=r"in time|broke"):
                get(f"http://127.0.0.1:{port}/", {}, HASTY)
            assert time.monotonic() - start_s < HASTY.total_s + slack()
    with pytest.raises(Unavailable, match="cannot be reached"):
        get(f"http://127.0.0.1:{port}/", {}, LIMITS)


def test_all_addresses_of_a_host_have_one_time_together(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, socket.create_connection(deaf.getsockname()):
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", deaf.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address] * 8)
        start_s = time.monotonic()
        with pytest.raises(Unavailable, match=r"in time|broke"):
            get("http://many.invalid/", {}, HASTY)
        assert time.monotonic() - start_s < 2 * HASTY.connect_s + slack()


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in(body(b"[]")) as server:
        there = ("127.0.0.1", int(server.origin.rpartition(":")[2]))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in (("127.0.0.1", 1), there)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert get("http://many.invalid/", {}, LIMITS) == b"[]"


def test_a_server_that_cannot_prove_itself_is_not_listened_to() -> None:
    with standing_in(body(b"[]")) as server, pytest.raises(Unavailable, match=r"prove|broke"):
        get(server.origin.replace("http:", "https:"), {}, LIMITS)
    assert server.asked == []


def test_nothing_is_left_running() -> None:
    for _ in range(3):
        refused(stand_in.cut)
    time.sleep(0.05)
    assert [each for each in threading.enumerate() if isinstance(each, threading.Timer)] == []


def test_a_pause_is_asked_for_in_seconds_or_until_a_date() -> None:
    error, _, _ = refused(status(429, Retry_After="120"))
    assert error.retry_after_s == 120
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    assert retry_after_s(later) == pytest.approx(300, abs=2)
    assert [retry_after_s(value) for value in (None, "", "soon", "-1")] == [None] * 4
    assert retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT") == 0
