"""Signs of life of what this process is working on, given by a thread of their own while a step takes long.

A job that has not come to its next step for STALL_S is no longer vouched for: it falls silent, is taken back as one
whose process has died, and its thread is given up. Knows tasks, times and what to call; nothing of rows or recordings.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from engageai import tasks

log = logging.getLogger(__name__)

BEAT_S: Final = 10.0
SILENT_S: Final = 30.0  # after which a job is taken back
STALL_S: Final = 600.0  # that one step may take; the longest measured is a block of speech, a minute on two cores

Act = Callable[[], None]

_lock = threading.Lock()
_pulses: set[Pulse] = set()


class Pulse:
    """Of one job, the task of `backend` that has `name` for an argument: `step` whenever it has come a bit further."""

    def __init__(self, backend: str, name: str, beat: Act, let_go: Act) -> None:
        self.backend = backend
        self.name = name
        self.beat = beat
        self.let_go = let_go
        self.step()

    def step(self) -> None:
        self.stepped_s = time.monotonic()

    @property
    def still_s(self) -> float:
        return time.monotonic() - self.stepped_s


@contextmanager
def of(backend: str, name: str, beat: Act, let_go: Act) -> Iterator[Pulse]:
    """While the block lasts, `beat` is called every BEAT_S, from another thread.

    `let_go` puts the job back into the queue over the head of a thread that does not end when the server does.
    """
    pulse = Pulse(backend, name, beat, let_go)
    with _lock:
        _pulses.add(pulse)
    try:
        yield pulse
    finally:
        with _lock:
            _pulses.discard(pulse)


def beat() -> None:
    """One sign of life of every job that goes on."""
    for pulse in _all():
        if pulse.still_s < STALL_S:
            _try(pulse.beat)


def let_go() -> None:
    """The server ends, and these jobs did not."""
    for pulse in _all():
        log.warning("a job of %s did not stop in time: it is put back into the queue", pulse.backend)
        _try(pulse.let_go)


def give_up_stalled() -> None:
    """Have other threads take the places of those that hang; by now their jobs have been silent for long enough."""
    for pulse in _all():
        if pulse.still_s > STALL_S + SILENT_S:
            log.error("a job of %s has not gone on for %.0f s: its thread is given up", pulse.backend, pulse.still_s)
            tasks.give_up(pulse.backend, pulse.name)
            with _lock:
                _pulses.discard(pulse)


def _all() -> list[Pulse]:
    with _lock:
        return list(_pulses)


def _try(act: Act) -> None:
    """What goes wrong with one job harms no other."""
    try:
        act()
    except Exception:
        log.exception("a job could not be looked after")
