"""How an engine is, and how often it may be restarted. Pure: times come in; knows no thread and no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_RESTARTS: Final = 5
RESTART_WINDOW_S: Final = 60.0


class EngineHung(RuntimeError):
    """The call that held these faces hung, or poisoned its backend; the engine has been restarted or is about to be."""


class EngineDown(RuntimeError):
    """The engine broke too often in too short a time. It stays down until the process is restarted."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`state` is ready, degraded, stuck, restarting or down, and `reason` says why where it is not ready.

    `waiting` counts calls, `restarts` those of the whole life of the engine.
    """

    state: str
    reason: str
    waiting: int
    restarts: int


@dataclass(slots=True)
class Restarts:
    """Those of the last minute. What breaks again at once is not cured by being restarted."""

    _times: list[float] = field(default_factory=list)
    total: int = 0

    def allow(self, now_s: float) -> bool:
        """Whether there may be one more, which is counted as done."""
        self._times = [at for at in self._times if now_s - at < RESTART_WINDOW_S]
        if len(self._times) >= MAX_RESTARTS:
            return False
        self._times.append(now_s)
        self.total += 1
        return True
