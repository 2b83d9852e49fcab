"""A socket that is open for as long as a page of a session is. Nothing is said over it; what it tells is its end."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import ExitStack
from typing import Any, Final

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from analytics import store
from analytics.access import OWNER
from engageai import endings
from engageai.limits import NOT_FOUND
from engageai.presence.registry import registry

GONE: Final = NOT_FOUND


class Presence(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.session_id: uuid.UUID = self.scope["url_route"]["kwargs"]["session_id"]
        self.held = ExitStack()
        if not await self._hold():
            await self.close(code=NOT_FOUND)  # not accepted: a stranger learns nothing
            return
        with ExitStack() as entered:  # left again where the page has gone meanwhile: then no disconnect comes
            entered.enter_context(endings.heard(self.session_id, self._on_wipe))
            page = (self.session_id, str(self.scope["session"].session_key))
            registry.enter(*page)
            entered.callback(registry.leave, *page)
            await self.accept()
            self.held = entered.pop_all()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Whatever a client says, it is not asked."""

    async def disconnect(self, code: int) -> None:
        self.held.close()

    def _on_wipe(self) -> None:
        self.closing = asyncio.create_task(self.close(code=GONE))

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _hold(self) -> bool:
        try:
            store.hold(store.get_session(str(self.scope["session"].get(OWNER, "")), self.session_id))
        except store.NotFound:
            return False
        return True
