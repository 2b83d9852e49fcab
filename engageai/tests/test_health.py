"""/healthz says that the process turns, /readyz that it would do work, and names what keeps it from that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from analytics import census
from emotion_ml.engine import EmotionEngine
from emotion_ml.restarts import Condition
from engageai import engine as engines
from engageai import health, tasks
from engageai.conftest import start_server
from engageai.tests.guest import Guest, eventually, get
from engageai.watchdog import watchdog

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def healthy(engine: EmotionEngine, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.MIN_FREE_MIB = 0
    monkeypatch.setattr(engines, "_failure", "")
    monkeypatch.setattr(health, "LOOK_S", 30.0)  # a machine under load is not what these tests are about
    watchdog.start([])
    yield
    watchdog.stop()


def readiness() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def test_a_healthy_server_is_ready_and_says_of_what() -> None:
    status, answer = readiness()
    assert (status, answer["status"]) == (200, "ready")
    assert list(answer["checks"]) == ["server", "engine", "queue", "watchdog", "database", "disk"]
    assert all(check["ok"] for check in answer["checks"].values())


def full_disk(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MIN_FREE_MIB = 10**9


def full_queue(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "counts", lambda: {"default": (settings.JOB_QUEUE - 1, 1)})


def dead_watchdog(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watchdog.stop()


def broken_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "answers", lambda: 1 / 0)


def hanging_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_S", 0.05)
    monkeypatch.setattr(census, "answers", lambda: time.sleep(0.5))


def cold_engine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WARM_ENGINE = True
    monkeypatch.setattr(engines, "_engine", None)


def failed_engine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_engine", None)
    monkeypatch.setattr(EmotionEngine, "create", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engines.get_engine()


@pytest.mark.parametrize(
    ("fault", "check", "says"),
    [
        (full_disk, "disk", "MiB free"),
        (full_queue, "queue", "19 waiting, 1 running"),
        (dead_watchdog, "watchdog", "jobs are not looked after"),
        (broken_database, "database", "ZeroDivisionError"),
        (hanging_database, "database", "does not answer"),
        (cold_engine, "engine", "is being loaded"),
        (failed_engine, "engine", "failed: the engine could not be created: ZeroDivisionError"),
    ],
)
def test_what_keeps_it_from_working_is_named(
    fault: Callable[[Any, pytest.MonkeyPatch], None],
    check: str,
    says: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(settings, monkeypatch)
    status, answer = readiness()
    assert (status, answer["status"]) == (503, "unready")
    assert [name for name, found in answer["checks"].items() if not found["ok"]] == [check]
    assert says in answer["checks"][check]["says"]
    assert Client().get("/healthz").content == b"ok\n"


def test_an_engine_that_loads_when_it_is_needed_is_ready(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WARM_ENGINE = False
    monkeypatch.setattr(engines, "_engine", None)
    assert readiness()[0] == 200


def test_a_degraded_engine_works_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "condition", lambda: Condition("degraded", "the CPU has taken over", 0, 1))
    status, answer = readiness()
    assert (status, answer["status"]) == (200, "degraded")
    assert answer["checks"]["engine"]["says"] == "degraded: the CPU has taken over"


def test_a_server_that_stops_is_not_ready() -> None:
    tasks.stopping.set()
    try:
        assert readiness()[1]["checks"]["server"] == {"ok": False, "says": "stopping"}
    finally:
        tasks.stopping.clear()


def test_a_real_server_becomes_ready_once_its_networks_are_loaded(tmp_path: Path) -> None:
    server = start_server(tmp_path, WARM_ENGINE="True")
    eventually(lambda: get(server, "/readyz")[0].status == 200)
    assert Guest(server).get("/readyz")[0].headers["Cache-Control"] == "no-store"
    assert server.stop() == 0
