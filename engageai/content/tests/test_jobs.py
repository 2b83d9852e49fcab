"""The job of a transcript: after an analysis, with every way in which it can end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from analytics import store, transcripts
from analytics.models import Recording, Transcript
from analytics.readings import Readings
from analytics.transcript import parse
from emotion_ml.engine import EmotionEngine
from emotion_ml.types import Reading
from engageai import pulse, tasks
from engageai.conftest import Visitor
from engageai.content import jobs, whisper
from engageai.content.tests.fakes import Parrot, stand_in, talking_clip
from engageai.upload import jobs as analysis

pytestmark = pytest.mark.django_db


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Parrot]:
    monkeypatch.setattr(jobs, "STEP_S", 0.0)
    with whisper.replaced(bird := Parrot()):
        yield bird


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_clip(tmp_path_factory.mktemp("talking") / "clip.mp4")


@pytest.fixture
def recording(visitor: Visitor, talking: Path) -> Recording:
    """One whose results can be seen, and whose transcript waits."""
    recording = visitor.uploaded(talking)
    store.claim(recording.id)
    store.append(recording.id, Readings.of([Reading(k / 5, ()) for k in range(10)]), 1.0)
    store.finish(recording.id)
    jobs.begin(recording.id)
    return Recording.objects.get(id=recording.id)


def full(_: Recording) -> None:
    raise OperationalError("database or disk is full")


def fail(parrot: Parrot, _: Recording) -> None:
    parrot.meanwhile = lambda: 1 / 0


def stop(parrot: Parrot, recording: Recording) -> None:
    parrot.meanwhile = lambda: transcripts.request_cancel(recording)


def run(recording: Recording) -> Transcript:
    jobs.write_down.call(str(recording.id))
    return Transcript.objects.get(recording_id=recording.id)


def words(recording: Recording) -> str:
    response = store.transcript_of(recording)
    assert response is not None
    return " ".join(word.text for word in parse(response).words)


def test_what_was_said_is_written_down(recording: Recording, parrot: Parrot, files: Callable[[], list[str]]) -> None:
    row = run(recording)
    assert (row.status, row.progress, row.engine, row.note) == ("done", 1.0, "embedded", "")
    assert row.started_at is not None
    assert row.finished_at is not None
    assert words(recording) == "Hello there. This is a talk."
    assert [name.rsplit("/")[-1] for name in files()] == ["readings.bin", "source", "transcript.json"]


def test_an_analysis_has_it_begun(visitor: Visitor, talking: Path, engine: EmotionEngine) -> None:
    recording = visitor.uploaded(talking)
    analysis.analyse.call(str(recording.id))
    assert Transcript.objects.get(recording_id=recording.id).status == "waiting"
    assert store.transcript_of(recording) is None


def test_an_analysis_that_failed_has_not(visitor: Visitor, talking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "get_engine", lambda: 1 / 0)
    recording = visitor.uploaded(talking)
    analysis.analyse.call(str(recording.id))
    assert not Transcript.objects.exists()


def test_what_follows_an_analysis_cannot_cost_its_results(
    visitor: Visitor, clip: Path, engine: EmotionEngine, settings: Any
) -> None:
    settings.AFTER_ANALYSIS = ["engageai.content.jobs.no_such_thing", "engageai.content.jobs.begin"]
    recording = visitor.uploaded(clip)
    analysis.analyse.call(str(recording.id))
    recording.refresh_from_db()
    assert recording.status == "done"
    assert Transcript.objects.filter(recording_id=recording.id, status="waiting").exists()


def test_a_camera_gets_none(visitor: Visitor) -> None:
    recording = store.add_live(visitor.session, name="camera", environment="general")
    jobs.begin(recording.id)
    assert transcripts.of(recording) is None


def test_no_sound_is_no_fault(visitor: Visitor, clip: Path, parrot: Parrot) -> None:
    recording = visitor.uploaded(clip)
    transcripts.open_for(recording)
    row = run(recording)
    assert (row.status, row.note) == ("absent", "This recording has no sound.")


def test_a_fault_is_told_without_its_insides(recording: Recording, parrot: Parrot) -> None:
    parrot.meanwhile = lambda: 1 / 0
    row = run(recording)
    assert (row.status, row.note) == ("failed", jobs.FAILED)


def test_one_that_waits_is_cancelled_at_once(recording: Recording, parrot: Parrot) -> None:
    transcripts.request_cancel(recording)
    assert run(recording).status == "cancelled"
    assert store.transcript_of(recording) is None


def test_one_that_runs_is_cancelled_at_its_next_step(recording: Recording, parrot: Parrot) -> None:
    parrot.meanwhile = lambda: transcripts.request_cancel(recording)
    assert run(recording).status == "cancelled"
    recording.refresh_from_db()
    assert recording.status == "done"


def test_a_wipe_stops_it(recording: Recording, parrot: Parrot, files: Callable[[], list[str]]) -> None:
    parrot.meanwhile = lambda: store.wipe(recording.session_id)
    jobs.write_down.call(str(recording.id))
    assert not Transcript.objects.exists()
    assert files() == []


def test_a_wipe_at_its_very_end_leaves_nothing(
    recording: Recording, parrot: Parrot, files: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    save = transcripts.save

    def late(*args: Any, **kwargs: Any) -> None:
        store.wipe(recording.session_id)
        save(*args, **kwargs)

    monkeypatch.setattr(transcripts, "save", late)
    jobs.write_down.call(str(recording.id))
    assert files() == []


def test_its_progress_is_told_and_never_falls(recording: Recording, parrot: Parrot) -> None:
    told: list[float] = []
    parrot.meanwhile = lambda: told.append(Transcript.objects.get(recording_id=recording.id).progress)
    row = run(recording)
    assert 0.2 < told[0] < 0.3
    assert row.heartbeat_at is not None


def test_a_server_that_stops_leaves_it_waiting(recording: Recording, parrot: Parrot) -> None:
    parrot.meanwhile = tasks.stopping.set
    try:
        assert run(recording).status == "waiting"
    finally:
        tasks.stopping.clear()
    parrot.meanwhile = lambda: None
    assert jobs.recover() == 1
    assert run(recording).status == "done"


def test_one_that_was_killed_is_taken_up_once(recording: Recording, parrot: Parrot) -> None:
    assert transcripts.claim(recording.id) is not None
    assert jobs.recover() == 1
    assert transcripts.claim(recording.id) is not None
    assert jobs.recover() == 0
    row = Transcript.objects.get(recording_id=recording.id)
    assert (row.status, row.note) == ("failed", jobs.RESTARTED)


def test_results_whose_transcript_was_never_begun_get_one(recording: Recording) -> None:
    Transcript.objects.all().delete()
    assert jobs.recover() == 1
    assert Transcript.objects.get().status == "waiting"


def test_one_that_could_not_be_begun_is_begun_half_a_minute_later(
    visitor: Visitor, talking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = visitor.uploaded(talking)
    store.claim(recording.id)
    store.finish(recording.id)
    with monkeypatch.context() as patched:
        patched.setattr(transcripts, "open_for", full)
        analysis._follow_up(recording.id)
    assert jobs.reap() == 0  # it may be on its way
    assert not Transcript.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(seconds=pulse.SILENT_S + 1)):
        assert jobs.reap() == 1
    assert Transcript.objects.get().status == "waiting"


def test_two_workers_do_not_share_one(recording: Recording, parrot: Parrot) -> None:
    parrot.meanwhile = lambda: jobs.write_down.call(str(recording.id))
    assert run(recording).attempts == 1


def test_where_too_many_wait_it_waits_too(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(recording_id: str) -> None:
        raise tasks.Full

    Transcript.objects.all().delete()
    with monkeypatch.context() as patched:
        patched.setattr(type(jobs.write_down), "enqueue", lambda task, recording_id: full(recording_id))
        jobs.begin(recording.id)
        row = Transcript.objects.get()
        assert (row.status, row.note) == ("waiting", "")
    assert jobs.reap() == 1


@pytest.mark.parametrize("end", [fail, stop])
def test_words_that_failed_or_were_stopped_can_be_had_after_all(
    end: Callable[[Parrot, Recording], None], recording: Recording, parrot: Parrot
) -> None:
    end(parrot, recording)
    assert run(recording).status in ("failed", "cancelled")
    parrot.meanwhile = lambda: None
    jobs.begin_again(recording)
    row = run(recording)
    assert (row.status, row.note, row.cancel_requested) == ("done", "", False)
    jobs.begin_again(recording)
    assert Transcript.objects.get().status == "done", "what is there is not made twice"


def test_words_on_their_way_are_not_begun_again(recording: Recording) -> None:
    transcripts.claim(recording.id)
    jobs.begin_again(recording)
    assert Transcript.objects.get().status == "running"


def test_a_recording_that_is_gone_is_no_fault() -> None:
    jobs.begin(uuid.uuid4())
    jobs.write_down.call(str(uuid.uuid4()))


@pytest.mark.parametrize(("key", "agreed"), [("", True), ("key", False)])
def test_nothing_is_sent_without_a_key_and_an_agreement(
    key: str, agreed: bool, recording: Recording, parrot: Parrot, settings: Any
) -> None:
    with stand_in() as service:
        settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_URL = key, service.url
        Recording.objects.update(may_send_sound=agreed)
        row = run(recording)
    assert (row.status, row.engine, service.asked) == ("done", "embedded", [])


def test_with_both_deepgram_writes_it_down(recording: Recording, parrot: Parrot, settings: Any) -> None:
    with stand_in() as service:
        settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_URL = "key", service.url
        Recording.objects.update(may_send_sound=True)
        row = run(recording)
    assert (row.status, row.engine, row.note) == ("done", "deepgram", "")
    assert words(recording) == "Deepgram heard this. And this as well."


def test_when_it_fails_the_visitor_is_told(recording: Recording, parrot: Parrot, settings: Any) -> None:
    with stand_in(402, {}) as service:
        settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_URL = "key", service.url
        Recording.objects.update(may_send_sound=True)
        row = run(recording)
    note = "The Deepgram account has no credit left; transcribed on this machine instead."
    assert (row.status, row.engine, row.note) == ("done", "embedded", note)
