"""The analysis of one recording, from its file to its readings, as a task.

The row is the truth: it is claimed before anything is done, every write to it is a sign of life, and a row that was
wiped or cancelled stops the work at its next step. Knows the order of the stages; what is measured is emotion_ml's.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string
from django_tasks import task

from analytics import store
from analytics.models import Recording, Source, Stage
from analytics.readings import Readings
from emotion_ml import video
from emotion_ml.engine import EmotionEngine
from emotion_ml.restarts import EngineDown, EngineHung
from emotion_ml.types import Reading
from engageai import errors, metrics, pulse, tasks
from engageai.engine import get_engine
from engageai.upload.holding import Cancelled, Claim, Interrupted, Watch
from engageai.upload.progress import clock

log = logging.getLogger(__name__)

BACKEND_CHARS: Final = Recording._meta.get_field("backend").max_length or 0
HASH_BYTES: Final = 4 * 1024 * 1024
MAX_ATTEMPTS: Final = 2
# Since the last sign of life. A camera gives one with every second that is stored; its socket ends it long before this.
SILENT_S: Final[dict[str, float]] = {
    Source.FILE: pulse.SILENT_S,
    Source.LIVE: 2 * pulse.SILENT_S + settings.LIVE_IDLE_S,
}

FAILED: Final = "The analysis stopped because of a fault on our side. You can upload the recording again."
NO_ROOM: Final = (
    "The disk of this machine is full, so the analysis stopped. You can upload the recording again once there is room."
)
STALLED: Final = "The analysis fell silent twice and was given up. You can upload the recording again."
UNREAD: Final = "Reading expressions hung or broke on this machine again and again, so the analysis was given up."
RESTARTED: Final = "The server was restarted twice while this recording was analysed. Please upload it again."
UNPLAYABLE: Final = "The results are complete, but no version that browsers can play could be made."
UNPLAYABLE_FULL: Final = (
    "The results are complete, but the disk of this machine is full: no version that browsers can play could be made."
)
UNPLAYED: Final = "The results are complete. You stopped before a version that browsers can play was made."


@dataclass(frozen=True, slots=True)
class End:
    """How an analysis ended: at the recording's end, or before."""

    stopped_at_s: float | None = None
    message: str = ""
    by_visitor: bool = False


@task
def analyse(recording_id: str) -> None:
    recording = store.claim(uuid.UUID(recording_id))
    if recording is None:
        return
    claim = Claim(recording)
    # Gone: wiped meanwhile, so that there is nobody left to tell.
    with (
        suppress(store.Gone),
        metrics.timed("analysis") as run,
        pulse.of(analyse.backend, recording_id, claim.beat, claim.let_go) as life,
    ):
        run.end = _attempt(claim, Watch(recording, life))


def _attempt(claim: Claim, watch: Watch) -> str:
    """How it ended. Raises store.Gone."""
    recording_id = claim.recording.id
    try:
        _work(claim.recording, watch)
    except Cancelled:
        store.cancel(recording_id, attempt=claim.recording.attempts)
        return "cancelled"
    except Interrupted:
        claim.release()
        return "interrupted"
    except video.NotAVideo as refusal:
        claim.fail(str(refusal))
    except store.Gone:
        log.info("recording %s was wiped or taken back while it was analysed", recording_id)
        raise
    except (EngineHung, EngineDown):
        log.exception("recording %s could not be read", recording_id)
        claim.fail(UNREAD)
    except Exception as error:
        claim.check()  # a file that a wipe took away is no fault
        log.exception("recording %s failed", recording_id)
        claim.fail(NO_ROOM if errors.disk_is_full(error) else FAILED)
    else:
        return "done"
    return "failed"


def recover() -> int:
    """Take up what a server that stopped or died left behind; returns how many recordings that are."""
    return len(_enqueue(store.requeue_interrupted(MAX_ATTEMPTS, RESTARTED)))


def reap() -> int:
    """Take up what has fallen silent, and what waits and was never enqueued; returns how many recordings that are."""
    waiting = store.requeue_interrupted(MAX_ATTEMPTS, STALLED, SILENT_S)
    pulse.give_up_stalled()
    return len(_enqueue(waiting))


def _enqueue(waiting: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those that are not in the queue; what has no room in it is found again at the next round."""
    fresh = [each for each in waiting if not tasks.holds(analyse.backend, str(each))]
    enqueued = []
    with suppress(tasks.Full):
        for recording_id in fresh:
            analyse.enqueue(str(recording_id))
            enqueued.append(recording_id)
    return enqueued


def _work(recording: Recording, watch: Watch) -> None:
    attempt = recording.attempts
    store.enter(recording.id, Stage.PROBE, attempt=attempt)
    sha256 = _sha256(store.source_path(recording), watch)
    store.update(recording.id, sha256=sha256, attempt=attempt)
    end = _measure(recording, watch)
    if not recording.playable and not end.by_visitor:
        store.enter(recording.id, Stage.PLAYBACK, attempt=attempt)
        end = _make_playable(recording, watch, end)
    store.enter(recording.id, Stage.FINISH, attempt=attempt)
    store.finish(recording.id, stopped_at_s=end.stopped_at_s, message=end.message, attempt=attempt)
    _follow_up(recording.id)


def _follow_up(recording_id: uuid.UUID) -> None:
    """Begin what other apps do with results; whatever becomes of it, the results stand."""
    for name in settings.AFTER_ANALYSIS:
        try:
            import_string(name)(recording_id)
        except Exception:
            log.exception("%s could not begin for recording %s", name, recording_id)


def _sha256(path: Path, watch: Watch) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASH_BYTES):
            digest.update(piece)
            if watch.is_due():
                watch.check()
    return digest.hexdigest()


def _measure(recording: Recording, watch: Watch) -> End:
    """Readings from the first picture to the last, stored as they come."""
    from emotion_ml import pipeline  # takes a second to import, which the first page need not wait for

    engine = get_engine() if recording.reads_expressions else None
    facts = _facts(engine)
    store.enter(recording.id, Stage.ANALYSE, attempt=recording.attempts, **facts)
    notebook = _Notebook(recording)
    try:
        for reading in pipeline.analyse(store.source_path(recording), engine, fps=recording.analysis_fps):
            notebook.add(reading)
            if watch.is_due():
                notebook.save()
                watch.check()
    except Cancelled:
        if notebook.last_t_s is None:
            raise
        return End(notebook.last_t_s, f"Stopped by you at {clock(notebook.last_t_s)}.", by_visitor=True)
    except video.Truncated as damage:
        notebook.save()
        if notebook.last_t_s is None:
            raise video.NotAVideo("damaged", "This recording is damaged from its very beginning.") from damage
        return End(damage.t_s, f"The file is damaged or incomplete: it ends at {clock(damage.t_s)}.")
    notebook.save()
    if (now := _facts(engine)) != facts:  # the engine was replaced or came down in the world meanwhile
        both = f"{facts['backend']}; then {now['backend']}"
        store.update(recording.id, attempt=recording.attempts, backend=both[:BACKEND_CHARS])
    return End()


def _facts(engine: EmotionEngine | None) -> dict[str, str]:
    """What a row remembers of the network; nothing where none reads."""
    if engine is None:
        return {}
    model = engine.model
    return {"model_name": model.name, "model_sha256": model.sha256, "backend": model.backend}


class _Notebook:
    """Gathers readings and writes them down together."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.duration_s = recording.duration_s or 0.0
        self.last_t_s: float | None = None
        self._readings: list[Reading] = []

    def add(self, reading: Reading) -> None:
        self._readings.append(reading)
        self.last_t_s = reading.t_s

    def save(self) -> None:
        if self._readings:
            share = self._readings[-1].t_s / self.duration_s if self.duration_s else 0.0
            store.append(self.recording.id, Readings.of(self._readings), share, attempt=self.recording.attempts)
            metrics.results.labels("recording").inc(len(self._readings))
            self._readings = []


def _make_playable(recording: Recording, watch: Watch, end: End) -> End:
    """The results stand whatever happens here: without a playable version they are shown without the video."""
    from emotion_ml import render

    target = store.playback_path(recording)
    part = target.with_name(f"playback.part{recording.attempts}.mp4")

    def on_progress(share: float) -> None:
        if watch.is_due():
            store.update(recording.id, progress=share, attempt=recording.attempts)
            watch.check()

    try:
        render.transcode(store.source_path(recording), part, on_progress=on_progress)
        part.replace(target)
    except (store.Gone, Interrupted):
        raise
    except Cancelled:
        return End(end.stopped_at_s, f"{end.message} {UNPLAYED}".strip())
    except Exception as error:
        store.cancel_is_requested(recording.id, attempt=recording.attempts)
        log.exception("recording %s could not be made playable", recording.id)
        why = UNPLAYABLE_FULL if errors.disk_is_full(error) else UNPLAYABLE
        return End(end.stopped_at_s, f"{end.message} {why}".strip())
    finally:
        part.unlink(missing_ok=True)
    return end
