"""The transcript of one recording, as a task that begins when its analysis has ended.

The row is the truth, as for an analysis: claimed before anything is done, written to once a second, and one that was
wiped or cancelled stops the work at its next step. What is heard is transcribe's.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from typing import Final

from django.conf import settings
from django_tasks import task

from analytics import store, transcripts
from analytics.models import Recording, TranscriptStatus
from engageai import tasks
from engageai.content import deepgram
from engageai.content.transcribe import Task, transcribe

log = logging.getLogger(__name__)

STEP_S: Final = 1.0
MAX_ATTEMPTS: Final = 2

FAILED: Final = "The transcript could not be made because of a fault on our side. The other results stand."
RESTARTED: Final = "The server was restarted twice while this recording was transcribed, so there is no transcript."
BUSY: Final = "Too many recordings were waiting, so there is no transcript."


class Cancelled(Exception):
    """The visitor asked to stop."""


class Interrupted(Exception):
    """The server is stopping; the transcript waits for the next one."""


def begin(recording_id: uuid.UUID) -> None:
    """Have the recording transcribed, now that its results can be seen. A camera's has no sound, and gets nothing."""
    with suppress(Recording.DoesNotExist, store.NotFound):
        transcripts.open_for(Recording.objects.get(id=recording_id))
        _enqueue(recording_id)


def recover() -> int:
    """Take up what a server that stopped or died left behind; returns how many transcripts that are."""
    waiting = transcripts.requeue_interrupted(MAX_ATTEMPTS, RESTARTED)
    for recording_id in waiting:
        _enqueue(recording_id)
    return len(waiting)


def _enqueue(recording_id: uuid.UUID) -> None:
    try:
        write_down.enqueue(str(recording_id))
    except tasks.Full:
        if transcripts.claim(recording_id) is not None:
            transcripts.end(recording_id, TranscriptStatus.FAILED, BUSY)


@task(backend="speech")
def write_down(recording_id: str) -> None:
    row = transcripts.claim(uuid.UUID(recording_id))
    if row is None:
        return
    recording = row.recording
    with suppress(store.Gone):  # wiped meanwhile: there is nobody left to tell
        try:
            _work(recording)
        except Cancelled:
            transcripts.end(recording.id, TranscriptStatus.CANCELLED)
        except Interrupted:
            transcripts.release(recording.id)
        except store.Gone:
            log.info("recording %s was wiped while it was transcribed", recording.id)
        except Exception:
            transcripts.cancel_is_requested(recording.id)  # a file that a wipe took away is no fault
            log.exception("recording %s could not be transcribed", recording.id)
            transcripts.end(recording.id, TranscriptStatus.FAILED, FAILED)


def _work(recording: Recording) -> None:
    watch = _Watch(recording.id)
    watch(0.0)
    outcome = transcribe(_task(recording), watch)
    if outcome.response is None:
        transcripts.end(recording.id, TranscriptStatus.ABSENT, outcome.note, engine=outcome.engine, progress=1.0)
    else:
        transcripts.save(recording, outcome.response, outcome.engine, outcome.note)


def _task(recording: Recording) -> Task:
    return Task(
        path=store.source_path(recording),
        duration_s=recording.duration_s or 0.0,
        max_s=settings.MAX_MINUTES * 60.0,
        threads=settings.SPEECH_THREADS,
        deepgram=access() if recording.may_send_sound else None,
    )


def access() -> deepgram.Access | None:
    """The account of this installation, if it has one."""
    if not settings.DEEPGRAM_API_KEY:
        return None
    return deepgram.Access(
        key=settings.DEEPGRAM_API_KEY,
        model=settings.DEEPGRAM_MODEL,
        url=settings.DEEPGRAM_URL,
        timeout_s=settings.DEEPGRAM_TIMEOUT_S,
    )


class _Watch:
    """Once a second: a sign of life with the share that is done, or Cancelled, Interrupted or store.Gone."""

    def __init__(self, recording_id: uuid.UUID) -> None:
        self.recording_id = recording_id
        self.due = time.monotonic()
        self.share = 0.0

    def __call__(self, share: float) -> None:
        self.share = max(self.share, share)  # a fall back from Deepgram, or a second hearing, never goes backwards
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + STEP_S
        if tasks.stopping.is_set():
            raise Interrupted
        if transcripts.cancel_is_requested(self.recording_id):
            raise Cancelled
        transcripts.update(self.recording_id, progress=self.share)
