"""The engine on a real card: the CPU's answers, less and less memory, a broken context. Skipped where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from emotion_ml.backends import MAX_BATCH, TorchBackend
from emotion_ml.engine import WEIGHTS, Batch, EmotionEngine
from emotion_ml.preprocess import prepare_all
from emotion_ml.tests import golden

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card on this machine")

FOLDER = Path(os.environ.get("WEIGHTS_DIR", WEIGHTS))

BREAK_AND_ASK = """
import sys, torch
from pathlib import Path
from emotion_ml.engine import EmotionEngine
from emotion_ml.tests import golden

engine = EmotionEngine.create(Path(sys.argv[1]), backend="torch")
before = engine.probabilities(golden.faces())
try:
    torch.zeros(3, device="cuda")[torch.tensor([7], device="cuda")].sum().item()
except RuntimeError as error:
    print(str(error).splitlines()[0])
after = engine.probabilities(golden.faces())
print(engine.model.backend, "|", engine.model.degraded)
print(abs(after - before).max())
sys.stdout.flush()
"""


def many() -> Batch:
    """As many different faces as a batch holds, at the size of the shipped input."""
    faces = golden.faces() * (MAX_BATCH // len(golden.faces()))
    return prepare_all(faces, 112) + 0.01 * np.arange(len(faces), dtype=np.float32)[:, None, None, None]


@pytest.fixture
def card() -> TorchBackend:
    return TorchBackend(FOLDER, "cuda", "test")


def test_the_card_says_what_the_cpu_says() -> None:
    answers = {}
    for device in ("cuda", "cpu"):
        with EmotionEngine(TorchBackend(FOLDER, device, "test")) as engine:
            answers[device] = engine.probabilities(golden.faces())
    np.testing.assert_array_equal(answers["cuda"].argmax(1), answers["cpu"].argmax(1))
    np.testing.assert_allclose(answers["cuda"], answers["cpu"], atol=1e-2)


def test_a_face_is_answered_alone_as_in_company(card: TorchBackend) -> None:
    batch = many()
    alone = np.concatenate([card.logits(batch[i : i + 1]) for i in range(len(batch))])
    np.testing.assert_allclose(card.logits(batch), alone, atol=5e-2)  # logits in half precision, of up to 20


def test_memory_that_runs_out_halves_the_batches_and_then_leaves_the_card(card: TorchBackend) -> None:
    batch = many()
    expected = card.logits(batch)
    total = torch.cuda.get_device_properties(0).total_memory
    try:
        seen = []
        for spare in (12, 6, 3, 0):  # MiB beyond what the network itself holds
            torch.cuda.empty_cache()
            torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + spare * 2**20) / total)
            np.testing.assert_allclose(card.logits(batch), expected, atol=0.1)
            seen.append(card.info.degraded)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    print(seen)
    assert seen[-1] == "the card stays out of memory, so the CPU has taken over"
    assert any("batches of" in each for each in seen)


def test_a_broken_context_is_left_behind_and_the_cpu_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAK_AND_ASK, str(FOLDER)], capture_output=True, text=True, timeout=120, check=False
    )
    first, second, difference = done.stdout.splitlines()[-3:]
    assert "device-side assert" in first
    assert second.startswith("onnxruntime int8, CPU | ")
    assert "device-side assert" in second
    assert float(difference) < 0.1
