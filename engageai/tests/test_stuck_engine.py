"""An engine that hangs or breaks under a job and a webcam: both are told, the engine is restarted, the job goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from analytics import store
from analytics.models import Recording
from emotion_ml.backends import Backend, Batch, Poisoned
from emotion_ml.engine import EmotionEngine
from emotion_ml.tests.fakes import Brightness
from emotion_ml.tests.patience import slack
from engageai import engine as engines
from engageai.conftest import Visitor
from engageai.engine import replaced
from engageai.live import protocol
from engageai.live.hall import hall
from engageai.live.tests.cameras import Camera
from engageai.upload import jobs, views

pytestmark = pytest.mark.django_db(transaction=True)

STUCK_S = 0.5


class Switched(Brightness):
    """Hangs, or is poisoned, for as long as it is told to be."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.poisoned = False

    def logits(self, batch: Batch) -> Batch:
        assert self.go_on.wait(30)
        if self.poisoned:
            raise Poisoned("CUDA error: device-side assert triggered")
        return super().logits(batch)


class Renewal:
    """A fresh backend, when it is allowed to come."""

    def __init__(self) -> None:
        self.allowed = threading.Event()
        self.make: Callable[[], Backend] = Brightness

    def __call__(self, lost: Backend, why: str) -> Backend:
        assert self.allowed.wait(30)
        return self.make()


@pytest.fixture
def backend() -> Iterator[Switched]:
    switched = Switched()
    yield switched
    switched.go_on.set()


@pytest.fixture
def renewal() -> Iterator[Renewal]:
    made = Renewal()
    yield made
    made.allowed.set()


@pytest.fixture
def stuck(backend: Switched, renewal: Renewal) -> Iterator[EmotionEngine]:
    with EmotionEngine(backend, renew=renewal, stuck_s=STUCK_S) as engine, replaced(engine):
        yield engine
        backend.go_on.set()
        renewal.allowed.set()


@pytest.fixture(autouse=True)
def an_empty_hall() -> Iterator[None]:
    hall.cache_clear()
    yield
    hall().threads.shutdown()
    hall.cache_clear()
    engines.close_detectors()


def eventually(condition: Callable[[], bool], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def readiness() -> tuple[int, str]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["checks"]["engine"]["says"]


def at_work(recording: Recording) -> threading.Thread:
    worker = threading.Thread(target=jobs.analyse.call, args=[str(recording.id)])
    worker.start()
    return worker


def told(recording: Recording) -> str:
    recording.refresh_from_db()
    return views.state_of(recording)["message"]


def test_a_job_whose_engine_hangs_says_so_and_is_done(
    visitor: Visitor, clip: Path, stuck: EmotionEngine, renewal: Renewal
) -> None:
    recording = visitor.uploaded(clip)
    worker = at_work(recording)
    eventually(lambda: engines.condition().state in ("stuck", "restarting"))
    assert readiness()[0] == 503
    assert "hang" in told(recording) or "restarted" in told(recording)
    eventually(lambda: engines.condition().state == "restarting")
    assert "more than 0.5 s" in readiness()[1]
    assert told(recording) == engines.NOTES["restarting"]
    renewal.allowed.set()
    worker.join(30)
    recording.refresh_from_db()
    assert (recording.status, recording.message) == ("done", "")
    assert len(store.load_readings(recording).times) == 10
    assert engines.condition().state == "ready"


def test_a_poisoned_engine_is_not_ready_within_a_second_and_the_job_goes_on(
    visitor: Visitor, clip: Path, stuck: EmotionEngine, backend: Switched, renewal: Renewal
) -> None:
    backend.poisoned = True
    backend.go_on.set()
    recording = visitor.uploaded(clip)
    worker = at_work(recording)
    eventually(lambda: engines.condition().state == "restarting")
    began = time.monotonic()
    status, says = readiness()
    assert time.monotonic() - began < 1.0 * slack()
    assert (status, "device-side assert" in says) == (503, True)
    renewal.allowed.set()
    worker.join(30)
    recording.refresh_from_db()
    assert recording.status == "done"
    assert recording.backend == "test"


def test_an_engine_that_breaks_for_good_fails_the_job_with_a_reason_and_stays_not_ready(
    visitor: Visitor, clip: Path, stuck: EmotionEngine, backend: Switched, renewal: Renewal
) -> None:
    backend.poisoned = True
    backend.go_on.set()
    renewal.make = lambda: backend
    renewal.allowed.set()
    for _ in range(3):
        recording = visitor.uploaded(clip)
        jobs.analyse.call(str(recording.id))
        recording.refresh_from_db()
        assert (recording.status, recording.message) == ("failed", jobs.UNREAD)
    assert readiness()[0] == 503
    assert engines.condition().state == "down"


async def test_a_webcam_is_told_and_can_go_on_at_once(visitor: Visitor, stuck: EmotionEngine, renewal: Renewal) -> None:
    camera = await Camera(visitor).ready()
    await camera.send()
    code, reason = await camera.closing()
    assert (code, "is being restarted" in reason) == (protocol.BUSY, True)
    renewal.allowed.set()
    again = await Camera(visitor).ready()
    assert (await again.round_trip())["kind"] == "result"
    await again.leave()
    assert stuck.condition.restarts == 1
