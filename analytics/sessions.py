"""Sessions: opened, found by their owner alone, kept alive while a page of them is open. The store's first part.

Knows the row of a session; not its recordings, and not how it ends (analytics.wiping).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analytics.models import AnalysisSession
from analytics.purposes import Terms

TOUCH_S: Final = 60.0  # a session that is being looked at is marked as seen no more often than this


class NotFound(Exception):
    """There is no such thing, or it is not the caller's: the two must look the same."""


class Crowded(Exception):
    """As many sessions are open as may be: of this owner (`is_mine`), or of all."""

    def __init__(self, *, is_mine: bool) -> None:
        super().__init__(is_mine)
        self.is_mine = is_mine


def open_session(owner: str) -> AnalysisSession:
    """Raises Crowded."""
    with transaction.atomic():  # the write lock is held from its first query, so that nobody slips in between
        alive = AnalysisSession.objects.filter(ending_at=None)
        if alive.filter(owner_hash=digest(owner)).count() >= settings.MAX_SESSIONS_PER_VISITOR:
            raise Crowded(is_mine=True)
        if alive.count() >= settings.MAX_SESSIONS:
            raise Crowded(is_mine=False)
        return AnalysisSession.objects.create(owner_hash=digest(owner))


def get_session(owner: str, session_id: uuid.UUID) -> AnalysisSession:
    session = AnalysisSession.objects.filter(id=session_id, owner_hash=digest(owner), ending_at=None).first()
    if session is None or not owner:
        raise NotFound
    _touch(session)
    return session


def answer(session_id: uuid.UUID, terms: Terms) -> None:
    """Record what the visitor said that it is for. Raises NotFound after a wipe."""
    if not AnalysisSession.objects.filter(id=session_id, ending_at=None).update(**asdict(terms)):
        raise NotFound


def digest(owner: str) -> str:
    """What is stored of an owner's secret: a copy of the database opens no session."""
    return hashlib.sha256(owner.encode()).hexdigest()


def _touch(session: AnalysisSession) -> None:
    now = timezone.now()
    if (now - session.seen_at).total_seconds() >= TOUCH_S:
        AnalysisSession.objects.filter(id=session.id).update(seen_at=now)


def hold(session: AnalysisSession) -> None:
    """A page of it is open, and says so for as long as it is: from now on it ends soon after its last page closed."""
    AnalysisSession.objects.filter(id=session.id, has_tab=False).update(has_tab=True)


def held() -> list[uuid.UUID]:
    """The sessions that a page held once."""
    return list(AnalysisSession.objects.filter(has_tab=True).values_list("id", flat=True))


def keep_alive(session_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Mark sessions as seen. Returns those of them that have ended."""
    now = timezone.now()
    seen = AnalysisSession.objects.filter(id__in=session_ids, ending_at=None)
    if seen.filter(seen_at__lt=now - timedelta(seconds=TOUCH_S)).exists():
        seen.update(seen_at=now)
    return set(session_ids) - set(seen.values_list("id", flat=True))
