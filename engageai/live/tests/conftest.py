"""Each test has a hall of its own: limits are read from its settings, and nobody of the test before is still there."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from emotion_ml.engine import Batch, EmotionEngine
from emotion_ml.tests.fakes import Brightness
from engageai.engine import close_detectors, replaced
from engageai.live.hall import hall


@pytest.fixture(autouse=True)
def empty_hall() -> Iterator[None]:
    hall.cache_clear()
    yield
    assert len(hall()) == 0, "a socket did not leave"
    hall().threads.shutdown()
    hall.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def detectors() -> Iterator[None]:
    yield
    close_detectors()


class Gated(Brightness):
    """A backend that answers when it is told to, and counts what it was asked."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.asked = 0

    def logits(self, batch: Batch) -> Batch:
        self.asked += 1
        assert self.gate.acquire(timeout=10)
        return np.asarray(super().logits(batch))


@pytest.fixture
def gated() -> Iterator[Gated]:
    backend = Gated()
    with EmotionEngine(backend) as engine, replaced(engine):
        yield backend
        for _ in range(100):
            backend.gate.release()
