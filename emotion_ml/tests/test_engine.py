"""The engine: one answer for one face, whoever asks, in whatever company."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from emotion_ml.backends import CHECKPOINT, EXPORT, HASHES, BadWeights, OnnxBackend, TorchBackend, choose
from emotion_ml.engine import MAX_BATCH, WEIGHTS, Batch, EmotionEngine, ModelInfo
from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import prepare
from emotion_ml.tests.scenes import photo

FACES = [np.asarray(face, dtype=np.uint8) for face in np.random.default_rng(1).integers(0, 255, (40, 48, 48))]


class Recorder:
    """A backend with the real interface that writes down the batches it is given."""

    info = ModelInfo("recorder", "0" * 64, "test", "asked for")
    input_px = 48

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Event()

    def logits(self, batch: Batch) -> Batch:
        self.asked.set()
        self.gate.wait(30)
        self.batches.append(batch)
        return np.asarray(batch[:, 0, :5, 0])


@pytest.fixture(scope="module")
def engine() -> EmotionEngine:
    return EmotionEngine.create(backend="onnx", threads=2)


def test_a_batch_gives_each_face_what_it_gets_alone(engine: EmotionEngine) -> None:
    together = engine.probabilities(FACES)
    alone = np.concatenate([engine.probabilities([face]) for face in FACES])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_probabilities_are_probabilities(engine: EmotionEngine) -> None:
    answer = engine.probabilities(FACES)
    assert answer.shape == (len(FACES), len(EMOTIONS))
    assert (answer >= 0).all()
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)


def test_no_faces_is_an_empty_answer(engine: EmotionEngine) -> None:
    assert engine.probabilities([]).shape == (0, 5)


def test_a_smiling_face_is_read_as_happy(engine: EmotionEngine) -> None:
    face = photo("astronaut")[40:190, 150:300]
    assert EMOTIONS[int(engine.probabilities([face]).argmax())] == "Happy"


def test_the_int8_export_agrees_with_the_checkpoint(engine: EmotionEngine) -> None:
    smile = photo("astronaut")[40:190, 150:300]
    faces = [smile, smile[:, ::-1], smile[8:-8, 8:-8], np.clip(smile.astype(int) - 60, 0, 255).astype(np.uint8)]
    with EmotionEngine(TorchBackend(WEIGHTS, "cpu", "test")) as reference:
        np.testing.assert_allclose(engine.probabilities(faces), reference.probabilities(faces), atol=0.12)


def test_callers_at_once_each_get_their_own_faces(engine: EmotionEngine) -> None:
    expected = engine.probabilities(FACES)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda face: engine.probabilities([face])[0], FACES))
    np.testing.assert_allclose(np.stack(answers), expected, atol=1e-4)


def test_waiting_callers_share_a_batch_and_live_ones_go_first() -> None:
    backend = Recorder()
    backend.gate.clear()
    with EmotionEngine(backend) as engine, ThreadPoolExecutor(4) as pool:
        first = pool.submit(engine.probabilities, FACES[:1])
        assert backend.asked.wait(30)  # the first is on its way; the next two must wait for it
        recording = pool.submit(engine.probabilities, FACES[1:3])
        live = pool.submit(engine.probabilities, FACES[3:4], live=True)
        while not (engine._recordings and engine._live):
            time.sleep(0.001)
        backend.gate.set()
        for answer in (first, recording, live):
            answer.result(30)
    assert [len(batch) for batch in backend.batches] == [1, 3]
    np.testing.assert_array_equal(backend.batches[1][0], prepare(FACES[3], 48))


def test_no_batch_exceeds_the_largest_shape() -> None:
    backend = Recorder()
    with EmotionEngine(backend) as engine:
        engine.probabilities([*FACES, *FACES])
    assert max(len(batch) for batch in backend.batches) <= MAX_BATCH


def test_an_error_reaches_the_caller_and_the_engine_goes_on() -> None:
    class Failing(Recorder):
        def logits(self, batch: Batch) -> Batch:
            if not self.batches:
                self.batches.append(batch)
                raise RuntimeError("no more memory")
            return super().logits(batch)

    with EmotionEngine(Failing()) as engine:
        with pytest.raises(RuntimeError, match="no more memory"):
            engine.probabilities(FACES[:1])
        assert len(engine.probabilities(FACES[:1])) == 1


def test_a_closed_engine_says_so() -> None:
    engine = EmotionEngine(Recorder())
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        engine.probabilities(FACES[:1])


def test_memory_running_out_halves_the_batch_and_answers_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    backend = TorchBackend(WEIGHTS, "cpu", "test")
    batch = np.random.default_rng(0).standard_normal((8, 3, backend.input_px, backend.input_px)).astype(np.float32)
    expected = backend.logits(batch)
    forward, sizes = backend._forward, []

    def small_card(part: Batch) -> Batch:
        sizes.append(len(part))
        if len(part) > 2:
            raise torch.OutOfMemoryError
        return forward(part)

    monkeypatch.setattr(backend, "_forward", small_card)
    np.testing.assert_allclose(backend.logits(batch), expected, rtol=1e-3, atol=1e-4)
    assert sizes == [8, 4, 2, 2, 2, 2]


def test_a_changed_or_missing_model_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="missing"):
        OnnxBackend(tmp_path, 1, "test")
    (tmp_path / EXPORT).write_bytes((WEIGHTS / EXPORT).read_bytes()[:-1])
    (tmp_path / HASHES).write_text((WEIGHTS / HASHES).read_text())
    with pytest.raises(BadWeights, match="not the file"):
        OnnxBackend(tmp_path, 1, "test")


def test_without_a_card_the_cpu_is_chosen_and_the_reason_kept() -> None:
    backend = choose(WEIGHTS, threads=1)
    assert backend.info.reason
    assert ("CPU" in backend.info.backend) == ("CUDA card found" not in backend.info.reason)


def test_the_shipped_files_fit_the_size_limits() -> None:
    assert (WEIGHTS / CHECKPOINT).stat().st_size < 48e6
    assert (WEIGHTS / EXPORT).stat().st_size < 26e6
