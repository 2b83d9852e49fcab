"""The job of a recording: from its file to its readings, and every way in which it can end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics import store
from analytics.models import Recording
from emotion_ml import pipeline, render, video
from emotion_ml.engine import EmotionEngine
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading
from engageai import tasks
from engageai.conftest import Visitor
from engageai.upload import holding, jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engine")]

Files = Callable[[], list[str]]


def reading(t_s: float) -> Reading:
    face = Face(1, Box(1, 2, 30, 40), (0.1, 0.6, 0.1, 0.1, 0.1), Quality(30, 90, 0), LeftOut.USED)
    return Reading(t_s, (face,))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replaces the analysis by readings given in advance, something done between them, or a fault after them."""

    def play(count: int, *, then: Exception | None = None, meanwhile: Callable[[int], Any] = lambda _: None) -> None:
        def analyse(path: Path, engine: EmotionEngine, *, fps: float = 5.0) -> Iterator[Reading]:
            assert path.is_file()
            for k in range(count):
                yield reading(k / fps)
                meanwhile(k)
            if then:
                raise then

        monkeypatch.setattr(pipeline, "analyse", analyse)
        monkeypatch.setattr(holding, "STEP_S", 0.0)

    return play


def run(recording: Recording) -> Recording:
    jobs.analyse.call(str(recording.id))
    recording.refresh_from_db()
    return recording


def measured(files: Files) -> list[str]:
    """Without what is computed from it for the first look at the results (analytics.shelf)."""
    return [name for name in files() if not name.endswith(".json")]


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    return visitor.uploaded(clip)


def test_a_real_clip_becomes_readings_of_its_face(recording: Recording, engine: EmotionEngine, files: Files) -> None:
    run(recording)
    readings = store.load_readings(recording)
    assert (recording.status, recording.stage, recording.progress, recording.message) == ("done", "finish", 1.0, "")
    np.testing.assert_allclose(readings.times, np.arange(10) / 5, atol=0.01)
    assert (readings.used.sum(), set(readings.track)) == (10, {1})
    assert (recording.model_name, recording.backend) == (engine.model.name, engine.model.backend)
    assert len(recording.sha256) == 64
    assert recording.started_at is not None
    assert recording.finished_at is not None
    folder = f"sessions/{recording.session_id}/{recording.id}"
    assert measured(files) == [f"{folder}/readings.bin", f"{folder}/source"]


def test_what_browsers_cannot_play_gets_a_version_that_they_can(
    visitor: Visitor, unplayable_clip: Path, files: Files
) -> None:
    recording = run(visitor.uploaded(unplayable_clip))
    assert (recording.status, recording.message) == ("done", "")
    info = video.probe(store.video_path(recording))
    assert (info.playable, info.media_type, info.width, info.height) == (True, "video/mp4", 320, 240)
    assert info.duration_s == pytest.approx(recording.duration_s, abs=0.11)
    folder = f"sessions/{recording.session_id}/{recording.id}"
    assert measured(files) == [f"{folder}/playback.mp4", f"{folder}/readings.bin", f"{folder}/source"]


def test_a_version_that_cannot_be_made_does_not_cost_the_results(
    visitor: Visitor, unplayable_clip: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(source: Path, out: Path, on_progress: Callable[[float], None]) -> None:
        out.write_bytes(b"half")
        raise RuntimeError("no encoder")

    monkeypatch.setattr(render, "transcode", broken)
    recording = run(visitor.uploaded(unplayable_clip))
    assert (recording.status, recording.message) == ("done", jobs.UNPLAYABLE)
    assert not store.has_video(recording)
    assert not any("playback" in name for name in files())
    assert visitor.client.get(visitor.url("recording-show", recording)).status_code == 200
    assert visitor.client.get(visitor.url("recording-video", recording)).status_code == 404


def test_a_recording_that_breaks_off_is_partial(recording: Recording, script: Callable[..., None]) -> None:
    script(205, then=video.Truncated(40.8))
    run(recording)
    assert (recording.status, recording.stopped_at_s) == ("partial", 40.8)
    assert recording.message == "The file is damaged or incomplete: it ends at 0:40."
    assert len(store.load_readings(recording).times) == 205


def test_a_real_file_that_was_cut_off_is_partial(visitor: Visitor, tmp_path: Path) -> None:
    recording = run(visitor.uploaded(cut_clip(tmp_path)))
    assert recording.status == "partial"
    assert recording.stopped_at_s is not None
    assert 0 < recording.stopped_at_s < 10
    assert store.load_readings(recording).times.max() <= recording.stopped_at_s
    assert "it ends at 0:0" in recording.message


def cut_clip(folder: Path) -> Path:
    """Half of a recording of 10 s whose index stands in front, as cameras that stream write it."""
    from emotion_ml.tests import clips
    from engageai.conftest import face

    look = clips.Look(width=320, height=240, paint=face, options=(("preset", "ultrafast"), ("g", "10")))
    whole = clips.write(folder / "whole.mp4", clips.steady(10, 10), look, options={"movflags": "faststart"})
    cut = folder / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return cut


def test_a_recording_without_one_good_picture_fails_with_its_reason(
    recording: Recording, script: Callable[..., None], files: Files
) -> None:
    script(0, then=video.Truncated(0.0))
    run(recording)
    assert (recording.status, recording.message) == ("failed", "This recording is damaged from its very beginning.")
    assert files() == []


def test_what_turns_out_to_be_no_video_fails_with_its_sentence(
    recording: Recording, script: Callable[..., None], files: Files
) -> None:
    script(0, then=video.NotAVideo("no-picture", "No picture of this video can be decoded."))
    run(recording)
    assert (recording.status, recording.message) == ("failed", "No picture of this video can be decoded.")
    assert files() == []


def test_a_fault_of_ours_is_told_without_its_cause_and_logged_without_the_name(
    recording: Recording, script: Callable[..., None], files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    script(3, then=RuntimeError("the network fell over"))
    run(recording)
    assert (recording.status, recording.message) == ("failed", jobs.FAILED)
    assert "the network fell over" in caplog.text
    assert "talk.mp4" not in caplog.text
    assert files() == []


def test_a_visitor_who_cancels_keeps_what_was_measured(
    visitor: Visitor, recording: Recording, script: Callable[..., None]
) -> None:
    def meanwhile(k: int) -> None:
        if k == 205:
            assert visitor.client.post(visitor.url("upload-cancel", recording)).status_code == 303

    script(1000, meanwhile=meanwhile)
    run(recording)
    assert (recording.status, recording.message) == ("partial", "Stopped by you at 0:41.")
    times = store.load_readings(recording).times
    assert recording.stopped_at_s == times.max() == pytest.approx(41.2, abs=0.21)


def test_a_cancel_before_the_first_reading_leaves_nothing(
    recording: Recording, script: Callable[..., None], files: Files
) -> None:
    script(10)
    recording.cancel_requested = True
    recording.save()
    run(recording)
    assert recording.status == "cancelled"
    assert files() == []


def test_a_cancel_while_it_is_made_playable_keeps_the_results(
    visitor: Visitor, unplayable_clip: Path, script: Callable[..., None], files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(10)
    recording = visitor.uploaded(unplayable_clip)

    def slow(source: Path, out: Path, on_progress: Callable[[float], None]) -> None:
        on_progress(0.1)
        store.request_cancel(recording)
        on_progress(0.2)
        pytest.fail("it went on")

    monkeypatch.setattr(render, "transcode", slow)
    run(recording)
    assert (recording.status, recording.message, recording.stopped_at_s) == ("done", jobs.UNPLAYED, None)
    assert len(store.load_readings(recording).times) == 10


@pytest.mark.parametrize("at", [0, 5])
def test_a_wipe_stops_the_job_without_a_word(
    at: int, recording: Recording, script: Callable[..., None], files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    script(1000, meanwhile=lambda k: store.wipe(recording.session_id) if k == at else None)
    jobs.analyse.call(str(recording.id))
    assert not Recording.objects.exists()
    assert files() == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_file_that_a_wipe_took_away_is_no_fault(
    recording: Recording, script: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def meanwhile(_: int) -> None:
        store.wipe(recording.session_id)
        raise FileNotFoundError("source")

    script(5, meanwhile=meanwhile)
    jobs.analyse.call(str(recording.id))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_what_is_not_waiting_is_not_analysed(recording: Recording, script: Callable[..., None]) -> None:
    script(5)
    store.request_cancel(recording)
    assert run(recording).status == "cancelled"
    run(recording)
    jobs.analyse.call("00000000-0000-0000-0000-000000000000")


def test_a_server_that_stops_puts_the_recording_back(
    recording: Recording, script: Callable[..., None], files: Files
) -> None:
    script(1000, meanwhile=lambda k: tasks.stopping.set() if k == 10 else None)
    try:
        run(recording)
    finally:
        tasks.stopping.clear()
    assert (recording.status, recording.progress, recording.readings_bytes) == ("queued", 0.0, 0)
    script(5)
    assert run(recording).status == "done"
    assert len(store.load_readings(recording).times) == 5


def test_a_server_that_died_takes_the_recording_up_again(
    recording: Recording, script: Callable[..., None], settings: Any
) -> None:
    store.claim(recording.id)
    script(5)
    settings.TASKS = {key: {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"} for key in settings.TASKS}
    assert jobs.recover() == 1
    recording.refresh_from_db()
    assert (recording.status, recording.attempts) == ("done", 2)


def test_a_recording_on_which_the_server_died_twice_is_given_up(recording: Recording, files: Files) -> None:
    store.claim(recording.id)
    assert jobs.recover() == 1
    store.claim(recording.id)
    assert jobs.recover() == 0
    recording.refresh_from_db()
    assert (recording.status, recording.message) == ("failed", jobs.RESTARTED)
    assert files() == []


def test_servers_that_stopped_in_order_do_not_count_against_a_recording(recording: Recording) -> None:
    for _ in range(3):
        store.claim(recording.id)
        store.release(recording.id)
    store.claim(recording.id)
    assert jobs.recover() == 1
    recording.refresh_from_db()
    assert (recording.status, recording.attempts, recording.losses) == ("queued", 4, 1)
