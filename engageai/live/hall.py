"""What all live sockets of this process share: the threads that read frames, whose turn it is, and who may come in."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Protocol

from django.conf import settings

from engageai.live.latest import Turns


class Full(Exception):
    """There is no room; the text says for whom."""


class Member(Protocol):
    """A socket that has been let in; `recording_id` is None until it is known what it measures."""

    session_id: uuid.UUID
    recording_id: uuid.UUID | None

    async def give_way(self) -> None: ...


class Hall:
    def __init__(self, threads: int, sockets: int, sockets_per_session: int) -> None:
        self.turns = Turns(threads)
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="live")
        self._members: list[Member] = []
        self._sockets = sockets
        self._sockets_per_session = sockets_per_session

    def __len__(self) -> int:
        return len(self._members)

    def admit(self, member: Member) -> None:
        """Raises Full. Whoever was admitted leaves."""
        if len(self._members) >= self._sockets:
            raise Full("as many cameras are being read here as can be; try again in a while")
        mine = sum(other.session_id == member.session_id for other in self._members)
        if mine >= self._sockets_per_session:
            raise Full("this session already has as many live connections as it may have")
        self._members.append(member)

    def leave(self, member: Member) -> None:
        if member in self._members:
            self._members.remove(member)

    def holder_of(self, session_id: uuid.UUID, recording_id: uuid.UUID) -> Member | None:
        """Who is measuring this recording at the moment, or is about to."""
        mine = (each for each in self._members if each.session_id == session_id)
        return next((each for each in mine if each.recording_id == recording_id), None)


@cache
def hall() -> Hall:
    return Hall(settings.LIVE_THREADS, settings.LIVE_SOCKETS, settings.LIVE_SOCKETS_PER_SESSION)
