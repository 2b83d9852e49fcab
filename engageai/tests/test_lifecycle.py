"""What the server does before its first request and after its last."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analytics import store
from analytics.models import AnalysisSession
from emotion_ml.engine import EmotionEngine
from engageai import engine as engines
from engageai import lifecycle, tasks
from engageai.conftest import Visitor
from engageai.limits import Message, Receive, Scope, Send
from engageai.presence import reaper
from engageai.watchdog import watchdog

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def temporary_folder() -> Iterator[None]:
    before = tempfile.tempdir
    yield
    tempfile.tempdir = before
    reaper.stop()
    watchdog.stop()


def test_a_start_wipes_what_is_idle_takes_up_what_waits_and_warms_the_engine(
    visitor: Visitor, clip: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[bool] = []
    monkeypatch.setattr(engines, "warm", lambda: warmed.append(True))
    settings.WARM_ENGINE = True
    from django_tasks import default_task_backend

    recording = visitor.uploaded(clip)
    idle = store.open_session("somebody's secret")
    AnalysisSession.objects.filter(id=idle.id).update(seen_at=timezone.now() - timedelta(hours=1))
    (settings.FILE_UPLOAD_TEMP_DIR / "half.upload").write_bytes(b"half")
    default_task_backend.clear()  # type: ignore[attr-defined]  # the process that held the queue is gone

    lifecycle.start()
    assert list(AnalysisSession.objects.all()) == [visitor.session]
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    assert [result.args for result in default_task_backend.results] == [[str(recording.id)]]  # type: ignore[attr-defined]
    assert warmed == [True]
    assert tempfile.gettempdir() == str(settings.FILE_UPLOAD_TEMP_DIR)


class Calls:
    """What the lifecycle started, stopped and passed on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.made: list[str] = []
        self.error = error
        monkeypatch.setattr(lifecycle, "start", self.start)
        monkeypatch.setattr(tasks, "stop", lambda: self.made.append("stop"))

    def start(self) -> None:
        if self.error:
            raise self.error
        self.made.append("start")

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.made.append(scope["type"])


async def live(calls: Calls, *scopes: str, messages: tuple[str, ...] = ()) -> list[Message]:
    sent: list[Message] = []
    told = iter(messages)

    async def receive() -> Message:
        return {"type": next(told)}

    async def send(message: Message) -> None:
        sent.append(message)

    served = lifecycle.Lifecycle(calls.app)
    for scope in scopes:
        await served({"type": scope}, receive, send)
    return sent


async def test_the_lifespan_starts_and_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    sent = await live(calls, "lifespan", messages=("lifespan.startup", "lifespan.shutdown"))
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert calls.made == ["start", "stop"]


async def test_without_a_lifespan_the_first_request_starts_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    await live(calls, "http", "websocket", "http")
    assert calls.made == ["start", "http", "websocket", "http"]


async def test_a_start_that_fails_is_told_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, RuntimeError("no such table"))
    sent = await live(calls, "lifespan", messages=("lifespan.startup",))
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "no such table" in sent[0]["message"]


def test_the_engine_is_created_once_and_asked_again_after_a_failure(
    engine: EmotionEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Any] = [RuntimeError("no weights"), engine]

    def create(*_: Path) -> EmotionEngine:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, EmotionEngine)
        return answer

    monkeypatch.setattr(engines, "_engine", None)
    monkeypatch.setattr(EmotionEngine, "create", create)
    engines._warm()
    assert "no weights" in caplog.text
    assert engines.get_engine() is engines.get_engine() is engine
