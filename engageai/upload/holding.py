"""How an analysis holds on to its row: what it does there in the name of its attempt, and when it stops.

Knows the row through the store and nothing of what is measured.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from analytics import store
from analytics.models import Recording
from engageai import pulse, tasks

STEP_S: Final = 1.0  # of work between two writes; also how long a cancel may take to be noticed


class Cancelled(Exception):
    """The visitor asked to stop."""


class Interrupted(Exception):
    """The server is stopping; the recording waits for the next one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is done to a recording's row in the name of this attempt. What a job itself does raises store.Gone."""

    recording: Recording

    def beat(self) -> None:
        with suppress(store.Gone):  # which the job finds out at its next step
            store.update(self.recording.id, attempt=self.recording.attempts)

    def let_go(self) -> None:
        with suppress(store.Gone):  # its results stand already
            self.release()

    def release(self) -> None:
        store.release(self.recording.id, attempt=self.recording.attempts)

    def fail(self, message: str) -> None:
        store.fail(self.recording.id, message, attempt=self.recording.attempts)

    def check(self) -> bool:
        return store.cancel_is_requested(self.recording.id, attempt=self.recording.attempts)


class Watch:
    """Says once a second whether to go on, by raising Cancelled, Interrupted or store.Gone when not."""

    def __init__(self, recording: Recording, life: pulse.Pulse) -> None:
        self.recording = recording
        self.life = life
        self.checked = time.monotonic()

    def is_due(self) -> bool:
        self.life.step()
        return time.monotonic() - self.checked >= STEP_S

    def check(self) -> None:
        self.life.step()
        self.checked = time.monotonic()
        if tasks.stopping.is_set():
            raise Interrupted
        if store.cancel_is_requested(self.recording.id, attempt=self.recording.attempts):
            raise Cancelled
