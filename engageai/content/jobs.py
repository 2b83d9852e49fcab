"""The transcript of one recording, as a task that begins when its analysis has ended.

The row is the truth, as for an analysis: claimed before anything is done, written to once a second, and one that was
wiped or cancelled stops the work at its next step. What is heard is transcribe's.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from django.conf import settings
from django_tasks import task

from analytics import store, transcripts
from analytics.models import Recording, Transcript, TranscriptStatus
from engageai import errors, metrics, pulse, tasks
from engageai.content import deepgram
from engageai.content.transcribe import Task, transcribe

log = logging.getLogger(__name__)

STEP_S: Final = 1.0
MAX_ATTEMPTS: Final = 2

FAILED: Final = "The transcript could not be made because of a fault on our side. The other results stand."
NO_ROOM: Final = "The disk of this machine is full, so the transcript could not be kept. The other results stand."
RESTARTED: Final = "The server was restarted twice while this recording was transcribed, so there is no transcript."
STALLED: Final = "Writing down what was said fell silent twice, so there is no transcript. The other results stand."


class Cancelled(Exception):
    """The visitor asked to stop."""


class Interrupted(Exception):
    """The server is stopping; the transcript waits for the next one."""


def begin(recording_id: uuid.UUID) -> None:
    """Have the recording transcribed, now that its results can be seen. A camera's has no sound, and gets nothing."""
    with suppress(Recording.DoesNotExist, store.NotFound):
        transcripts.open_for(Recording.objects.get(id=recording_id))
        _enqueue(recording_id)


def begin_again(recording: Recording) -> None:
    """Have words that failed or were stopped written down after all; what runs or is there stays as it is."""
    if transcripts.begin_anew(recording):
        _enqueue(recording.id)


def recover() -> int:
    """Take up what a server that stopped or died left behind; returns how many transcripts that are."""
    return _enqueue_all(transcripts.requeue_interrupted(MAX_ATTEMPTS, RESTARTED))


def reap() -> int:
    """Take up what has fallen silent, and what waits and was never enqueued; returns how many transcripts that are."""
    waiting = transcripts.requeue_interrupted(MAX_ATTEMPTS, STALLED, pulse.SILENT_S)
    pulse.give_up_stalled()
    return _enqueue_all(waiting)


def _enqueue_all(waiting: Iterable[uuid.UUID]) -> int:
    fresh = [each for each in waiting if not tasks.holds(write_down.backend, str(each))]
    for recording_id in fresh:
        _enqueue(recording_id)
    return len(fresh)


def _enqueue(recording_id: uuid.UUID) -> None:
    with suppress(tasks.Full):  # it waits, and the next round of the reaper takes it up
        write_down.enqueue(str(recording_id))


@task(backend="speech")
def write_down(recording_id: str) -> None:
    row = transcripts.claim(uuid.UUID(recording_id))
    if row is None:
        return
    watch = _Watch(row)
    # Gone: wiped meanwhile, so that there is nobody left to tell.
    with (
        suppress(store.Gone),
        metrics.timed("transcript") as run,
        pulse.of(write_down.backend, recording_id, watch.beat, watch.let_go) as watch.life,
    ):
        run.end = _attempt(row, watch)


def _attempt(row: Transcript, watch: _Watch) -> str:
    """How it ended. Raises store.Gone."""
    recording_id = row.recording_id
    try:
        _work(row, watch)
    except Cancelled:
        transcripts.end(recording_id, TranscriptStatus.CANCELLED, attempt=row.attempts)
        return "cancelled"
    except Interrupted:
        watch.release()
        return "interrupted"
    except store.Gone:
        log.info("recording %s was wiped or taken back while it was transcribed", recording_id)
        raise
    except Exception as error:
        transcripts.cancel_is_requested(recording_id)  # a file that a wipe took away is no fault
        log.exception("recording %s could not be transcribed", recording_id)
        note = NO_ROOM if errors.disk_is_full(error) else FAILED
        transcripts.end(recording_id, TranscriptStatus.FAILED, note, attempt=row.attempts)
        return "failed"
    return "done"


def _work(row: Transcript, watch: _Watch) -> None:
    recording, attempt = row.recording, row.attempts
    watch(0.0)
    outcome = transcribe(_task(recording), watch)
    if outcome.response is None:
        values = {"engine": outcome.engine, "progress": 1.0}
        transcripts.end(recording.id, TranscriptStatus.ABSENT, outcome.note, attempt=attempt, **values)
    else:
        transcripts.save(recording, outcome.response, outcome.engine, outcome.note, attempt=attempt)


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

    life: pulse.Pulse

    def __init__(self, row: Transcript) -> None:
        self.recording_id = row.recording_id
        self.attempt = row.attempts
        self.due = time.monotonic()
        self.share = 0.0

    def __call__(self, share: float) -> None:
        self.life.step()
        self.share = max(self.share, share)  # a fall back from Deepgram, or a second hearing, never goes backwards
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + STEP_S
        if tasks.stopping.is_set():
            raise Interrupted
        if transcripts.cancel_is_requested(self.recording_id):
            raise Cancelled
        transcripts.update(self.recording_id, progress=self.share, attempt=self.attempt)

    def beat(self) -> None:
        with suppress(store.Gone):  # which the job finds out at its next step
            transcripts.update(self.recording_id, attempt=self.attempt)

    def let_go(self) -> None:
        with suppress(store.Gone):
            self.release()

    def release(self) -> None:
        transcripts.release(self.recording_id, attempt=self.attempt)
