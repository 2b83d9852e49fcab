"""What ends a session that nobody ends, and what a server that died left behind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from analytics import folders, store, transcripts
from analytics.models import AnalysisSession, Recording
from analytics.tests.stored import ALICE, add, files, running

pytestmark = pytest.mark.django_db

IDLE = timedelta(minutes=30)


def sweep_after(passed: timedelta, *, booting: bool = False) -> int:
    with time_machine.travel(timezone.now() + passed):
        return store.sweep(IDLE, booting=booting)


def test_what_nobody_looked_at_for_thirty_minutes_is_gone_and_a_second_sweep_finds_nothing(data_dir: Path) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    store.finish(recording.id)
    assert sweep_after(IDLE - timedelta(minutes=1)) == 0
    assert files(data_dir) == [store.source_path(recording)]
    with time_machine.travel(timezone.now() + IDLE + timedelta(seconds=10)):
        assert store.sweep(IDLE) == 1
        assert store.sweep(IDLE) == 0
    assert not AnalysisSession.objects.exists()
    assert files(data_dir) == []


def test_looking_at_it_or_having_it_open_keeps_it(data_dir: Path) -> None:
    looked, held, left = (store.open_session(ALICE) for _ in range(3))
    with time_machine.travel(timezone.now() + IDLE / 2):
        store.get_session(ALICE, looked.id)
        assert store.keep_alive([held.id]) == set()
    assert sweep_after(IDLE * 1.2) == 1
    assert set(AnalysisSession.objects.all()) == {looked, held}
    assert left not in AnalysisSession.objects.all()


def test_work_on_a_recording_keeps_its_session(data_dir: Path) -> None:
    queued, analysed, transcribed, done = (store.open_session(ALICE) for _ in range(4))
    add(queued, data_dir)
    running(analysed, data_dir)
    for session in (transcribed, done):
        recording = running(session, data_dir)
        store.finish(recording.id)
        if session == transcribed:
            transcripts.open_for(recording)
    assert sweep_after(IDLE * 2) == 1
    assert set(AnalysisSession.objects.all()) == {queued, analysed, transcribed}


def test_at_boot_nothing_is_being_worked_on(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    running(session, data_dir)
    assert sweep_after(IDLE * 2, booting=True) == 1
    assert files(data_dir) == []


def test_at_boot_every_file_without_a_row_and_every_row_without_a_file_is_left_over(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    kept, lost, failed = (add(session, data_dir) for _ in range(3))
    folders.remove(store.recording_folder(lost))
    store.claim(failed.id)
    Recording.objects.filter(id=failed.id).update(status="failed")  # killed before its files went
    (data_dir / "incoming" / "half.upload").write_bytes(b"half")
    for orphan in (folders.of_session(uuid.uuid4()), folders.of_recording(session.id, uuid.uuid4())):
        orphan.mkdir(parents=True)
        (orphan / "source").write_bytes(b"of nobody")
    store.sweep(IDLE, booting=True)
    assert set(Recording.objects.all()) == {kept, failed}
    assert files(data_dir) == [store.source_path(kept)]


def test_a_session_that_begins_while_a_sweep_looks_keeps_its_folder(data_dir: Path) -> None:
    """Its row is there before its folder: whoever reads the rows first would take the folder for an orphan."""

    def late() -> Iterator[uuid.UUID]:
        (data_dir / "sessions" / str(uuid.uuid4())).mkdir()
        yield from ()

    orphan = data_dir / "sessions" / "orphan"
    orphan.mkdir(parents=True)
    folders.trash_orphans(folders.sessions(), late())
    assert not orphan.exists()
    assert len(list((data_dir / "sessions").iterdir())) == 1


def test_a_sweep_while_an_upload_arrives_leaves_it_alone_and_takes_one_that_was_forgotten(data_dir: Path) -> None:
    arriving, forgotten = (data_dir / "incoming" / name for name in ("half.upload", "whole.upload"))
    for path in (arriving, forgotten):
        path.write_bytes(b"half")
    store.sweep(IDLE)
    assert len(files(data_dir)) == 2  # written to just now, by whatever process
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        store.sweep(IDLE, arriving=[arriving])
    assert files(data_dir) == [arriving]


def test_a_wipe_that_began_long_ago_is_finished_and_one_that_runs_is_left_alone(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    add(session, data_dir)
    AnalysisSession.objects.update(ending_at=timezone.now())
    assert store.sweep(IDLE) == 0
    assert sweep_after(timedelta(minutes=2)) == 1
    assert files(data_dir) == []


def test_secrets_of_browsers_that_never_came_back_go_too() -> None:
    browser = SessionStore()
    browser["owner"] = ALICE
    browser.create()
    store.sweep(IDLE)
    assert Session.objects.count() == 1
    sweep_after(timedelta(hours=13))
    assert Session.objects.count() == 0
