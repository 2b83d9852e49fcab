"""Rows, files and sessions agree: after every step of two visitors, two workers, a clock, a killer and a full disk."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from analytics import folders, store, transcripts
from analytics.models import ACTIVE, SHOWABLE, AnalysisSession, Recording, Transcript, TranscriptStatus
from analytics.tests.faults import Fault, FullDisk, Kill, Killed, suffering
from analytics.tests.stored import ALICE, VIDEO, add, files, readings

IDLE = timedelta(minutes=30)
TABS = st.integers(0, 1)
MOMENTS = st.integers(0, 30)
PICKS = st.integers(0, 99)
REFUSALS = (store.NotFound, store.Gone, store.Full, OSError, OperationalError)
Work = Callable[[], Any]


class Server(RuleBasedStateMachine):
    """Every operation is the store's own. What is chosen here is only who calls what, when, and what goes wrong."""

    data_dir: Path

    def __init__(self) -> None:
        super().__init__()
        self.tabs: list[AnalysisSession | None] = [None, None]
        self.ended: set[uuid.UUID] = set()
        self.known: list[Recording] = []  # to their workers, who may not have heard that it was wiped
        self.fault: Fault | None = None
        self.boot()
        for tab in (0, 1):
            self.open(tab)

    def teardown(self) -> None:
        AnalysisSession.objects.all().delete()
        shutil.rmtree(self.data_dir / "sessions", ignore_errors=True)

    # ---- what goes wrong, so many moments later

    @precondition(lambda self: self.fault is None)
    @rule(at=MOMENTS)
    def kill(self, at: int) -> None:
        self.fault = Kill(at)

    @precondition(lambda self: self.fault is None)
    @rule(at=MOMENTS)
    def disk_full(self, at: int) -> None:
        self.fault = FullDisk(at)

    def attempt(self, work: Work) -> Any:
        """None where it was refused, failed or died; who dies is followed by a new server."""
        fault = self.fault or Fault(10**9)
        try:
            with suffering(fault):
                return work()
        except REFUSALS:
            self.sweep_later()  # with what an upload left behind whose request was forgotten
            return None
        except Killed:
            self.boot()
            return None
        finally:
            self.fault = None if fault.has_come else self.fault

    def sweep_later(self) -> None:
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            store.sweep(IDLE)

    def boot(self) -> None:
        store.sweep(IDLE, booting=True)
        store.requeue_interrupted(2, "restarted twice")
        transcripts.requeue_interrupted(2, "restarted twice")

    # ---- what visitors do

    @rule(tab=TABS)
    def open(self, tab: int) -> None:
        """Where the last attempt to failed."""
        if self.tabs[tab] is None:
            self.tabs[tab] = self.attempt(lambda: store.open_session(ALICE))

    @rule(tab=TABS)
    def upload(self, tab: int) -> None:
        self.open(tab)
        if session := self.tabs[tab]:
            self.learn(self.attempt(lambda: add(session, self.data_dir)))

    @rule(tab=TABS)
    def live(self, tab: int) -> None:
        self.open(tab)
        if session := self.tabs[tab]:
            self.learn(self.attempt(lambda: store.add_live(session, name="Webcam", environment="general")))

    @rule(tab=TABS)
    def reload(self, tab: int) -> None:
        self.open(tab)
        if session := self.tabs[tab]:
            if self.attempt(lambda: store.wipe(session.id)):
                self.ended.add(session.id)
            self.tabs[tab] = None
            self.open(tab)

    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        self.to_one(pick, store.request_cancel)

    # ---- what workers do, to recordings that may be gone

    @rule(pick=PICKS, times=st.integers(1, 3))
    def analyse(self, pick: int, times: int) -> None:
        def work(recording: Recording) -> None:
            store.claim(recording.id)
            for _ in range(times):
                store.append(recording.id, readings(0.0, 0.2), 0.5)

        self.to_one(pick, work)

    @rule(pick=PICKS, end=st.sampled_from(["finish", "finish", "fail", "cancel", "release"]))
    def end(self, pick: int, end: str) -> None:
        def work(recording: Recording) -> None:
            if end == "release" and recording.is_live:  # a camera is never waited for
                return
            {
                "finish": lambda: store.finish(recording.id),
                "fail": lambda: store.fail(recording.id, "a reason"),
                "cancel": lambda: store.cancel(recording.id),
                "release": lambda: store.release(recording.id),
            }[end]()

        self.to_one(pick, work)

    @rule(pick=PICKS)
    def transcribe(self, pick: int) -> None:
        def work(recording: Recording) -> None:
            if Recording.objects.filter(id=recording.id, status__in=SHOWABLE).exists():
                transcripts.open_for(recording)
            if transcripts.claim(recording.id):
                transcripts.save(recording, {"results": {}}, "embedded", "")

        self.to_one(pick, work)

    def learn(self, recording: Recording | None) -> None:
        if recording:
            self.known.append(recording)

    def to_one(self, pick: int, work: Callable[[Recording], Any]) -> None:
        """Mostly to the newest, at times to one that is long gone."""
        if not self.known:
            self.upload(pick % 2)
        recording = self.known[-1 - min(pick % 10, len(self.known) - 1)] if self.known else None
        if recording:
            self.attempt(lambda: work(recording))

    # ---- what happens by itself

    @rule()
    def restart(self) -> None:
        for recording in Recording.objects.filter(status="running", source="file"):
            store.release(recording.id)
        self.boot()

    @rule(tab=TABS)
    def expire(self, tab: int) -> None:
        """Nobody looks at one of them for long enough, and then the sweep comes."""
        if session := self.tabs[tab]:
            AnalysisSession.objects.filter(id=session.id).update(seen_at=timezone.now() - IDLE * 1.1)
            self.attempt(lambda: store.sweep(IDLE))

    @rule()
    def wait(self) -> None:
        self.attempt(self.sweep_later)

    # ---- what holds

    @invariant()
    def rows_and_files_and_sessions_agree(self) -> None:
        sessions = AnalysisSession.objects.all()
        assert not {session.id for session in sessions} & self.ended
        assert not [session for session in sessions if session.ending_at]  # a wipe that began has come to its end
        keeping = Recording.objects.filter(status__in=[*ACTIVE, *SHOWABLE])
        assert self.folders() == {(str(each.session_id), str(each.id)) for each in keeping}
        for recording in keeping:
            self.agrees(recording)

    def folders(self) -> set[tuple[str, str]]:
        """Of recordings, by session. A session may have an empty one: its last upload was refused."""
        found = folders.inside(folders.sessions())
        return {(session.name, each.name) for session in found for each in folders.inside(session)}

    def agrees(self, recording: Recording) -> None:
        source = store.source_path(recording)
        assert recording.is_live or source.read_bytes() == VIDEO
        times = store.load_readings(recording).times
        assert len(readings(0.0, 0.2).to_bytes()) * len(times) == 2 * recording.readings_bytes
        row = Transcript.objects.filter(recording=recording).first()
        if row and row.status == TranscriptStatus.DONE:
            assert store.transcript_of(recording) == {"results": {}}

    @invariant()
    def nothing_lies_anywhere_else(self) -> None:
        assert files(self.data_dir / "trash") == []
        assert files(self.data_dir / "incoming") == []


@pytest.mark.django_db(transaction=True)
def test_rows_files_and_sessions_agree_after_every_step(data_dir: Path, settings: Any) -> None:
    settings.AFTER_WIPE = []
    settings.MAX_SESSIONS_PER_VISITOR = settings.MAX_SESSIONS = 1000
    machine = type("OneServer", (Server,), {"data_dir": data_dir})
    run_state_machine_as_test(machine, settings=HOW_LONG)


HOW_LONG = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
