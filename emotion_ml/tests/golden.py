"""python -m emotion_ml.tests.golden: write down what the shipped weights answer, after they have been replaced.

The faces are made here and the answers kept in the tree, so that a change of a library, of the preprocessing or of the
machine that alters them is seen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion_ml.backends import OnnxBackend, TorchBackend
from emotion_ml.engine import WEIGHTS, Crop, EmotionEngine
from emotion_ml.tests.scenes import photo

FILE: Final = Path(__file__).with_name("golden.json")


def faces() -> list[Crop]:
    smile = photo("astronaut")[40:190, 150:300]
    noise = np.random.default_rng(1).integers(0, 255, (4, 48, 48)).astype(np.uint8)
    return [smile, smile[:, ::-1], smile[::2, ::2], np.full((60, 40), 128, np.uint8), *noise]


def answers() -> dict[str, Any]:
    """By runtime: the digest of the file that answered, and its probabilities."""
    found = {}
    for name, backend in (
        ("torch", TorchBackend(WEIGHTS, "cpu", "golden")),
        ("onnx", OnnxBackend(WEIGHTS, 1, "golden")),
    ):
        with EmotionEngine(backend) as engine:
            rows = engine.probabilities(faces()).tolist()
        probabilities = [[round(value, 6) for value in row] for row in rows]
        found[name] = {"sha256": backend.info.sha256, "probabilities": probabilities}
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(answers(), indent=1) + "\n")
