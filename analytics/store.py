"""The only door to a session's rows and files: open, add, append, finish, wipe, sweep.

Rows say what is true; files follow. Everything of a session lies in sessions/<id>/ below the data folder, one folder
for each recording. Here are the recordings; how a session opens is in analytics.sessions, how it ends in
analytics.wiping. Knows nothing of requests or of videos.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from analytics import attendance, folders
from analytics.models import ACTIVE, SHOWABLE, AnalysisSession, Recording, Source, Stage, Status
from analytics.readings import Readings
from analytics.sessions import Crowded as Crowded
from analytics.sessions import NotFound as NotFound
from analytics.sessions import answer as answer
from analytics.sessions import get_session as get_session
from analytics.sessions import held as held
from analytics.sessions import hold as hold
from analytics.sessions import keep_alive as keep_alive
from analytics.sessions import open_session as open_session
from analytics.wiping import sweep as sweep
from analytics.wiping import wipe as wipe
from emotion_ml.types import VideoInfo

AFRESH = {"status": Status.QUEUED, "stage": Stage.QUEUED, "progress": 0.0, "readings_bytes": 0, "faces": 0}


class Gone(Exception):
    """The recording was wiped, or is no longer being analysed: whoever still writes to it has to stop."""


class Full(Exception):
    """The session already has as many recordings waiting as it may have."""


def get_recording(owner: str, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    session = get_session(owner, session_id)
    recording = session.recordings.filter(id=recording_id).first()
    if recording is None:
        raise NotFound
    return recording


def add_recording(session: AnalysisSession, upload: Path, info: VideoInfo, limit: int, **fields: Any) -> Recording:
    """Take the file at `upload` over by renaming it, and queue it; `fields` are the row's own.

    Raises Full when `limit` recordings of the session wait already, NotFound when the session was wiped meanwhile.
    Then `upload` may be gone, but nothing of it is kept.
    """
    recording = Recording(session=session, size_bytes=upload.stat().st_size, **asdict(info), **fields)
    folder = recording_folder(recording)
    folder.mkdir(parents=True)
    try:
        upload.replace(folder / "source")
        with transaction.atomic():  # the write lock is held from its first query, so that nobody slips in between
            if session.recordings.filter(status__in=ACTIVE).count() >= limit:
                raise Full
            _insert(recording)
    except BaseException:
        folders.remove(folder)
        raise
    return recording


def _insert(recording: Recording) -> None:
    """In a transaction. Raises NotFound where the session has just been wiped."""
    if not AnalysisSession.objects.select_for_update().filter(id=recording.session_id, ending_at=None).exists():
        raise NotFound
    recording.save(force_insert=True)


def add_live(session: AnalysisSession, **fields: Any) -> Recording:
    """A recording without a file, which runs at once and is only ever appended to. Raises NotFound after a wipe."""
    now = timezone.now()
    running = {"status": Status.RUNNING, "stage": Stage.ANALYSE, "started_at": now, "heartbeat_at": now}
    recording = Recording(session=session, source=Source.LIVE, **running, **fields)
    recording_folder(recording).mkdir(parents=True)
    try:
        with transaction.atomic():
            _insert(recording)
    except BaseException:
        folders.remove(recording_folder(recording))
        raise
    return recording


def resume_live(recording: Recording) -> None:
    """Let a live recording run on that has ended, or that nobody measures any more and could not be finished, as on a
    full disk. Raises NotFound for any other.
    """
    left = Recording.objects.filter(id=recording.id, source=Source.LIVE, status__in=[*SHOWABLE, Status.RUNNING])
    if not left.update(status=Status.RUNNING, stage=Stage.ANALYSE, finished_at=None, heartbeat_at=timezone.now()):
        raise NotFound


def discard(recording: Recording) -> None:
    """Forget a recording, row and files."""
    Recording.objects.filter(id=recording.id).delete()
    folders.remove(recording_folder(recording))


def request_cancel(recording: Recording) -> None:
    """Stop its analysis: at once while it waits, at its next step while it runs, not at all when it has ended."""
    mine = Recording.objects.filter(id=recording.id)
    if mine.filter(status=Status.QUEUED).update(status=Status.CANCELLED, finished_at=timezone.now()):
        folders.remove(recording_folder(recording))
    else:
        mine.filter(status=Status.RUNNING).update(cancel_requested=True)


def recording_folder(recording: Recording) -> Path:
    return folders.of_recording(recording.session_id, recording.id)


def source_path(recording: Recording) -> Path:
    """The file as it was uploaded, under our own name."""
    return recording_folder(recording) / "source"


def playback_path(recording: Recording) -> Path:
    """Where the version goes that browsers play, when they cannot play the source."""
    return recording_folder(recording) / "playback.mp4"


def video_path(recording: Recording) -> Path:
    """The file that browsers play. Raises NotFound when there is none."""
    path = source_path(recording) if recording.playable else playback_path(recording)
    if not path.is_file():
        raise NotFound
    return path


def video_type(recording: Recording) -> str:
    return recording.media_type if recording.playable and recording.media_type else "video/mp4"


def has_video(recording: Recording) -> bool:
    return (source_path(recording) if recording.playable else playback_path(recording)).is_file()


def load_readings(recording: Recording, within: tuple[float, float] | None = None) -> Readings:
    """All of them, or with `within` the faces of that stretch alone, as Readings.from_bytes has it."""
    if not recording.readings_bytes or not _readings_path(recording).is_file():
        return Readings.of([])
    with _readings_path(recording).open("rb") as file:
        return Readings.from_bytes(file.read(recording.readings_bytes), within)


def transcript_of(recording: Recording) -> dict[str, Any] | None:
    """What was said, in Deepgram's shape (analytics.transcript reads it); None where nothing is written down."""
    path = recording_folder(recording) / folders.TRANSCRIPT
    return dict(json.loads(path.read_bytes())) if path.is_file() else None


def claim(recording_id: uuid.UUID) -> Recording | None:
    """Take a waiting recording to work on; None when another worker was quicker, or when it waits no longer."""
    now = timezone.now()
    values = {"started_at": now, "stage_started_at": now, "heartbeat_at": now, "attempts": F("attempts") + 1}
    waiting = Recording.objects.filter(id=recording_id, status=Status.QUEUED)
    taken = waiting.update(status=Status.RUNNING, **values)
    return Recording.objects.filter(id=recording_id).first() if taken else None


def ahead_of(recording: Recording) -> int:
    """How many recordings, of whomever, are worked on or have waited for longer."""
    others = Recording.objects.filter(source=Source.FILE).exclude(id=recording.id)
    return others.filter(
        Q(status=Status.RUNNING) | Q(status=Status.QUEUED, created_at__lt=recording.created_at)
    ).count()


def update(recording_id: uuid.UUID, *, attempt: int | None = None, **values: Any) -> None:
    """Write to the row of a running recording; every write is a sign of life. Raises Gone when it does not run.

    Whoever claimed it says which `attempt` that was: one that was given up for dead and comes back writes nothing.
    """
    running = Recording.objects.filter(id=recording_id, status=Status.RUNNING, **_by(attempt))
    if not running.update(heartbeat_at=timezone.now(), **values):
        raise Gone


def enter(recording_id: uuid.UUID, stage: Stage, **values: Any) -> None:
    update(recording_id, stage=stage, progress=0.0, stage_started_at=timezone.now(), **values)


def _by(attempt: int | None) -> dict[str, int]:
    return {} if attempt is None else {"attempts": attempt}


def append(recording_id: uuid.UUID, readings: Readings, progress: float, *, attempt: int | None = None) -> None:
    """Add readings to those stored. They count from the moment that the row says so: a torn write never does."""
    recording = Recording.objects.filter(id=recording_id, **_by(attempt)).first()
    if recording is None:
        raise Gone
    data = readings.to_bytes()
    try:
        folders.write_at(_readings_path(recording), recording.readings_bytes, data)
    except FileNotFoundError:
        raise Gone from None
    length = recording.readings_bytes + len(data)
    faces = max(recording.faces, int(attendance.faces(readings).max(initial=0)))
    update(recording_id, attempt=attempt, readings_bytes=length, progress=min(progress, 1.0), faces=faces)


def cancel_is_requested(recording_id: uuid.UUID, *, attempt: int | None = None) -> bool:
    """Raises Gone when the recording was wiped, or is no longer worked on by this attempt."""
    mine = Recording.objects.filter(id=recording_id)
    if attempt is not None:
        mine = mine.filter(attempts=attempt, status=Status.RUNNING)
    for asked in mine.values_list("cancel_requested", flat=True):
        return asked
    raise Gone


def finish(
    recording_id: uuid.UUID, *, stopped_at_s: float | None = None, message: str = "", attempt: int | None = None
) -> None:
    """The readings are complete, or complete up to `stopped_at_s`."""
    status = Status.DONE if stopped_at_s is None else Status.PARTIAL
    _end(recording_id, status, message, attempt, stage=Stage.FINISH, progress=1.0, stopped_at_s=stopped_at_s)


def fail(recording_id: uuid.UUID, message: str, *, attempt: int | None = None) -> None:
    """There is nothing to show, and nothing is kept but the reason."""
    _end(recording_id, Status.FAILED, message, attempt)
    _drop_files(recording_id)


def cancel(recording_id: uuid.UUID, *, attempt: int | None = None) -> None:
    _end(recording_id, Status.CANCELLED, "", attempt)
    _drop_files(recording_id)


def release(recording_id: uuid.UUID, *, attempt: int | None = None) -> None:
    """Put a running recording back into the queue, without what was measured of it."""
    for recording in Recording.objects.filter(id=recording_id, status=Status.RUNNING, **_by(attempt)):
        folders.clear(recording_folder(recording), keep="source")
    update(recording_id, attempt=attempt, **AFRESH)


def requeue_interrupted(
    max_attempts: int, message: str, silent_s: Mapping[str, float] | None = None
) -> list[uuid.UUID]:
    """What to enqueue: all that waits, and all that ran and did not run too often before.

    While the server runs, `silent_s` says for each Source how long ago the last sign of life must be; at its start
    nothing can be running.
    """
    for recording in Recording.objects.filter(status=Status.RUNNING):
        silence = timezone.now() - (recording.heartbeat_at or recording.created_at)
        if silent_s is None or silence.total_seconds() >= silent_s[recording.source]:
            with suppress(Gone):
                _take_back(recording, max_attempts, message)
    return list(Recording.objects.filter(status=Status.QUEUED).values_list("id", flat=True))


def _take_back(recording: Recording, max_attempts: int, message: str) -> None:
    if recording.is_live and recording.readings_bytes:
        finish(recording.id)
    elif recording.is_live:
        discard(recording)
    elif recording.losses + 1 >= max_attempts:
        fail(recording.id, message, attempt=recording.attempts)
    else:
        update(recording.id, attempt=recording.attempts, losses=F("losses") + 1)
        release(recording.id, attempt=recording.attempts)


def _end(recording_id: uuid.UUID, status: Status, message: str, attempt: int | None = None, **values: Any) -> None:
    update(recording_id, attempt=attempt, status=status, message=message, finished_at=timezone.now(), **values)


def _drop_files(recording_id: uuid.UUID) -> None:
    for recording in Recording.objects.filter(id=recording_id):
        folders.remove(recording_folder(recording))


def _readings_path(recording: Recording) -> Path:
    """Each attempt has a file of its own: one that was given up for dead cannot spoil what the next one writes."""
    name = "readings.bin" if recording.attempts <= 1 else f"readings-{recording.attempts}.bin"
    return recording_folder(recording) / name
