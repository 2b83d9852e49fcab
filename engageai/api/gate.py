"""What is decided of a program's request before anything reads its body. Pure ASGI; knows where the interface is.

Without a token that is known nothing is received: 2 GiB would be on the disk before a view could say no. A program is
answered in JSON whatever it accepts, and has no cookies: what a browser would send by itself counts for nothing here.
"""

from __future__ import annotations

from typing import Final

from engageai.api import tokens
from engageai.errors import Rejected
from engageai.limits import App, Receive, Scope, Send, header, refuse

ROOT: Final = "/api/"
OPEN: Final = frozenset({"/api/v1/docs", "/api/v1/openapi.json"})
"""What says the same to everybody, and how to go on."""
DROPPED: Final = (b"accept", b"cookie")


class Gate:
    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(ROOT) or scope["path"] in OPEN:
            return await self.app(scope, receive, send)
        kept = [(name, value) for name, value in scope["headers"] if name not in DROPPED]
        scope = {**scope, "headers": [*kept, (b"accept", b"application/json")]}
        try:
            tokens.owner_of(header(scope, b"authorization").decode("latin1"))
        except Rejected as refusal:
            return await refuse(scope, receive, send, refusal)
        return await self.app(scope, receive, send)
