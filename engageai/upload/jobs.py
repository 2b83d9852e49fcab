"""The analysis of one recording, from its file to its readings, as a task.

The row is the truth: it is claimed before anything is done, every write to it is a sign of life, and a row that was
wiped or cancelled stops the work at its next step. Knows the order of the stages; what is measured is emotion_ml's.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string
from django_tasks import task

from analytics import store
from analytics.models import Recording, Stage
from analytics.readings import Readings
from emotion_ml import video
from emotion_ml.types import Reading
from engageai import tasks
from engageai.engine import get_engine
from engageai.upload.progress import clock

log = logging.getLogger(__name__)

STEP_S: Final = 1.0  # of work between two writes; also how long a cancel may take to be noticed
HASH_BYTES: Final = 4 * 1024 * 1024
MAX_ATTEMPTS: Final = 2

FAILED: Final = "The analysis stopped because of a fault on our side. You can upload the recording again."
RESTARTED: Final = "The server was restarted twice while this recording was analysed. Please upload it again."
UNPLAYABLE: Final = "The results are complete, but no version that browsers can play could be made."
UNPLAYED: Final = "The results are complete. You stopped before a version that browsers can play was made."


class Cancelled(Exception):
    """The visitor asked to stop."""


class Interrupted(Exception):
    """The server is stopping; the recording waits for the next one."""


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
    with suppress(store.Gone):  # wiped meanwhile: there is nobody left to tell
        try:
            _work(recording)
        except Cancelled:
            store.cancel(recording.id)
        except Interrupted:
            store.release(recording.id)
        except video.NotAVideo as refusal:
            store.fail(recording.id, str(refusal))
        except store.Gone:
            log.info("recording %s was wiped while it was analysed", recording.id)
        except Exception:
            store.cancel_is_requested(recording.id)  # a file that a wipe took away is no fault
            log.exception("recording %s failed", recording.id)
            store.fail(recording.id, FAILED)


def recover() -> int:
    """Take up what a server that stopped or died left behind; returns how many recordings that are."""
    waiting = store.requeue_interrupted(MAX_ATTEMPTS, RESTARTED)
    for recording_id in waiting:
        analyse.enqueue(str(recording_id))
    return len(waiting)


def _work(recording: Recording) -> None:
    watch = _Watch(recording.id)
    store.enter(recording.id, Stage.PROBE)
    store.update(recording.id, sha256=_sha256(store.source_path(recording), watch.check))
    end = _measure(recording, watch)
    if not recording.playable and not end.by_visitor:
        store.enter(recording.id, Stage.PLAYBACK)
        end = _make_playable(recording, watch, end)
    store.enter(recording.id, Stage.FINISH)
    store.finish(recording.id, stopped_at_s=end.stopped_at_s, message=end.message)
    _follow_up(recording.id)


def _follow_up(recording_id: uuid.UUID) -> None:
    """Begin what other apps do with results; whatever becomes of it, the results stand."""
    for name in settings.AFTER_ANALYSIS:
        try:
            import_string(name)(recording_id)
        except Exception:
            log.exception("%s could not begin for recording %s", name, recording_id)


class _Watch:
    """Says once a second whether to go on, by raising Cancelled, Interrupted or store.Gone when not."""

    def __init__(self, recording_id: uuid.UUID) -> None:
        self.recording_id = recording_id
        self.checked = time.monotonic()

    def is_due(self) -> bool:
        return time.monotonic() - self.checked >= STEP_S

    def check(self) -> None:
        self.checked = time.monotonic()
        if tasks.stopping.is_set():
            raise Interrupted
        if store.cancel_is_requested(self.recording_id):
            raise Cancelled


def _sha256(path: Path, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASH_BYTES):
            digest.update(piece)
            check()
    return digest.hexdigest()


def _measure(recording: Recording, watch: _Watch) -> End:
    """Readings from the first picture to the last, stored as they come."""
    from emotion_ml import pipeline  # takes a second to import, which the first page need not wait for

    engine = get_engine()
    model = engine.model
    store.enter(recording.id, Stage.ANALYSE, model_name=model.name, model_sha256=model.sha256, backend=model.backend)
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
    return End()


class _Notebook:
    """Gathers readings and writes them down together."""

    def __init__(self, recording: Recording) -> None:
        self.recording_id = recording.id
        self.duration_s = recording.duration_s or 0.0
        self.last_t_s: float | None = None
        self._readings: list[Reading] = []

    def add(self, reading: Reading) -> None:
        self._readings.append(reading)
        self.last_t_s = reading.t_s

    def save(self) -> None:
        if self._readings:
            share = self._readings[-1].t_s / self.duration_s if self.duration_s else 0.0
            store.append(self.recording_id, Readings.of(self._readings), share)
            self._readings = []


def _make_playable(recording: Recording, watch: _Watch, end: End) -> End:
    """The results stand whatever happens here: without a playable version they are shown without the video."""
    from emotion_ml import render

    target = store.playback_path(recording)
    part = target.with_name("playback.part.mp4")

    def on_progress(share: float) -> None:
        if watch.is_due():
            store.update(recording.id, progress=share)
            watch.check()

    try:
        render.transcode(store.source_path(recording), part, on_progress=on_progress)
        part.replace(target)
    except (store.Gone, Interrupted):
        raise
    except Cancelled:
        return End(end.stopped_at_s, f"{end.message} {UNPLAYED}".strip())
    except Exception:
        store.cancel_is_requested(recording.id)
        log.exception("recording %s could not be made playable", recording.id)
        return End(end.stopped_at_s, f"{end.message} {UNPLAYABLE}".strip())
    finally:
        part.unlink(missing_ok=True)
    return end
