"""How a session ends: in four steps, of which each leaves something that the next sweep can go on from.

  1 ending_at is set       nobody finds the session any more, nothing new is taken into it
  2 its folder is renamed  into the trash, by a name that says which session it was: late writers lose their folder
  3 its rows are deleted   in one transaction: late writers lose their row
  4 its files are deleted

Knows the rows and folders of sessions; not why one ends. Overwrites nothing on the disk: a deleted file is as deleted
as the file system makes it. In the database, deleted rows are overwritten (PRAGMA secure_delete), and the write-ahead
log, which would keep them for a while, is emptied by the next sweep.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.module_loading import import_string

from analytics import folders
from analytics.models import ACTIVE, SHOWABLE, AnalysisSession, Recording, Transcript, TranscriptStatus
from analytics.receipts import Deleted, Receipt

log = logging.getLogger(__name__)

HASH_S: Final = 0.7  # that a wipe may read files for their digests: a reload promises an end within 2 s
UNFINISHED: Final = timedelta(minutes=1)  # after which a wipe that began was killed, or an upload was forgotten

_lingers = threading.Event()  # deleted rows may still stand in the write-ahead log


def between(step: str) -> None:
    """Called after each step of a wipe, so that a test can die there."""


def wipe(session_id: uuid.UUID, *, hash_s: float = HASH_S) -> Receipt:
    """Delete a session with all its rows and files. Wiping what is already gone changes nothing."""
    with folders.in_hand(session_id):
        known = _known_digests(session_id)
        files: tuple[Deleted, ...] = ()
        try:
            rows = _make_unreachable(session_id)
        except OperationalError:
            log.exception("session %s: the database has no room; the files go first, and make some", session_id)
            folders.trash(folders.of_session(session_id))
            files = _delete_files(session_id, known, 0)
            rows = _make_unreachable(session_id)
        between("rows")
        folders.trash(folders.of_session(session_id))  # again: of an upload that came in between; no other can
        _tell(session_id)
        files += _delete_files(session_id, known, hash_s)
    return Receipt(session_id, timezone.now(), files, rows)


def _known_digests(session_id: uuid.UUID) -> dict[str, str]:
    """By place in the session's folder: those that the analysis computed."""
    rows = Recording.objects.filter(session_id=session_id).exclude(sha256="").values_list("id", "sha256")
    return {f"{recording_id}/source": sha256 for recording_id, sha256 in rows}


def _make_unreachable(session_id: uuid.UUID) -> dict[str, int]:
    """Steps 1 to 3; how many rows of which model were deleted."""
    AnalysisSession.objects.filter(id=session_id, ending_at=None).update(ending_at=timezone.now())
    between("begun")
    folders.trash(folders.of_session(session_id))
    between("renamed")
    _, deleted = AnalysisSession.objects.filter(id=session_id).delete()
    _lingers.set()
    return deleted


def _delete_files(session_id: uuid.UUID, known: Mapping[str, str], hash_s: float) -> tuple[Deleted, ...]:
    deleted: list[Deleted] = []
    for trashed in folders.trashed_of(session_id):
        deleted += [Deleted.of(content) for content in folders.contents(trashed, known, hash_s)]
        between("listed")
        folders.delete(trashed)
    return tuple(sorted(deleted, key=lambda each: -each.size_bytes))


def _tell(session_id: uuid.UUID) -> None:
    """Let what this process still does for the session hear that it has ended; whatever happens there, it has."""
    for name in settings.AFTER_WIPE:
        try:
            import_string(name)(session_id)
        except Exception:
            log.exception("%s could not be told that a session has ended", name)


def sweep(idle: timedelta, *, booting: bool = False, arriving: Collection[Path] = ()) -> int:
    """Wipe the sessions that nobody has looked at for `idle`, finish every wipe that was killed, and delete the files
    that belong to no row, and to no upload of those in `arriving`. Returns how many sessions were wiped.

    At boot nothing is being analysed or received, so that a session with a job is as idle as any other, and whatever
    an upload left behind is an orphan.
    """
    folders.prepare()
    now = timezone.now()
    wiped = [*_ending(now if booting else now - UNFINISHED), *_idle(now - idle, booting)]
    for session_id in wiped:
        wipe(session_id, hash_s=0)
    folders.trash_orphans(folders.sessions(), AnalysisSession.objects.values_list("id", flat=True))
    if booting:
        _mend()
    folders.empty_incoming(arriving, None if booting else UNFINISHED.total_seconds())
    folders.empty_trash()
    if Session.objects.filter(expire_date__lt=now).exists():
        SessionStore.clear_expired()
    if booting or _lingers.is_set():
        _empty_log()
    return len(wiped)


def _ending(since: datetime) -> list[uuid.UUID]:
    return list(AnalysisSession.objects.filter(ending_at__lte=since).values_list("id", flat=True))


def _idle(since: datetime, booting: bool) -> list[uuid.UUID]:
    idle = AnalysisSession.objects.filter(seen_at__lt=since, ending_at=None)
    if not booting:
        idle = idle.exclude(recordings__status__in=ACTIVE).exclude(id__in=_listening())
    return list(idle.values_list("id", flat=True))


def _listening() -> Any:
    """Sessions of which a recording is being transcribed."""
    active = (TranscriptStatus.WAITING, TranscriptStatus.RUNNING)
    return Transcript.objects.filter(status__in=active).values("recording__session_id")


def _mend() -> None:
    """Files without a row, and rows without files: what a kill left between two steps of anything else."""
    for session_id in AnalysisSession.objects.values_list("id", flat=True):
        keeping = Recording.objects.filter(session_id=session_id, status__in=[*ACTIVE, *SHOWABLE])
        folders.trash_orphans(folders.of_session(session_id), keeping.values_list("id", flat=True))
        for recording in keeping:
            if not folders.of_recording(session_id, recording.id).is_dir():
                recording.delete()


def _empty_log() -> None:
    """Write what stands in the write-ahead log to the database, and cut the log to nothing. Readers may prevent it,
    and then the next sweep does it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if not busy:
        _lingers.clear()
