"""A job that computes long gives signs of life; one that hangs falls silent, is taken back, and writes no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analytics import store, transcripts
from analytics.models import Recording, Status, Transcript, TranscriptStatus
from analytics.readings import Readings
from emotion_ml import pipeline
from emotion_ml.engine import EmotionEngine
from emotion_ml.types import Reading
from engageai import pulse, tasks
from engageai.conftest import Visitor
from engageai.content import jobs as transcription
from engageai.upload import holding, jobs
from engageai.upload.tests.test_analyse import reading
from engageai.watchdog import Watchdog

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    return visitor.uploaded(clip)


@pytest.fixture
def threads(settings: Any, recording: Recording) -> Iterator[None]:
    """The real backend with one worker, from here on."""
    options = {"BACKEND": "engageai.tasks.ThreadBackend", "OPTIONS": {"workers": 1, "queue": 5}}
    settings.TASKS = {"default": options, "speech": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
    yield
    tasks.stop()
    tasks.stopping.clear()


class Script:
    """An analysis that stops in its middle until it is told to go on; later ones run through."""

    def __init__(self) -> None:
        self.hangs = threading.Event()
        self.go_on = threading.Event()
        self.ran = 0

    def analyse(self, path: Path, engine: EmotionEngine, *, fps: float = 5.0) -> Iterator[Reading]:
        self.ran += 1
        is_first = self.ran == 1
        for k in range(20):
            yield reading(k / 5)
            if is_first and k == 9:
                self.hangs.set()
                self.go_on.wait(30)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    made = Script()
    monkeypatch.setattr(pipeline, "analyse", made.analyse)
    monkeypatch.setattr(holding, "STEP_S", 0.0)
    yield made
    made.go_on.set()


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def silent_for(seconds: float, **which: Any) -> None:
    Recording.objects.filter(**which).update(heartbeat_at=timezone.now() - timedelta(seconds=seconds))


def test_a_long_step_gives_signs_of_life_and_is_not_taken_back(
    recording: Recording, script: Script, threads: None
) -> None:
    jobs.analyse.enqueue(str(recording.id))
    assert script.hangs.wait(20)
    silent_for(3600)
    pulse.beat()
    recording.refresh_from_db()
    assert recording.heartbeat_at is not None
    assert timezone.now() - recording.heartbeat_at < timedelta(seconds=10)
    assert jobs.reap() == 0
    script.go_on.set()
    eventually(lambda: Recording.objects.get().status == Status.DONE)
    assert (Recording.objects.get().attempts, script.ran) == (1, 1)


def test_one_that_hangs_is_no_longer_vouched_for_and_another_thread_does_it(
    recording: Recording, script: Script, threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.analyse.enqueue(str(recording.id))
    assert script.hangs.wait(20)
    monkeypatch.setattr(pulse, "STALL_S", 0.0)
    monkeypatch.setattr(pulse, "SILENT_S", 0.0)
    silent_for(3600)
    pulse.beat()
    assert jobs.reap() == 1
    monkeypatch.undo()
    monkeypatch.setattr(pipeline, "analyse", script.analyse)
    eventually(lambda: Recording.objects.get().status == Status.DONE)

    before = (Recording.objects.values().get(), store.load_readings(Recording.objects.get()).to_bytes())
    assert (before[0]["attempts"], script.ran) == (2, 2)
    script.go_on.set()  # the one that was given up for dead comes back, and has 10 more readings to store
    eventually(lambda: not any(thread.name == "job" and thread.is_alive() for thread in hung()))
    assert (Recording.objects.values().get(), store.load_readings(Recording.objects.get()).to_bytes()) == before


def hung() -> list[threading.Thread]:
    """Threads of jobs beyond those of the pool."""
    pool = next(iter(tasks._pools.values()))
    return [thread for thread in threading.enumerate() if thread.name == "job" and thread not in pool._threads]


def test_a_recording_that_falls_silent_twice_is_given_up_with_a_reason(
    recording: Recording, files: Callable[[], list[str]]
) -> None:
    for expected in (Status.QUEUED, Status.FAILED):
        assert store.claim(recording.id) is not None
        silent_for(jobs.SILENT_S["file"] + 1)
        jobs.reap()
        recording.refresh_from_db()
        assert recording.status == expected
    assert recording.message == jobs.STALLED
    assert files() == []


def test_less_than_half_a_minute_of_silence_is_nothing(recording: Recording) -> None:
    store.claim(recording.id)
    silent_for(pulse.SILENT_S - 5)
    jobs.reap()
    recording.refresh_from_db()
    assert recording.status == Status.RUNNING


def test_an_earlier_attempt_can_do_nothing_to_the_row_of_a_later_one(recording: Recording) -> None:
    store.claim(recording.id)
    store.append(recording.id, Readings.of([reading(0.0)]), 0.5, attempt=1)
    store.release(recording.id, attempt=1)
    store.claim(recording.id)
    store.append(recording.id, Readings.of([reading(0.0), reading(0.2)]), 0.5, attempt=2)
    row = Recording.objects.values().get()
    late: list[Callable[[], object]] = [
        lambda: store.update(recording.id, attempt=1, progress=0.9),
        lambda: store.append(recording.id, Readings.of([reading(9.0)]), 0.9, attempt=1),
        lambda: store.finish(recording.id, attempt=1),
        lambda: store.fail(recording.id, "late", attempt=1),
        lambda: store.cancel(recording.id, attempt=1),
        lambda: store.release(recording.id, attempt=1),
        lambda: store.cancel_is_requested(recording.id, attempt=1),
    ]
    for write in late:
        with pytest.raises(store.Gone):
            write()
    assert Recording.objects.values().get() == row
    recording.refresh_from_db()
    assert store.load_readings(recording).times.tolist() == pytest.approx([0.0, 0.2])


def test_what_waits_and_is_in_no_queue_is_enqueued_once(recording: Recording, script: Script, threads: None) -> None:
    script.ran = 1  # none of these hangs
    assert jobs.reap() == 1
    eventually(lambda: Recording.objects.get().status == Status.DONE)
    assert jobs.reap() == 0
    assert script.ran == 2


def test_a_webcam_that_nobody_ended_is_ended(visitor: Visitor) -> None:
    measured = store.add_live(visitor.session, name="Webcam", environment="general")
    store.append(measured.id, Readings.of([reading(0.0)]), 0.0)
    empty = store.add_live(visitor.session, name="Webcam", environment="general")
    silent_for(pulse.SILENT_S + 1)
    jobs.reap()
    assert Recording.objects.filter(status=Status.RUNNING).count() == 2
    silent_for(jobs.SILENT_S["live"] + 1)
    jobs.reap()
    assert Recording.objects.get(id=measured.id).status == Status.DONE
    assert not Recording.objects.filter(id=empty.id).exists()


def test_a_transcript_that_falls_silent_is_taken_back_likewise(recording: Recording) -> None:
    store.claim(recording.id)
    store.finish(recording.id)
    transcripts.open_for(recording)
    for expected in (TranscriptStatus.WAITING, TranscriptStatus.FAILED):
        row = transcripts.claim(recording.id)
        assert row is not None
        (store.recording_folder(recording) / "sound-abc").mkdir()
        transcription.reap()
        assert Transcript.objects.get().status == TranscriptStatus.RUNNING
        Transcript.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=31))
        transcription.reap()
        assert Transcript.objects.get().status == expected
        assert not (store.recording_folder(recording) / "sound-abc").exists()
        with pytest.raises(store.Gone):
            transcripts.save(recording, {}, "embedded", "", attempt=row.attempts)
    assert Transcript.objects.get().note == transcription.STALLED
    assert store.transcript_of(recording) is None


def test_a_server_that_ends_over_the_head_of_a_job_puts_it_back(
    recording: Recording, script: Script, threads: None, files: Callable[[], list[str]]
) -> None:
    jobs.analyse.enqueue(str(recording.id))
    assert script.hangs.wait(20)
    assert not tasks.stop(0.05)
    pulse.let_go()
    recording.refresh_from_db()
    assert (recording.status, recording.readings_bytes) == (Status.QUEUED, 0)
    assert [name.rsplit("/")[-1] for name in files()] == ["source"]
    script.go_on.set()
    eventually(lambda: not any(thread.name == "job" for thread in threading.enumerate()))
    recording.refresh_from_db()
    assert recording.status == Status.QUEUED


def test_the_watchdog_does_every_duty_in_turn_whatever_becomes_of_the_one_before() -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise OSError("disk full")

    watchdog = Watchdog()
    watchdog.start([lambda: done.append("first"), fail, lambda: done.append("last")], round_s=0.01)
    assert watchdog.is_awake
    eventually(lambda: len(done) >= 6)
    watchdog.stop()
    assert done[:6] == ["first", "failed", "last"] * 2
