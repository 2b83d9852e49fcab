"""One face, one answer: the one that was written down when these weights were shipped, alone and in company."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emotion_ml.backends import Backend, OnnxBackend, TorchBackend
from emotion_ml.engine import WEIGHTS, EmotionEngine
from emotion_ml.tests import golden

# Whole numbers are multiplied in other orders on other processors: int8 rounds, single precision hardly does.
TOLERANCES = {"torch": (1e-3, 1e-4), "onnx": (0.0, 1e-2)}  # relative, absolute


@pytest.fixture(scope="module", params=["torch", "onnx"])
def backend(request: pytest.FixtureRequest) -> tuple[str, Backend]:
    if request.param == "torch":
        return "torch", TorchBackend(WEIGHTS, "cpu", "test")
    return "onnx", OnnxBackend(WEIGHTS, 1, "test")


def test_the_answers_are_those_that_were_written_down(backend: tuple[str, Backend]) -> None:
    name, runtime = backend
    kept = json.loads(golden.FILE.read_text())[name]
    assert runtime.info.sha256 == kept["sha256"], "other weights: run python -m emotion_ml.tests.golden"
    with EmotionEngine(runtime) as engine:
        answer = engine.probabilities(golden.faces())
    rtol, atol = TOLERANCES[name]
    np.testing.assert_allclose(answer, kept["probabilities"], rtol=rtol, atol=atol)
    np.testing.assert_array_equal(answer.argmax(1), np.array(kept["probabilities"]).argmax(1))


def test_company_changes_nothing(backend: tuple[str, Backend]) -> None:
    with EmotionEngine(backend[1]) as engine:
        together = engine.probabilities(golden.faces())
        alone = np.concatenate([engine.probabilities([face]) for face in golden.faces()])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)
