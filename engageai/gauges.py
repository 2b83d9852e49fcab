"""What can be looked up when somebody asks how the server is: sessions, jobs, queues, room on the disk, the engine.

Read at that moment and kept nowhere. Everything is a number; nothing says whose it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analytics import census
from engageai import engine, metrics, tasks

STATES = ("ready", "degraded", "stuck", "restarting", "down", "cold", "failed")


class Gauges(Collector):
    """Asks the database: not for the event loop."""

    def collect(self) -> Iterator[Metric]:
        found = census.take()
        yield _gauge("engageai_sessions", "Sessions that are open", found.sessions)
        yield _by("engageai_recordings", "Recordings, by the state of their analysis", "status", found.recordings)
        yield _by("engageai_transcripts", "Transcripts, by their state", "status", found.transcripts)
        yield _by("engageai_tasks_waiting", "Jobs that wait for a thread", "queue", _queues(0))
        yield _by("engageai_tasks_running", "Jobs that run", "queue", _queues(1))
        yield _gauge("engageai_disk_free_bytes", "Room where everything is stored", disk_free_bytes())
        yield from _engine()

    def describe(self) -> list[Metric]:
        """Nothing in advance: registering it must not ask the database."""
        return []


def disk_free_bytes() -> int:
    return shutil.disk_usage(settings.DATA_DIR).free


def _queues(which: int) -> dict[str, int]:
    counts = tasks.counts()
    return {alias: counts.get(alias, (0, 0))[which] for alias in settings.TASKS}


def _engine() -> Iterable[Metric]:
    now = engine.condition()
    states = {state: int(state == now.state) for state in STATES}
    yield _by("engageai_engine_state", "1 for the state that the engine is in", "state", states)
    yield _gauge(
        "engageai_engine_degraded", "1 while the engine answers, and slower than it should", states["degraded"]
    )
    yield _gauge("engageai_engine_waiting", "Calls that wait for the network", now.waiting)
    yield _gauge("engageai_engine_restarts", "Restarts of the engine since the server started", now.restarts)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


metrics.registry.register(Gauges())
