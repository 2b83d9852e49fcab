"""The transcript of a recording as row and file, the store's other half: open, claim, update, save, end, take up again.

A row runs from claim to end; every write to it is a sign of life, and one that was wiped or ended elsewhere raises
store.Gone. Knows nothing of how speech becomes words; where the file lies is told by store and folders.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from analytics import folders, store
from analytics.models import SHOWABLE, Recording, Source, Transcript, TranscriptStatus

LEFTOVERS: Final = "sound-*"  # folders for the sound of a recording, on its way to where it is heard
COMING: Final = (TranscriptStatus.WAITING, TranscriptStatus.RUNNING)
ENDED_WITHOUT: Final = (TranscriptStatus.FAILED, TranscriptStatus.CANCELLED)
LONGEST_NOTE: Final = Transcript._meta.get_field("note").max_length or 0


def open_for(recording: Recording) -> None:
    """Have a transcript wait for `recording`, if it has none. Raises store.NotFound for a camera: it has no sound."""
    if recording.is_live:
        raise store.NotFound
    Transcript.objects.get_or_create(recording_id=recording.id)


def of(recording: Recording) -> Transcript | None:
    return Transcript.objects.filter(recording_id=recording.id).first()


def state_of(recording: Recording) -> TranscriptStatus:
    """Of one without a row: it is about to get one, but for a camera and for what ended without results."""
    row = of(recording)
    if row is not None:
        return TranscriptStatus(row.status)
    is_coming = not recording.is_live and (recording.is_active or recording.is_showable)
    return TranscriptStatus.WAITING if is_coming else TranscriptStatus.ABSENT


def are_coming(recording: Recording) -> bool:
    """Whether words are being written down, or will be."""
    return state_of(recording) in COMING


def claim(recording_id: uuid.UUID) -> Transcript | None:
    """Take one that waits to work on; None when it does not wait."""
    now = timezone.now()
    waiting = Transcript.objects.filter(recording_id=recording_id, status=TranscriptStatus.WAITING)
    values = {"started_at": now, "heartbeat_at": now, "progress": 0.0, "attempts": F("attempts") + 1}
    if not waiting.update(status=TranscriptStatus.RUNNING, **values):
        return None
    return Transcript.objects.select_related("recording").filter(recording_id=recording_id).first()


def update(recording_id: uuid.UUID, *, attempt: int | None = None, **values: Any) -> None:
    """Raises store.Gone when it does not run, or when another attempt at it does."""
    running = Transcript.objects.filter(recording_id=recording_id, status=TranscriptStatus.RUNNING)
    if attempt is not None:
        running = running.filter(attempts=attempt)
    if not running.update(heartbeat_at=timezone.now(), **values):
        raise store.Gone


def request_cancel(recording: Recording) -> None:
    """Stop it: at once while it waits, at its next step while it runs, not at all when it has ended."""
    mine = Transcript.objects.filter(recording_id=recording.id)
    cancelled = {"status": TranscriptStatus.CANCELLED, "finished_at": timezone.now()}
    if not mine.filter(status=TranscriptStatus.WAITING).update(**cancelled):
        mine.filter(status=TranscriptStatus.RUNNING).update(cancel_requested=True)


def cancel_is_requested(recording_id: uuid.UUID) -> bool:
    """Raises store.Gone when the recording was wiped."""
    asked = Transcript.objects.filter(recording_id=recording_id).values_list("cancel_requested", flat=True).first()
    if asked is None:
        raise store.Gone
    return asked


def save(
    recording: Recording, response: Mapping[str, Any], engine: str, note: str, *, attempt: int | None = None
) -> None:
    """Keep what was said (Deepgram's shape), and end. Raises store.Gone."""
    data = json.dumps(response, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    update(recording.id, attempt=attempt)
    try:
        folders.put(store.recording_folder(recording) / folders.TRANSCRIPT, data)
    except FileNotFoundError:
        raise store.Gone from None
    end(recording.id, TranscriptStatus.DONE, note, engine=engine, progress=1.0, attempt=attempt)


def end(recording_id: uuid.UUID, status: TranscriptStatus, note: str = "", **values: Any) -> None:
    update(recording_id, status=status, note=note[:LONGEST_NOTE], finished_at=timezone.now(), **values)


def release(recording_id: uuid.UUID, *, attempt: int | None = None) -> None:
    """Let it wait again, for the next server."""
    _drop_leftovers(recording_id)
    update(recording_id, attempt=attempt, status=TranscriptStatus.WAITING, progress=0.0)


def begin_anew(recording: Recording, *, even_running: bool = False) -> bool:
    """Let one that failed or was stopped wait again; False where there is none such."""
    states = (*ENDED_WITHOUT, TranscriptStatus.RUNNING) if even_running else ENDED_WITHOUT
    rows = Transcript.objects.filter(recording_id=recording.id, status__in=states)
    afresh = {"status": TranscriptStatus.WAITING, "progress": 0.0, "note": "", "finished_at": None}
    return bool(rows.update(cancel_requested=False, **afresh))


def requeue_interrupted(max_attempts: int, note: str, silent_s: float | None = None) -> list[uuid.UUID]:
    """What to enqueue: of every result that has a file, the transcript that is not there yet.

    While the server runs, `silent_s` says how long ago the last sign of life must be; at its start nothing can run.
    A result that is as old and has no transcript is one for which it could not be begun.
    """
    now = timezone.now()
    for row in Transcript.objects.filter(status=TranscriptStatus.RUNNING):
        silence = now - (row.heartbeat_at or row.created_at)
        if silent_s is None or silence.total_seconds() >= silent_s:
            with suppress(store.Gone):
                _take_back(row, max_attempts, note)
    results = Recording.objects.filter(status__in=SHOWABLE, source=Source.FILE, transcript=None)
    if silent_s is not None:
        results = results.filter(finished_at__lt=now - timedelta(seconds=silent_s))
    for recording in results:
        open_for(recording)
    waiting = Transcript.objects.filter(status=TranscriptStatus.WAITING)
    return list(waiting.values_list("recording_id", flat=True))


def _take_back(row: Transcript, max_attempts: int, note: str) -> None:
    if row.losses + 1 >= max_attempts:
        _drop_leftovers(row.recording_id)
        end(row.recording_id, TranscriptStatus.FAILED, note, attempt=row.attempts)
    else:
        update(row.recording_id, attempt=row.attempts, losses=F("losses") + 1)
        release(row.recording_id, attempt=row.attempts)


def _drop_leftovers(recording_id: uuid.UUID) -> None:
    for recording in Recording.objects.filter(id=recording_id):
        folders.drop(store.recording_folder(recording), LEFTOVERS)
