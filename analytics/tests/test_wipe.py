"""A wipe: all of one session, nothing of another, whatever happens meanwhile; and what it leaves with its visitor."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from analytics import folders, resources, store, transcripts, wiping
from analytics.models import AnalysisSession, Recording, Stage, Transcript
from analytics.tests.stored import ALICE, VIDEO, add, files, readings, running
from emotion_ml.tests.patience import slack

pytestmark = pytest.mark.django_db

STEPS = ("begun", "renamed", "rows", "listed")
heard: list[uuid.UUID] = []


@pytest.fixture(autouse=True)
def nobody_listens(settings: Any) -> None:
    settings.AFTER_WIPE = []
    heard.clear()


def whole(data_dir: Path) -> Recording:
    """A recording with everything that is kept of one."""
    recording = running(store.open_session(ALICE), data_dir)
    store.append(recording.id, readings(0.0, 0.2), 0.1)
    store.update(recording.id, sha256=hashlib.sha256(VIDEO).hexdigest())
    store.finish(recording.id)
    transcripts.open_for(recording)
    transcripts.claim(recording.id)
    transcripts.save(recording, {"results": {}}, "embedded", "")
    resources.save(recording, {"papers": []})
    return recording


def meanwhile(monkeypatch: pytest.MonkeyPatch, at: str, action: Callable[[], Any]) -> None:
    monkeypatch.setattr(wiping, "between", lambda step: action() if step == at else None)


def test_it_leaves_no_row_and_no_file_and_touches_no_other_session(data_dir: Path) -> None:
    recording = whole(data_dir)
    other = store.open_session(ALICE)
    kept = add(other, data_dir)
    store.wipe(recording.session_id)
    assert list(AnalysisSession.objects.all()) == [other]
    assert list(Recording.objects.all()) == [kept]
    assert not Transcript.objects.exists()
    assert files(data_dir) == [store.source_path(kept)]


def test_its_receipt_accounts_for_every_file(data_dir: Path) -> None:
    recording = whole(data_dir)
    folder = store.recording_folder(recording)
    expected = {hashlib.sha256(path.read_bytes()).hexdigest(): path.stat().st_size for path in files(folder)}
    receipt = store.wipe(recording.session_id)
    assert {each.sha256: each.size_bytes for each in receipt.files} == expected
    assert {each.kind for each in receipt.files} == {"recording", "readings", "transcript", "reading list"}
    told = receipt.as_dict()
    assert (told["bytes"], told["rows"], told["recordings"]) == (sum(expected.values()), 3, 1)
    assert told["session"] == str(recording.session_id)


def test_its_receipt_holds_no_name_and_no_content(data_dir: Path) -> None:
    recording = whole(data_dir)
    told = json.dumps(store.wipe(recording.session_id).as_dict())
    for secret in (recording.name, str(recording.id), "papers", VIDEO.decode()):
        assert secret not in told


def test_a_second_wipe_finds_nothing(data_dir: Path) -> None:
    recording = whole(data_dir)
    store.wipe(recording.session_id)
    receipt = store.wipe(recording.session_id)
    assert (receipt.files, dict(receipt.rows)) == ((), {})


def test_a_file_too_large_to_read_in_time_is_deleted_without_a_digest(data_dir: Path) -> None:
    recording = add(store.open_session(ALICE), data_dir)
    with store.source_path(recording).open("wb") as file:
        file.truncate(32 * 1024**3)  # sparse: it takes no room, and many seconds to read
    small = store.recording_folder(recording) / "readings.bin"
    small.write_bytes(b"small")
    began = time.monotonic()
    receipt = store.wipe(recording.session_id)
    assert time.monotonic() - began < 2.0 * slack()
    assert [(each.kind, bool(each.sha256)) for each in receipt.files] == [("recording", False), ("readings", True)]
    assert files(data_dir) == []


def test_the_digest_that_the_analysis_computed_needs_no_second_reading(data_dir: Path) -> None:
    recording = whole(data_dir)
    receipt = store.wipe(recording.session_id, hash_s=0)
    known = {each.kind: each.sha256 for each in receipt.files}
    assert known["recording"] == hashlib.sha256(VIDEO).hexdigest()
    assert known["readings"] == ""


@pytest.mark.parametrize("step", STEPS)
def test_from_its_first_step_on_nobody_finds_the_session(
    step: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = whole(data_dir)
    session = recording.session
    refused: list[str] = []

    def knock() -> None:
        asks: list[Callable[[], Any]] = [
            lambda: store.get_session(ALICE, session.id),
            lambda: store.get_recording(ALICE, session.id, recording.id),
            lambda: add(session, data_dir),
            lambda: store.add_live(session, name="Webcam", environment="general"),
        ]
        for ask in asks:
            with pytest.raises(store.NotFound):
                ask()
            refused.append(step)

    meanwhile(monkeypatch, step, knock)
    store.wipe(session.id)
    assert len(refused) == 4
    assert files(data_dir) == []


@pytest.mark.parametrize("step", STEPS[1:])
def test_every_late_write_is_refused_and_brings_nothing_back(
    step: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    transcripts.open_for(recording)
    transcripts.claim(recording.id)

    def write() -> None:
        with pytest.raises(store.Gone):
            store.append(recording.id, readings(0.0), 0.1)
        with pytest.raises(store.Gone):
            transcripts.save(recording, {}, "embedded", "")
        resources.save(recording, {})

    meanwhile(monkeypatch, step, write)
    store.wipe(recording.session_id)
    write()
    for late in (
        lambda: store.enter(recording.id, Stage.PLAYBACK),
        lambda: store.finish(recording.id),
        lambda: store.fail(recording.id, "a reason"),
        lambda: store.release(recording.id),
        lambda: store.cancel_is_requested(recording.id),
        lambda: transcripts.cancel_is_requested(recording.id),
    ):
        with pytest.raises(store.Gone):
            late()
    assert files(data_dir) == []


def test_a_folder_that_came_in_between_goes_too(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = store.open_session(ALICE)
    add(session, data_dir)

    def come() -> None:  # an upload that made its folder before it was refused
        folder = folders.of_recording(session.id, uuid.uuid4())
        folder.mkdir(parents=True)
        (folder / "source").write_bytes(VIDEO)

    meanwhile(monkeypatch, "renamed", come)
    store.wipe(session.id)
    assert files(data_dir) == []


def test_on_a_full_disk_the_files_go_before_the_rows(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = whole(data_dir)
    update = AnalysisSession.objects.all().__class__.update
    seen: list[int] = []

    def full(self: Any, **values: Any) -> int:
        seen.append(len(files(data_dir)))
        if seen[-1]:
            raise OperationalError("database or disk is full")
        return update(self, **values)

    monkeypatch.setattr(AnalysisSession.objects.all().__class__, "update", full)
    receipt = store.wipe(recording.session_id)
    assert seen == [4, 0]
    assert len(receipt.files) == 4
    assert not AnalysisSession.objects.exists()


def hear(session_id: uuid.UUID) -> None:
    assert not AnalysisSession.objects.filter(id=session_id).exists()
    heard.append(session_id)


def deaf(session_id: uuid.UUID) -> None:
    raise RuntimeError("nobody there")


def test_whoever_has_to_hear_of_it_does_even_if_another_cannot(
    data_dir: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AFTER_WIPE = [f"{__name__}.deaf", f"{__name__}.hear"]
    recording = whole(data_dir)
    store.wipe(recording.session_id)
    assert heard == [recording.session_id]
    assert "nobody there" in caplog.text
    assert files(data_dir) == []


@pytest.mark.django_db(transaction=True)
def test_two_at_once_leave_nothing_and_one_of_them_has_the_receipt(data_dir: Path) -> None:
    recording = whole(data_dir)
    receipts: list[Any] = []
    gate = threading.Barrier(2)

    def wipe() -> None:
        gate.wait()
        try:
            receipts.append(store.wipe(recording.session_id))
        finally:
            connection.close()

    threads = [threading.Thread(target=wipe) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(receipt.files) for receipt in receipts) == [0, 4]
    assert files(data_dir) == []


def test_a_sweep_beside_it_does_not_take_its_files_before_they_are_accounted_for(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = whole(data_dir)
    meanwhile(monkeypatch, "rows", folders.empty_trash)
    assert all(each.sha256 for each in store.wipe(recording.session_id).files)
    (data_dir / "trash" / "left over").mkdir()
    folders.empty_trash()
    assert list((data_dir / "trash").iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_no_word_of_it_stays_in_the_database_file(data_dir: Path) -> None:
    session = store.open_session(ALICE)
    add(session, data_dir, name="a name that nobody else has.mp4")
    database = Path(connection.settings_dict["NAME"])

    def holds() -> bool:
        parts = (database, database.with_name(f"{database.name}-wal"))
        return any(b"a name that nobody else has" in part.read_bytes() for part in parts if part.exists())

    assert holds()
    store.wipe(session.id)
    store.sweep(wiping.UNFINISHED)
    assert not holds()
