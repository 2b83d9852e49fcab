"""What a kill -9 leaves: of a wipe nothing once the server has started again, of a write no damage.

The processes are real, the database and the folders are theirs.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from analytics import store
from analytics.models import AnalysisSession, Recording
from analytics.tests.stored import ALICE, add, files, readings, running

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 20
KILLED = str(-signal.SIGKILL)


@pytest.fixture
def database(data_dir: Path) -> Iterator[Path]:
    """The test's own, where the processes look for theirs."""
    path = data_dir / "db.sqlite3"
    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    call_command("migrate", verbosity=0)
    yield path
    connection.close()
    connection.settings_dict["NAME"] = before


class Dying:
    """Processes that end by kill -9."""

    def __init__(self, data_dir: Path) -> None:
        environment = os.environ | {"DATA_DIR": str(data_dir), "SECRET_KEY": "of no use " * 6}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "analytics.tests.dying"],
            cwd=settings.ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def tell(self, *words: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def dying(data_dir: Path, database: Path) -> Iterator[Dying]:
    made = Dying(data_dir)
    yield made
    made.process.communicate()


def test_a_wipe_killed_between_any_two_steps_is_finished_at_boot(data_dir: Path, dying: Dying) -> None:
    other = store.open_session(ALICE)
    kept = add(other, data_dir)
    for step in ("begun", "renamed", "rows", "listed", "the last"):
        session = store.open_session(ALICE)
        store.append(running(session, data_dir).id, readings(0.0), 0.1)
        dying.tell("wipe", session.id, step.replace(" ", "-"))
        assert dying.hear() == KILLED
        with pytest.raises(store.NotFound):
            store.get_session(ALICE, session.id)
        left = len(files(data_dir / "sessions")) + len(files(data_dir / "trash"))
        assert left == (1 if step == "the last" else 3), step  # it did die there
        store.sweep(timedelta(minutes=30), booting=True)
        assert list(AnalysisSession.objects.all()) == [other], step
        assert list(Recording.objects.all()) == [kept], step
        assert files(data_dir / "sessions") == [store.source_path(kept)], step
        assert [path.name for path in (data_dir / "sessions").iterdir()] == [str(other.id)], step
        assert list((data_dir / "trash").iterdir()) == [], step


def test_writes_killed_twenty_times_damage_nothing(data_dir: Path, database: Path, dying: Dying) -> None:
    recording = running(store.open_session(ALICE), data_dir)
    committed = 0
    for kill in range(KILLS):
        dying.tell("write", recording.id)
        child = int(dying.hear())
        time.sleep(0.003 * kill)
        os.kill(child, signal.SIGKILL)
        assert dying.hear() == KILLED
        with sqlite3.connect(database) as direct:
            assert direct.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        recording.refresh_from_db()
        found = store.load_readings(recording)
        assert len(found.times) > committed
        assert len(readings(0.0, 0.2).to_bytes()) * len(found.times) == 2 * recording.readings_bytes
        committed = len(found.times)
