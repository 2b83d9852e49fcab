"""What comes in with a request, for as long as the request lasts: its files, and whether its sender has gone.

Django closes the files of a request that it answers. One whose sender goes before the answer stands in a reference
cycle with its files, until a collector comes by, and the thread of its view goes on: what must not happen behind its
sender's back looks here. Knows files of requests and when they end; not what they are sent for.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest

from engageai.limits import App, Message, Receive, Scope, Send

KEY: Final = "engageai.arrival"


@dataclass(eq=False)
class Arrival:
    """`is_left` once its sender has gone, or what it was sent to was wiped; `is_taken` is said by who takes it."""

    files: list[TemporaryUploadedFile] = field(default_factory=list)
    is_whole: bool = False
    is_left: bool = False
    is_taken: bool = False

    @property
    def has_cost(self) -> bool:
        """It was taken, or all of it came and it was looked at: who then goes has had what a meter counts."""
        return self.is_taken or (self.is_whole and self.is_left)

    def hear(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self.is_left = True
        elif not message.get("more_body"):
            self.is_whole = True

    def unlink(self) -> None:
        """Nobody finds them any more; whoever still reads or writes one may."""
        for file in list(self.files):
            Path(file.temporary_file_path()).unlink(missing_ok=True)

    def close(self) -> None:
        for file in self.files:
            with suppress(OSError):  # what was not written yet does not fit; it is deleted all the same
                file.close()


_open: set[Arrival] = set()


def of(scope: Scope) -> Arrival:
    """A copy of the scope has the same one."""
    arrival: Arrival = scope.setdefault(KEY, Arrival())
    return arrival


def of_request(request: HttpRequest | None) -> Arrival:
    """One of its own where it came over no socket, as in a test."""
    return of(getattr(request, "scope", {}))


def files() -> set[Path]:
    """Where those of all requests are that are under way in this process."""
    found: list[Any] = [file for arrival in list(_open) for file in list(arrival.files)]
    return {Path(file.temporary_file_path()) for file in found}


class Arriving:
    """Around Django, which has joined the thread of a view when it returns."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        arrival = of(scope)

        async def heard() -> Message:
            message = await receive()
            arrival.hear(message)
            if arrival.is_left and arrival.files:
                await asyncio.to_thread(arrival.unlink)  # of 2 GiB that takes a second
            return message

        _open.add(arrival)
        try:
            await self.app(scope, heard, send)
        finally:
            _open.discard(arrival)
            if arrival.files:
                await asyncio.to_thread(arrival.close)
