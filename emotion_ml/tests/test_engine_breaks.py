"""An engine that hangs, is poisoned or runs out of memory answers all the same, or says loudly that it cannot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from emotion_ml import backends
from emotion_ml.backends import Backend, Batch, ModelInfo, OnnxBackend, Poisoned, TorchBackend, instead_of
from emotion_ml.engine import WEIGHTS, EmotionEngine
from emotion_ml.restarts import MAX_RESTARTS, RESTART_WINDOW_S, EngineDown, EngineHung, Restarts
from emotion_ml.tests.fakes import Brightness

FACE = np.full((48, 48), 200, dtype=np.uint8)
STUCK_S = 0.5
CUDA = "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported"


class Sick(Brightness):
    """Does `illness` at the first of its calls, and is well afterwards."""

    def __init__(self, illness: Callable[[], object], calls: int = 1) -> None:
        self.illness = illness
        self.left = calls

    def logits(self, batch: Batch) -> Batch:
        if self.left:
            self.left -= 1
            self.illness()
        return super().logits(batch)


class Doctor:
    """Makes fresh backends, and remembers why."""

    def __init__(self, *fresh: Backend, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.fresh = list(fresh)
        self.reasons: list[str] = []
        self.meanwhile = meanwhile

    def __call__(self, lost: Backend, why: str) -> Backend:
        self.reasons.append(why)
        self.meanwhile()
        return self.fresh.pop(0) if self.fresh else Brightness()


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What hangs, hangs until this is set."""
    event = threading.Event()
    yield event
    event.set()


def poison() -> None:
    raise Poisoned("CUDA error: device-side assert triggered")


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_call_that_hangs_is_asked_again_of_a_fresh_backend(release: threading.Event) -> None:
    doctor = Doctor()
    with EmotionEngine(Sick(lambda: release.wait(30)), renew=doctor, stuck_s=STUCK_S) as engine:
        began = time.monotonic()
        assert engine.probabilities([FACE]).argmax() == 1
        assert time.monotonic() - began < 10
        assert doctor.reasons == ["an inference call took more than 0.5 s"]
        assert (engine.condition.state, engine.condition.restarts) == ("ready", 1)
        release.set()  # the one that was given up comes back, and its answer is nobody's
        assert engine.probabilities([FACE, FACE]).shape == (2, 5)


def test_that_it_hangs_can_be_seen_while_it_does(release: threading.Event) -> None:
    with EmotionEngine(Sick(lambda: release.wait(30)), stuck_s=STUCK_S) as engine:
        assert engine.condition.state == "ready"
        with ThreadPoolExecutor(1) as pool:
            engine._wait_for = lambda request: request.answer.result()  # type: ignore[method-assign]  # nobody looks
            asked = pool.submit(engine.probabilities, [FACE])
            eventually(lambda: engine.condition.state == "stuck")
            assert engine.condition.waiting == 1
            assert "more than 0.5 s" in engine.condition.reason
            release.set()
            assert asked.result(10).shape == (1, 5)
        assert engine.condition.state == "ready"


def test_a_live_caller_is_told_at_once_and_the_next_frame_is_read(release: threading.Event) -> None:
    with EmotionEngine(Sick(lambda: release.wait(30)), renew=Doctor(), stuck_s=STUCK_S) as engine:
        with pytest.raises(EngineHung, match=r"more than 0\.5 s"):
            engine.probabilities([FACE], live=True)
        assert engine.probabilities([FACE], live=True).shape == (1, 5)


def test_faces_on_which_every_backend_hangs_are_given_up(release: threading.Event) -> None:
    def hang() -> None:
        release.wait(30)

    with EmotionEngine(Sick(hang), renew=Doctor(Sick(hang)), stuck_s=STUCK_S) as engine:
        with pytest.raises(EngineHung):
            engine.probabilities([FACE])
        assert engine.probabilities([FACE]).shape == (1, 5)
        assert engine.condition.restarts == 2


def test_those_who_wait_behind_a_call_that_hangs_are_answered(release: threading.Event) -> None:
    sick = Sick(lambda: release.wait(30))
    with EmotionEngine(sick, renew=Doctor(), stuck_s=STUCK_S) as engine, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(engine.probabilities, [FACE]) for _ in range(8)]
        assert [answer.result(10).shape for answer in answers] == [(1, 5)] * 8
        assert engine.condition.restarts == 1


def test_a_poisoned_backend_is_replaced_and_not_asked_again(release: threading.Event) -> None:
    sick = Sick(poison, calls=99)
    doctor = Doctor(meanwhile=lambda: release.wait(30))
    with EmotionEngine(sick, renew=doctor) as engine, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(engine.probabilities, [FACE], live=True)
        eventually(lambda: engine.condition.state == "restarting")
        assert "device-side assert" in engine.condition.reason
        release.set()
        assert asked.result(10).shape == (1, 5)
        assert sick.left == 98
        assert engine.condition.state == "ready"


def test_what_breaks_again_and_again_stays_down_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    doctor = Doctor(*[Sick(poison) for _ in range(10)])
    with EmotionEngine(Sick(poison), renew=doctor) as engine:
        for _ in range(MAX_RESTARTS // 2):  # each call is tried twice
            with pytest.raises(EngineHung):
                engine.probabilities([FACE])
        with pytest.raises(EngineDown, match="after 5 restarts"):
            engine.probabilities([FACE])
        assert len(doctor.reasons) == MAX_RESTARTS
        with pytest.raises(EngineDown):
            engine.probabilities([FACE])
        assert engine.condition.state == "down"
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 1


def test_five_restarts_a_minute_and_no_more() -> None:
    restarts = Restarts()
    assert [restarts.allow(float(second)) for second in range(6)] == [True] * 5 + [False]
    assert restarts.allow(RESTART_WINDOW_S)
    assert not restarts.allow(RESTART_WINDOW_S)
    assert restarts.total == 6


def test_an_engine_that_cannot_be_replaced_goes_down_and_lets_nobody_wait() -> None:
    with EmotionEngine(Sick(poison)) as engine, pytest.raises(EngineDown):
        engine.probabilities([FACE])

    def no_file(lost: Backend, why: str) -> Backend:
        raise backends.BadWeights("gone")

    with EmotionEngine(Sick(poison), renew=no_file) as engine, pytest.raises(EngineDown, match="no fresh engine"):
        engine.probabilities([FACE])


def test_in_place_of_a_card_comes_the_cpu_and_it_says_that_it_is_slower() -> None:
    lost = Brightness()
    lost.input_px = OnnxBackend(WEIGHTS, 1, "test").input_px
    lost.info = ModelInfo("x", "0" * 64, "torch float16, cuda", "test")
    fresh = instead_of(lost, "poisoned", weights=WEIGHTS, threads=1)
    assert (fresh.info.backend, fresh.info.degraded) == ("onnxruntime int8, CPU", "poisoned")
    again = instead_of(fresh, "hung", weights=WEIGHTS, threads=1)
    assert again.info.degraded == "poisoned"
    healthy = instead_of(OnnxBackend(WEIGHTS, 1, "test"), "hung", weights=WEIGHTS, threads=1)
    assert healthy.info.degraded == ""


@pytest.fixture(scope="module")
def batch() -> Batch:
    return np.random.default_rng(0).standard_normal((32, 3, 8, 8)).astype(np.float32)


def brightness(part: Batch) -> Batch:
    return np.repeat(part.mean(axis=(1, 2, 3))[:, None], 5, axis=1)


def small_card(backend: TorchBackend, room: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Memory for `room` faces at once; the CPU has plenty. What is asked of each is written down.

    The network is left out of it: that halves give what the whole gives is told in test_engine.
    """
    import torch

    asked: list[tuple[str, int]] = []
    place = backend._place
    where = ["card"]

    def moved(device: str) -> None:
        where[0] = device
        place(device)

    def cramped(part: Batch) -> Batch:
        asked.append((where[0], len(part)))
        if where[0] == "card" and len(part) > room:
            raise torch.OutOfMemoryError
        return brightness(part)

    monkeypatch.setattr(backend, "_forward", cramped)
    monkeypatch.setattr(backend, "_place", moved)
    return asked


def test_no_memory_at_all_moves_the_network_to_the_cpu_and_no_caller_notices(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    backend = TorchBackend(WEIGHTS, "cpu", "test")
    expected = brightness(batch) / backend._temperature
    asked = small_card(backend, 0, monkeypatch)
    with EmotionEngine(backend) as engine:
        assert engine.condition.state == "ready"
        np.testing.assert_allclose(backend.logits(batch), expected, rtol=1e-3, atol=1e-4)
        assert [size for where, size in asked if where == "card"] == [32, 16, 8, 4, 2]
        assert [size for where, size in asked if where == "cpu"] == [32]
        assert "cpu" in backend.info.backend
        assert (engine.condition.state, engine.condition.restarts) == ("degraded", 0)
        assert "the CPU has taken over" in engine.condition.reason
    assert "the CPU takes over" in caplog.text


def test_what_fitted_once_is_what_is_asked_from_then_on(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = TorchBackend(WEIGHTS, "cpu", "test")
    asked = small_card(backend, 8, monkeypatch)
    backend.logits(batch)
    asked.clear()
    backend.logits(batch)
    assert asked == [("card", 8)] * 4
    assert backend.info.degraded == "the card is out of memory: batches of 8 instead of 32"


@pytest.mark.parametrize(
    ("message", "poisoned"), [(CUDA, True), ("CUDA error: an illegal memory access", True), ("shape", False)]
)
def test_only_a_broken_context_counts_as_poisoned(
    message: str, poisoned: bool, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(part: Batch) -> Batch:
        raise RuntimeError(message)

    backend = TorchBackend(WEIGHTS, "cpu", "test")
    monkeypatch.setattr(backend, "_forward", broken)
    with pytest.raises(Poisoned if poisoned else RuntimeError) as caught:
        backend.logits(batch[:1])
    assert "\n" not in str(caught.value)


def test_the_shipped_engine_survives_a_hang_and_answers_the_same(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmotionEngine.create(WEIGHTS, threads=1, backend="onnx") as engine:
        expected = engine.probabilities([FACE])
        lost = engine._backend
        monkeypatch.setattr(lost, "logits", lambda batch: release.wait(30))
        engine._stuck_s = 2.0
        np.testing.assert_array_equal(engine.probabilities([FACE]), expected)
        assert engine._backend is not lost


def test_a_missing_folder_of_weights_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(backends.BadWeights):
        EmotionEngine.create(tmp_path, threads=1, backend="onnx")
