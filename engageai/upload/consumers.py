"""A socket that tells how far a recording has come. It listens to nothing.

It asks the row four times a second rather than wait for a signal over the channel layer. The job runs in a thread, the
layer belongs to the event loop, and a layer in memory reaches one process only and drops signals when it is full; the
row is written anyway, is the same truth that the page shows, and can be read from any process.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from analytics import store
from analytics.access import OWNER
from engageai.limits import NOT_FOUND
from engageai.upload import views
from engageai.upload.progress import State

log = logging.getLogger(__name__)

INTERVAL_S: Final = 0.25
ENDED: Final = 1000
BROKEN: Final = 1011


class Progress(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Sends the state at once and whenever it changes; closes when the analysis has ended."""

    teller: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        state = await self._state()
        if state is None:  # not accepted: a stranger learns nothing
            await self.close(code=NOT_FOUND)
            return
        await self.accept()
        self.teller = asyncio.create_task(self._tell(state))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Whatever a client says, it is not asked."""

    async def disconnect(self, code: int) -> None:
        if self.teller is not None:
            self.teller.cancel()

    async def _tell(self, state: State) -> None:
        try:
            await self.close(code=await self._tell_until_ended(state))
        except Exception:
            log.exception("a progress socket broke")
            await self.close(code=BROKEN)

    async def _tell_until_ended(self, state: State) -> int:
        await self.send_json(state)
        while state["status"] in ("queued", "running"):
            await asyncio.sleep(INTERVAL_S)
            latest = await self._state()
            if latest is None:  # wiped
                return NOT_FOUND
            if latest != state:
                await self.send_json(latest)
            state = latest
        return ENDED

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _state(self) -> State | None:
        ids = self.scope["url_route"]["kwargs"]
        try:
            recording = store.get_recording(
                str(self.scope["session"].get(OWNER, "")), ids["session_id"], ids["recording_id"]
            )
        except store.NotFound:
            return None
        return views.state_of(recording)
