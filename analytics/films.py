"""The film of a recording (what was read, drawn over its pictures) as row and file: ask, claim, update, end, drop.

Another part of the store. A row runs from claim to end; every write to it is a sign of life, and one that was wiped,
ended or taken over by another attempt raises store.Gone. Knows nothing of how a film is made.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from analytics import folders, store
from analytics.models import AnalysisSession, Film, FilmStatus, Recording

ACTIVE: Final = (FilmStatus.WAITING, FilmStatus.RUNNING)
SILENT: Final = timedelta(seconds=30)
"""Without a sign of life for this long, whoever made it has died."""
MAX_ATTEMPTS: Final = 2


def of(recording: Recording) -> Film | None:
    return Film.objects.filter(recording_id=recording.id).first()


def path(recording: Recording) -> Path:
    return store.recording_folder(recording) / folders.FILM


def ask(recording: Recording, environment: str) -> bool:
    """Have a film wait, in place of one that has ended; False where one is already on its way.

    The file of the one before stays until this one is claimed or cancelled, so that a caller may still undo it all.
    Raises store.NotFound where there is nothing to draw on, or nobody to draw for.
    """
    if not store.has_video(recording):
        raise store.NotFound
    with transaction.atomic():
        if not AnalysisSession.objects.filter(id=recording.session_id, ending_at=None).exists():
            raise store.NotFound
        Film.objects.filter(recording_id=recording.id).exclude(status__in=ACTIVE).delete()
        _, is_new = Film.objects.get_or_create(recording_id=recording.id, defaults={"environment": environment})
    return is_new


def claim(recording_id: uuid.UUID) -> Film | None:
    """Take one that waits to work on; None when it does not wait."""
    now = timezone.now()
    waiting = Film.objects.filter(recording_id=recording_id, status=FilmStatus.WAITING)
    values = {"started_at": now, "heartbeat_at": now, "progress": 0.0, "attempts": F("attempts") + 1}
    if not waiting.update(status=FilmStatus.RUNNING, **values):
        return None
    film = Film.objects.select_related("recording").filter(recording_id=recording_id).first()
    if film is not None:
        path(film.recording).unlink(missing_ok=True)
    return film


def update(film: Film, **values: Any) -> None:
    """Raises store.Gone when this attempt at it does not run."""
    mine = Film.objects.filter(recording_id=film.recording_id, status=FilmStatus.RUNNING, attempts=film.attempts)
    if not mine.update(heartbeat_at=timezone.now(), **values):
        raise store.Gone


def cancel_is_requested(film: Film) -> bool:
    """Raises store.Gone when the recording was wiped."""
    asked = Film.objects.filter(recording_id=film.recording_id).values_list("cancel_requested", flat=True).first()
    if asked is None:
        raise store.Gone
    return asked


def request_cancel(recording: Recording) -> None:
    """Stop it: at once while it waits, at its next step while it runs, not at all when it has ended."""
    mine = Film.objects.filter(recording_id=recording.id)
    cancelled = {"status": FilmStatus.CANCELLED, "finished_at": timezone.now()}
    if mine.filter(status=FilmStatus.WAITING).update(**cancelled):
        path(recording).unlink(missing_ok=True)
    else:
        mine.filter(status=FilmStatus.RUNNING).update(cancel_requested=True)


def finish(film: Film) -> None:
    """It lies in its place. Raises store.Gone, and then the file is gone too."""
    with suppress(FileNotFoundError):
        end(film, FilmStatus.DONE, progress=1.0, size_bytes=path(film.recording).stat().st_size)
        return
    raise store.Gone


def end(film: Film, status: FilmStatus, **values: Any) -> None:
    update(film, status=status, finished_at=timezone.now(), **values)


def release(film: Film) -> None:
    """Let it wait again, for the next server."""
    update(film, status=FilmStatus.WAITING, progress=0.0)


def take_back(film: Film) -> bool:
    """Let it wait again where whoever made it has fallen silent; whether it waits now and has to be begun."""
    silent = Film.objects.filter(recording_id=film.recording_id, heartbeat_at__lt=timezone.now() - SILENT)
    now = timezone.now()
    silent.filter(status=FilmStatus.RUNNING, attempts__gte=MAX_ATTEMPTS).update(
        status=FilmStatus.FAILED, finished_at=now
    )
    waits = {"status": FilmStatus.WAITING, "progress": 0.0, "heartbeat_at": now}
    return bool(silent.filter(status__in=ACTIVE).update(**waits))
