"""A thread that does duties again and again; the server's own gives the signs of life of jobs, then takes back what
fell silent.

In this order and in one thread: when the machine wakes from sleep, what goes on says so before anybody counts seconds.
Knows duties and when they are due; not what they do.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from django.db import close_old_connections, connections

from engageai import pulse

log = logging.getLogger(__name__)

ROUND_S: Final = pulse.BEAT_S
STOP_S: Final = 1.0

Duty = Callable[[], object]


class Watchdog:
    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_awake(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, duties: Sequence[Duty], round_s: float = ROUND_S) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(duties, round_s), name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_S)
            self._thread = None

    def _run(self, duties: Sequence[Duty], round_s: float) -> None:
        while not self._stopping.wait(round_s):
            for duty in duties:
                try:
                    close_old_connections()
                    duty()
                except Exception:  # a full disk, say: the next round may fare better, and the other duties must be done
                    log.exception("a duty could not be done")
        connections.close_all()


watchdog = Watchdog()
