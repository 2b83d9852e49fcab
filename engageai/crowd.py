"""How many sockets may be open at once: of this process, of one visitor, of one address. Knows nothing of their talk.

Whoever is one too many is let in for as long as it takes to be told so: a refused handshake would tell a page nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.conf import settings

from engageai import meters
from engageai.errors import Rejected
from engageai.limits import App, Receive, Scope, Send

BUSY: Final = 1013
FULL: Final = "as many pages are connected here as can be; try again in a while"
YOURS: Final = "you have as many connections open here as you may have; close other tabs"
OFTEN: Final = "too many connections in a short time; try again in a while"


class Crowd:
    def __init__(self, app: App) -> None:
        self.app = app
        self.open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = meters.caller_of(scope)
        if reason := self._reason_against(caller):
            return await turn_away(receive, send, reason)
        keys = ["all", *filter(None, (caller.owner, caller.address))]
        self.open.update(keys)
        try:
            return await self.app(scope, receive, send)
        finally:
            self.open.subtract(keys)
            self.open += Counter()  # without those of which none is left

    def _reason_against(self, caller: meters.Caller) -> str:
        if self.open["all"] >= settings.MAX_SOCKETS:
            return FULL
        most = settings.MAX_SOCKETS_PER_VISITOR
        if caller.owner and self.open[caller.owner] >= most:
            return YOURS
        if caller.address and self.open[caller.address] >= most * settings.ADDRESS_FACTOR:
            return YOURS
        try:
            meters.spend("sockets", caller)
        except Rejected:
            return OFTEN
        return ""


async def turn_away(receive: Receive, send: Send, reason: str) -> None:
    await receive()  # the request to connect
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": BUSY, "reason": reason})
