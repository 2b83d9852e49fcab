"""Faces a second of the engine, and of the same network in torch as it comes (float32, eager), by batch size.

Both are timed in turns in one run, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml.backends import CHECKPOINT
from emotion_ml.engine import WEIGHTS, EmotionEngine
from emotion_ml.preprocess import FACE_PX, prepare_all

BATCHES: Final = (1, 8, 32)

_FACES: Final = 96  # timed in each turn
_TURNS: Final = 5

Reader = Callable[[Sequence[NDArray[np.uint8]]], object]


def engine_rates(engine: EmotionEngine) -> dict[int, float]:
    """Faces a second at each of BATCHES: the median of five turns."""
    return {batch: statistics.median(_rate(engine.probabilities, batch) for _ in range(_TURNS)) for batch in BATCHES}


def beside_torch(engine: EmotionEngine, weights: Path = WEIGHTS) -> dict[str, Any]:
    """Medians of the engine, made from `weights`, and of its network in torch at each of BATCHES, and their ratio."""
    eager = _eager(weights)
    rates: dict[str, dict[int, list[float]]] = {"engine": {}, "torch": {}}
    for batch in BATCHES:
        for _ in range(_TURNS):
            rates["engine"].setdefault(batch, []).append(_rate(engine.probabilities, batch))
            rates["torch"].setdefault(batch, []).append(_rate(eager, batch))
    medians = {who: {b: statistics.median(each) for b, each in found.items()} for who, found in rates.items()}
    return {
        "backend": engine.model.backend,
        "input_px": engine.input_px,
        "faces_per_s": medians,
        "ratio": {batch: medians["engine"][batch] / medians["torch"][batch] for batch in BATCHES},
    }


def table(report: dict[str, Any]) -> str:
    """The figures of `beside_torch` for a person."""
    lines = [f"input {report['input_px']} px; faces/s", f"{'batch':>6}{report['backend']:>28}{'torch fp32 eager':>20}"]
    for batch, ratio in report["ratio"].items():
        ours, theirs = (report["faces_per_s"][who][batch] for who in ("engine", "torch"))
        lines.append(f"{batch:6}{ours:28.0f}{theirs:20.0f}   {ratio:.1f} x")
    return "\n".join(lines)


def _eager(weights: Path) -> Reader:
    import torch

    from emotion_ml import model

    torch.set_num_threads(os.cpu_count() or 1)
    network, metadata = model.load(weights / CHECKPOINT)
    px = int(metadata["input_px"])

    @torch.inference_mode()
    def read(faces: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        batch = torch.from_numpy(prepare_all(faces, px))
        return torch.softmax(network(batch), dim=1)

    return read


def _rate(read: Reader, batch: int) -> float:
    faces = list(np.random.default_rng(0).integers(0, 255, (batch, FACE_PX, FACE_PX)).astype(np.uint8))
    started = time.perf_counter()
    for _ in range(_FACES // batch):
        read(faces)
    return _FACES / (time.perf_counter() - started)
