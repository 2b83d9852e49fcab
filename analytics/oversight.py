"""What the operator sees of sessions and does to their jobs: the store's part for the admin.

Knows states, sizes, signs of life and errors. Hands out no name of a file, no word that was said and no picture: those
are the visitor's. Results are found as long as the session lives.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Count, Exists, Max, OuterRef, QuerySet, Value, When

from analytics import attendance_figures, figures, films, folders, scoring, store, transcripts
from analytics.models import (
    ACTIVE,
    SHOWABLE,
    AnalysisSession,
    Film,
    FilmStatus,
    Recording,
    Status,
    Transcript,
    TranscriptStatus,
)

HEARD: Final = (TranscriptStatus.WAITING, TranscriptStatus.RUNNING)
DRAWN: Final = (FilmStatus.WAITING, FilmStatus.RUNNING)
STATES: Final = {
    "ending": "Ending",
    "working": "Working",
    "failed": "Has failures",
    "ready": "Results ready",
    "empty": "Nothing sent yet",
}
"""In this order: the first that holds is shown."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is done, or was, for one recording: `is_over` as far as it goes."""

    name: str
    state: str
    is_over: bool


def sessions() -> QuerySet[AnalysisSession]:
    """With `state`, and what the list sorts by; their recordings and transcripts come along."""
    mine = Recording.objects.filter(session=OuterRef("pk"))
    spoken = Transcript.objects.filter(recording__session=OuterRef("pk"))
    filmed = Film.objects.filter(recording__session=OuterRef("pk"), status__in=DRAWN)
    working = Exists(mine.filter(status__in=ACTIVE)) | Exists(spoken.filter(status__in=HEARD)) | Exists(filmed)
    failed = Exists(mine.filter(status=Status.FAILED)) | Exists(spoken.filter(status=TranscriptStatus.FAILED))
    state = Case(
        When(ending_at__isnull=False, then=Value("ending")),
        When(working, then=Value("working")),
        When(failed, then=Value("failed")),
        When(Exists(mine.filter(status__in=SHOWABLE)), then=Value("ready")),
        default=Value("empty"),
    )
    found = AnalysisSession.objects.annotate(
        state=state,
        recording_count=Count("recordings"),
        most_faces=Max("recordings__faces"),
        heartbeat_at=Max("recordings__heartbeat_at"),
        heard_at=Max("recordings__transcript__heartbeat_at"),
    )
    return found.prefetch_related("recordings__transcript", "recordings__film")


def transcript_of(recording: Recording) -> Transcript | None:
    return getattr(recording, "transcript", None)


def film_of(recording: Recording) -> Film | None:
    return getattr(recording, "film", None)


def jobs(recording: Recording) -> list[Job]:
    found = [Job("analysis", _progress(recording.status, recording.stage, recording.progress), not recording.is_active)]
    spoken = transcript_of(recording)
    if spoken is not None:
        found.append(Job("transcript", _progress(spoken.status, "", spoken.progress), not spoken.is_active))
    film = film_of(recording)
    if film is not None:
        found.append(Job("film", _progress(film.status, "", film.progress), not film.is_active))
    return found


def _progress(status: str, stage: str, share: float) -> str:
    if status != "running":
        return str(status)
    return f"{stage or 'running'} {share:.0%}".replace("%", " %")


def errors(recording: Recording) -> list[str]:
    """In the words that the visitor reads."""
    spoken = transcript_of(recording)
    found = [recording.message] if recording.status == Status.FAILED else []
    if spoken is not None and spoken.status == TranscriptStatus.FAILED:
        found.append(spoken.note)
    return [sentence or "It failed without saying why." for sentence in found]


def disk_bytes(session_id: uuid.UUID) -> int:
    return folders.size_bytes(folders.of_session(session_id))


def drawn(recording: Recording) -> dict[str, Any]:
    """The figures of the results page, of what was read so far; none before there is anything."""
    info = recording.info
    readings = store.load_readings(recording)
    if info is None or not len(readings.times):
        return {}
    if not recording.reads_expressions:
        return attendance_figures.figures(readings, info)
    return figures.figures(readings, info, scoring.environment(recording.environment))


STOPS: Final = {
    "analysis": store.request_cancel,
    "transcript": transcripts.request_cancel,
    "film": films.request_cancel,
}


def cancel(recording: Recording) -> bool:
    """Stop its analysis, its transcript and its film; False where none of them goes on."""
    going_on = [job for job in jobs(recording) if not job.is_over]
    for job in going_on:
        STOPS[job.name](recording)
    return bool(going_on)


def requeue(recording: Recording) -> bool:
    """Have a running analysis begin anew, or a transcript that runs, failed or was stopped; False where there is none.

    A failed analysis has nothing left to begin with: its file went with it. Whoever still works on the former attempt
    can no longer write. What waits is taken up at the watchdog's next round.
    """
    if recording.is_live:
        return False
    if recording.status == Status.RUNNING:
        store.update(recording.id, cancel_requested=False, attempt=recording.attempts)
        store.release(recording.id, attempt=recording.attempts)
        return True
    return recording.is_showable and transcripts.begin_anew(recording, even_running=True)
