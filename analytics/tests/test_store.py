from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from analytics import store
from analytics.models import AnalysisSession, Recording, Status
from analytics.tests.stored import ALICE, BOB, INFO, add, files, readings, running
from emotion_ml.types import VideoInfo

pytestmark = pytest.mark.django_db

IDLE = timedelta(minutes=30)


def age(session: AnalysisSession, by: timedelta) -> None:
    AnalysisSession.objects.filter(id=session.id).update(seen_at=timezone.now() - by)


def test_a_session_opens_to_its_owner_alone() -> None:
    session = store.open_session(ALICE)
    assert store.get_session(ALICE, session.id) == session
    for stranger in (BOB, "", session.owner_hash):
        with pytest.raises(store.NotFound):
            store.get_session(stranger, session.id)


def test_the_owners_secret_is_not_stored() -> None:
    store.open_session(ALICE)
    assert ALICE not in str(AnalysisSession.objects.values())


def test_a_recording_is_found_in_its_own_session_alone(data_dir: Path) -> None:
    session, other = store.open_session(ALICE), store.open_session(ALICE)
    recording = add(session, data_dir)
    assert store.get_recording(ALICE, session.id, recording.id) == recording
    for owner, session_id in ((BOB, session.id), (ALICE, other.id)):
        with pytest.raises(store.NotFound):
            store.get_recording(owner, session_id, recording.id)


def test_adding_takes_the_file_over_under_our_own_name(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    recording = add(session, data_dir)
    assert recording.info == INFO
    assert (recording.status, recording.size_bytes) == (Status.QUEUED, 7)
    assert files(data_dir) == [data_dir / "sessions" / str(session.id) / str(recording.id) / "source"]
    assert store.video_path(recording).read_bytes() == b"a video"
    assert store.video_type(recording) == "video/mp4"


def test_one_recording_too_many_leaves_nothing_behind(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    first = add(session, data_dir, limit=1)
    with pytest.raises(store.Full):
        add(session, data_dir, limit=1)
    assert list(Recording.objects.all()) == [first]
    assert files(data_dir) == [store.source_path(first)]


def test_a_source_that_browsers_cannot_play_has_a_video_once_there_is_another_version(data_dir: Path) -> None:
    info = VideoInfo(12.5, 25.0, 640, 360, False, "mpeg4", "video/x-msvideo", False)
    recording = add(store.open_session(ALICE), data_dir, info=info)
    assert not store.has_video(recording)
    with pytest.raises(store.NotFound):
        store.video_path(recording)
    store.playback_path(recording).write_bytes(b"playable")
    assert store.video_path(recording).read_bytes() == b"playable"
    assert store.video_type(recording) == "video/mp4"


def test_readings_come_back_as_they_were_appended(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    assert len(store.load_readings(recording).times) == 0
    store.append(recording.id, readings(0.0, 0.2), 0.1)
    store.append(recording.id, readings(0.4), 7.0)
    recording.refresh_from_db()
    loaded = store.load_readings(recording)
    np.testing.assert_array_equal(loaded.times, [0.0, 0.2, 0.4])
    np.testing.assert_array_equal(loaded.frame, [0, 1, 2])
    assert recording.progress == 1.0


def test_a_torn_write_is_never_read_and_is_written_over(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    store.append(recording.id, readings(0.0), 0.1)
    path = store.recording_folder(recording) / "readings.bin"
    path.write_bytes(path.read_bytes() + readings(0.2).to_bytes()[:-3])  # killed before the row could say so
    recording.refresh_from_db()
    np.testing.assert_array_equal(store.load_readings(recording).times, [0.0])
    store.append(recording.id, readings(0.2, 0.4), 0.2)
    recording.refresh_from_db()
    np.testing.assert_array_equal(store.load_readings(recording).times, [0.0, 0.2, 0.4])


def test_a_recording_is_claimed_once(data_dir: Path) -> None:
    recording = add(store.open_session(ALICE), data_dir)
    claimed = store.claim(recording.id)
    assert claimed is not None
    assert (claimed.status, claimed.attempts) == (Status.RUNNING, 1)
    assert store.claim(recording.id) is None
    assert store.claim(uuid.uuid4()) is None


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_one_gets_it(data_dir: Path) -> None:
    recording = add(store.open_session(ALICE), data_dir)
    claims: list[Recording | None] = []
    errors: list[BaseException] = []
    gate = threading.Barrier(8)

    def claim() -> None:
        gate.wait()
        try:
            claims.append(store.claim(recording.id))
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len([claim for claim in claims if claim is not None]) == 1


def test_cancelling_what_waits_ends_it_at_once_and_deletes_its_file(data_dir: Path) -> None:
    recording = add(store.open_session(ALICE), data_dir)
    store.request_cancel(recording)
    recording.refresh_from_db()
    assert recording.status == Status.CANCELLED
    assert files(data_dir) == []
    assert store.claim(recording.id) is None


def test_cancelling_what_runs_asks_its_job_to_stop(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    assert not store.cancel_is_requested(recording.id)
    store.request_cancel(recording)
    recording.refresh_from_db()
    assert recording.status == Status.RUNNING
    assert store.cancel_is_requested(recording.id)


def test_cancelling_what_has_ended_changes_nothing(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    store.finish(recording.id)
    store.request_cancel(recording)
    recording.refresh_from_db()
    assert (recording.status, recording.cancel_requested) == (Status.DONE, False)
    assert files(data_dir) == [store.source_path(recording)]


def test_an_analysis_that_stopped_early_is_partial(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    store.finish(recording.id, stopped_at_s=3.5, message="It ends at 0:03.")
    recording.refresh_from_db()
    assert (recording.status, recording.stopped_at_s, recording.message) == ("partial", 3.5, "It ends at 0:03.")


def test_a_failure_keeps_its_reason_and_nothing_else(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    store.append(recording.id, readings(0.0), 0.1)
    store.fail(recording.id, "a reason")
    recording.refresh_from_db()
    assert (recording.status, recording.message) == (Status.FAILED, "a reason")
    assert files(data_dir) == []


def test_looking_at_a_session_keeps_it_alive() -> None:
    session = store.open_session(ALICE)
    age(session, IDLE * 0.9)
    store.get_session(ALICE, session.id)
    session.refresh_from_db()
    assert timezone.now() - session.seen_at < timedelta(seconds=5)


def test_what_a_dead_server_left_running_waits_again_once_and_then_fails(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    waited, ran = add(session, data_dir), running(session, data_dir)
    store.append(ran.id, readings(0.0), 0.5)
    assert set(store.requeue_interrupted(2, "restarted")) == {waited.id, ran.id}
    ran.refresh_from_db()
    assert (ran.status, ran.progress, ran.readings_bytes) == (Status.QUEUED, 0.0, 0)
    store.claim(ran.id)
    assert store.requeue_interrupted(2, "restarted") == [waited.id]
    ran.refresh_from_db()
    assert (ran.status, ran.message) == (Status.FAILED, "restarted")
