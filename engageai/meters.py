"""What costs the server something, and how often one visitor and one address may ask for it.

Knows the names of addresses (urls.py) and of settings. An owner is the session cookie, or a program's token, as it was
sent, unverified: who invents cookies is metered by address alone, which allows ADDRESS_FACTOR times as much, for a
class behind one address. Whoever sits at this machine owns it, and is metered as a visitor only.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.cookies import CookieError, SimpleCookie
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from engageai import arrivals, proxies
from engageai.arrivals import Arrival
from engageai.buckets import Buckets
from engageai.errors import Rejected
from engageai.limits import App, Message, Receive, Scope, Send, header, refuse

WORDS: Final = {
    "uploads": "recordings",
    "pages": "new pages",
    "exports": "downloads",
    "searches": "searches for something to read",
    "sockets": "connections",
}
"""What each meter counts, in the words of its refusal."""
PAGES: Final = frozenset({"upload-start", "live-start"})
UPLOADS: Final = frozenset({"upload-new", "content-again"})
PROGRAMS: Final = {"api-recordings": "uploads", "api-sessions": "pages", "api-film": "exports"}
"""What a program posts to, where looking is free."""
EXPORTS: Final = frozenset({"recording-result", "recording-bench", "content-file", "content-engagement", "film-begin"})
REFUNDED: Final = frozenset({*range(400, 500), 503, 507})
"""Answers to an upload that refuse it; 500 is none."""
SAFE: Final = ("GET", "HEAD")


def meter_of(method: str, name: str) -> str | None:
    """Which meter a request runs up; None for what costs next to nothing."""
    if method in SAFE and name in PAGES:
        return "pages"
    if method == "POST" and name in UPLOADS:
        return "uploads"
    if method == "POST" and name in PROGRAMS:
        return PROGRAMS[name]
    if name in EXPORTS or name.startswith("export-"):
        return "exports"
    return None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as keys of buckets: empty where it is not known."""

    owner: str
    address: str


@dataclass(slots=True)
class Meter:
    what: str
    per_hour: int
    factor: int
    owners: Buckets = field(init=False)
    addresses: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self.owners = Buckets(self.per_hour)
        self.addresses = Buckets(self.per_hour * self.factor)

    def spend(self, caller: Caller, now_s: float) -> None:
        """Raises Rejected, and then nothing is spent."""
        kept = [(self.owners, caller.owner), (self.addresses, caller.address)]
        known = [(buckets, key) for buckets, key in kept if key]
        wait_s = max((buckets.wait_s(key, now_s) for buckets, key in known), default=0.0)
        if wait_s:
            raise too_often(WORDS[self.what], wait_s)
        for buckets, key in known:
            buckets.spend(key, now_s)

    def give_back(self, caller: Caller) -> None:
        for buckets, key in ((self.owners, caller.owner), (self.addresses, caller.address)):
            if key:
                buckets.give_back(key)


def too_often(what: str, wait_s: float) -> Rejected:
    minutes = math.ceil(wait_s / 60)
    when = f"{minutes} minutes" if minutes > 1 else "a minute"
    sentence = f"Too many {what} in a short time. Try again in {when}."
    return Rejected("too-often", sentence, 429, retry_after_s=math.ceil(wait_s))


@cache
def meters() -> dict[str, Meter]:
    factors = dict.fromkeys(WORDS, settings.ADDRESS_FACTOR) | {
        "pages": 1
    }  # each opens a session: no address may fill the house
    return {what: Meter(what, settings.PER_HOUR[what], factor) for what, factor in factors.items()}


def spend(what: str, caller: Caller) -> None:
    """Raises Rejected (429, Retry-After) when the caller has asked for it too often."""
    meters()[what].spend(caller, time.monotonic())


def give_back(what: str, caller: Caller) -> None:
    """What was spent came to nothing."""
    meters()[what].give_back(caller)


def caller_of_request(request: HttpRequest) -> Caller:
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return Caller(_digest(cookie), _address_key(request.META.get("REMOTE_ADDR") or ""))


def caller_of(scope: Scope) -> Caller:
    client = scope.get("client")
    sent = _session_cookie(scope) or header(scope, b"authorization").decode("latin1")
    return Caller(_digest(sent), _address_key(client[0]) if client else "")


def _address_key(peer: str) -> str:
    return "" if proxies.is_here(peer) else proxies.key_of(peer)


def _session_cookie(scope: Scope) -> str:
    try:
        cookies = SimpleCookie(header(scope, b"cookie").decode("latin1"))
    except CookieError:
        return ""
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else ""


def _digest(cookie: str) -> str:
    """Of one length, and of no use to whoever reads the memory."""
    return hashlib.sha256(cookie.encode()).hexdigest()[:32] if cookie else ""


def name_of(scope: Scope) -> str:
    """The name of the address that a page's request is for; empty for one of nothing."""
    try:
        return resolve(scope["path"]).url_name or ""
    except Resolver404:
        return ""


class Metered:
    """Answers 429 to a page's request that runs up a meter too often, before its body is read."""

    def __init__(self, app: App, meter: Callable[[str, Caller], None] = spend) -> None:
        self.app = app
        self.meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        what = meter_of(scope["method"], name_of(scope)) if scope["type"] == "http" else None
        if not what:
            return await self.app(scope, receive, send)
        caller = caller_of(scope)
        try:
            self.meter(what, caller)
        except Rejected as refusal:
            return await refuse(scope, receive, send, refusal)
        if what != "uploads":
            return await self.app(scope, receive, send)
        return await _Refunding(what, caller, send, arrivals.of(scope)).run(self.app, scope, receive)


class _Refunding:
    """A file that is refused is no recording: who tries which of his files can be read loses nothing by it.

    Nor is one that never got an answer from within: it was cut at the limit, or its sender has gone before it was all
    here. Who goes later, while it is looked at, has had that look, or even a recording.
    """

    def __init__(self, what: str, caller: Caller, send: Send, arrival: Arrival) -> None:
        self.what, self.caller, self.send, self.arrival = what, caller, send, arrival
        self.status = 0

    async def run(self, app: App, scope: Scope, receive: Receive) -> None:
        try:
            await app(scope, receive, self)
        finally:
            if not self.status:
                self._give_back()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status in REFUNDED:
                self._give_back()
        await self.send(message)

    def _give_back(self) -> None:
        if not self.arrival.has_cost:
            give_back(self.what, self.caller)
