"""SQLite holds: eight jobs write at once while pages read, and nobody is ever locked out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from analytics import store
from analytics.models import Recording
from analytics.tests.stored import ALICE, readings, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WRITERS, APPENDS = 8, 1000


class Crew:
    """Threads that note what they stumble over, and leave no connection behind."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def send(self, work: Callable[[], None]) -> None:
        self.threads.append(threading.Thread(target=self._work, args=(work,)))

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()


def test_eight_writers_and_a_reader_never_lock_one_another_out(data_dir: Path) -> None:
    recordings = [running(store.open_session(ALICE), data_dir) for _ in range(WRITERS)]
    crew, pages, done = Crew(), Crew(), threading.Event()
    looks: list[int] = []

    def write(recording: Recording) -> None:
        for k in range(APPENDS):
            store.append(recording.id, readings(k / 5), k / APPENDS)

    def look() -> None:
        while not done.is_set():
            for recording in recordings:
                latest = store.get_recording(ALICE, recording.session_id, recording.id)
                looks.append(len(store.load_readings(latest).times))

    for recording in recordings:
        crew.send(lambda recording=recording: write(recording))  # type: ignore[misc]
    pages.send(look)
    for thread in (*pages.threads, *crew.threads):
        thread.start()
    for thread in crew.threads:
        thread.join()
    done.set()
    pages.threads[0].join()
    assert crew.errors + pages.errors == []
    assert len(looks) > WRITERS
    for recording in recordings:
        recording.refresh_from_db()
        assert len(store.load_readings(recording).times) == APPENDS
