"""A caller is the peer of the connection. What X-Forwarded-For says counts only from a proxy that we trust."""

from __future__ import annotations

from typing import Any

import pytest

from engageai.limits import Receive, Scope, Send
from engageai.proxies import Forwarded, caller, key_of, networks

PROXIES = networks(["10.0.0.0/8", "127.0.0.1", "fd00::/8"])
STRANGER = "203.0.113.9"
VISITOR = "198.51.100.7"


@pytest.mark.parametrize("said", ["", VISITOR, f"{VISITOR}, 10.0.0.1", "127.0.0.1", "nonsense"])
def test_a_stranger_may_say_what_he_likes(said: str) -> None:
    assert caller(STRANGER, said, PROXIES) == STRANGER
    assert caller("127.0.0.1", said, networks([])) == "127.0.0.1"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (VISITOR, VISITOR),
        (f"192.0.2.1, {VISITOR}", VISITOR),  # what stands left of it, its sender wrote himself
        (f"127.0.0.1, {VISITOR}, 10.1.2.3", VISITOR),
        (f"{VISITOR},10.1.2.3,10.4.5.6", VISITOR),
        (f"{VISITOR}, nonsense, 10.1.2.3", "10.1.2.3"),
        ("10.1.2.3", "10.1.2.3"),
        ("", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
        ("198.51.100.7:4711", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        (f"::ffff:{VISITOR}", VISITOR),
        (",".join(["10.0.0.2"] * 100_000), "10.0.0.2"),
    ],
)
def test_a_proxy_is_believed_about_the_right_most_address_that_is_none_of_ours(said: str, found: str) -> None:
    assert caller("10.0.0.1", said, PROXIES) == found


def test_one_caller_is_an_address_or_an_ipv6_site() -> None:
    assert key_of(VISITOR) != key_of(STRANGER)
    assert key_of("2001:db8:1:2:3::4") == key_of("2001:db8:1:2:ffff::1") != key_of("2001:db8:1:3::1")
    assert key_of(f"::ffff:{VISITOR}") == key_of(VISITOR)
    assert key_of("fe80::1%eth0") == key_of("fe80::2%eth1")
    assert (key_of("a unix socket"), key_of("")) == ("a unix socket", "")


@pytest.mark.parametrize("wrong", ["proxy", "10.0.0.0/33", "1.2.3"])
def test_a_proxy_that_is_no_address_is_told(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        networks([wrong])


async def seen(peer: str, *headers: tuple[bytes, bytes], kind: str = "http") -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.update(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    scheme = "http" if kind == "http" else "ws"
    asked: Scope = {"type": kind, "scheme": scheme, "client": (peer, 4711), "headers": list(headers)}
    await Forwarded(app, ["10.0.0.0/8"])(asked, nothing, nothing)
    return found


HEADERS = ((b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-for", VISITOR.encode()), (b"x-forwarded-proto", b"https"))


async def test_the_application_is_told_caller_and_scheme() -> None:
    found = await seen("10.0.0.1", *HEADERS)
    assert (found["client"][0], found["scheme"]) == (VISITOR, "https")
    assert (await seen("10.0.0.1", *HEADERS, kind="websocket"))["scheme"] == "wss"
    assert (await seen("10.0.0.1", (b"x-forwarded-proto", b"gopher")))["scheme"] == "http"


async def test_of_a_stranger_neither_is_believed() -> None:
    found = await seen(STRANGER, *HEADERS)
    assert (found["client"], found["scheme"]) == ((STRANGER, 4711), "http")
