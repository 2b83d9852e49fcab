"""Who of this process must hear at once that a session has been wiped: its sockets and the requests for its files.

Nobody has to listen for the wipe to hold: rows and files are gone whoever hears of it, and every socket finds that out
by itself within a second. This ends what would not look: an upload that is still arriving, a download that is paused.
Where several processes share the work, each would be told over the channel layer.
"""

from __future__ import annotations

import asyncio
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from engageai import errors
from engageai.limits import App, Message, Receive, Scope, Send, refuse

_lock = threading.Lock()
_listeners: dict[uuid.UUID, list[Callable[[], None]]] = {}

# A wipe must live to tell that it is done.
OF_SESSION: Final = re.compile(r"/(?:api/v1/sessions|s)/([0-9a-f]{8}-[0-9a-f-]{27})/(?!wipe/)")


@contextmanager
def heard(session_id: uuid.UUID, callback: Callable[[], None]) -> Iterator[None]:
    """Meanwhile `callback` is called in the event loop that this is entered in, when the session is wiped."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(callback)

    with _lock:
        _listeners.setdefault(session_id, []).append(told)
    try:
        yield
    finally:
        with _lock:
            _listeners[session_id].remove(told)
            if not _listeners[session_id]:
                del _listeners[session_id]


def tell(session_id: uuid.UUID) -> None:
    """From any thread."""
    with _lock:
        listeners = list(_listeners.get(session_id, ()))
    for told in listeners:
        told()


def listening() -> set[uuid.UUID]:
    """The sessions of which something is under way here: a request that arrives or is answered, a socket."""
    with _lock:
        return set(_listeners)


class UntilWiped:
    """Ends every request for something of a session with the session, as if its client had gone away."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session_id = _session_of(scope)
        if session_id is None:
            return await self.app(scope, receive, send)
        ended = asyncio.Event()
        with heard(session_id, ended.set):
            return await _Ending(receive, send, ended).run(self.app, scope)


def _session_of(scope: Scope) -> uuid.UUID | None:
    match = OF_SESSION.match(scope["path"]) if scope["type"] == "http" else None
    with suppress(ValueError):
        return uuid.UUID(match[1]) if match else None
    return None


class _Ending:
    def __init__(self, receive: Receive, send: Send, ended: asyncio.Event) -> None:
        self.inner_receive = receive
        self.inner_send = send
        self.ended = ended
        self.is_answered = False

    async def run(self, app: App, scope: Scope) -> None:
        await app(scope, self.receive, self.send)
        if self.ended.is_set() and not self.is_answered:
            error = errors.Rejected("not-found", errors.NOT_FOUND, 404)
            await refuse(scope, self.inner_receive, self.inner_send, error)

    async def receive(self) -> Message:
        message = asyncio.ensure_future(self.inner_receive())
        ended = asyncio.create_task(self.ended.wait())
        try:
            await asyncio.wait({message, ended}, return_when=asyncio.FIRST_COMPLETED)
            return {"type": "http.disconnect"} if ended.done() else message.result()
        finally:
            message.cancel()
            ended.cancel()

    async def send(self, message: Message) -> None:
        self.is_answered = True
        await self.inner_send(message)
