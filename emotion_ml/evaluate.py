"""How well the shipped network reads faces it has not seen: the figures of the model card.

Knows the protocols' faces and an engine; knows nothing of training.
"""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml.dataset import Protocol, Split, load_protocol
from emotion_ml.engine import EmotionEngine
from emotion_ml.labels import EMOTIONS

_BINS: Final = 15
_Z: Final = 1.959964  # 95 %, two-sided


def evaluate(engine: EmotionEngine, data: Path, protocol: Protocol, split: Split) -> dict[str, Any]:
    """Figures of one protocol, one crop, no test-time augmentation. Shares in [0, 1]; rows of `confusion` are truth."""
    faces = load_protocol(data, protocol, split)
    probabilities = engine.probabilities(list(faces.pixels))
    confusion = _confusion(faces.labels, probabilities.argmax(axis=1))
    accuracy = float(np.trace(confusion) / len(faces))
    low, high = wilson(accuracy, len(faces))
    return {
        "protocol": protocol,
        "split": split,
        "backend": engine.model.backend,
        "sha256": engine.model.sha256,
        "n": len(faces),
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": float(f1(confusion).mean()),
        "recall": dict(zip(EMOTIONS, (np.diag(confusion) / confusion.sum(axis=1)).tolist(), strict=True)),
        "ece": calibration_error(probabilities, faces.labels),
        "confusion": confusion.tolist(),
    }


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927), inside [0, 1] also near the ends."""
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def f1(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of each class from a confusion matrix with truth in the rows; 0 for a class never seen nor said."""
    said_and_true = confusion.sum(axis=0) + confusion.sum(axis=1)
    shares = np.divide(2 * np.diag(confusion), said_and_true, out=np.zeros(len(confusion)), where=said_and_true > 0)
    return np.asarray(shares, dtype=np.float64)


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.intp]) -> float:
    """Expected calibration error of the top class over 15 bins of equal width (Guo et al. 2017, equation 3)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(sum(gaps))


def _confusion(truth: NDArray[np.intp], said: NDArray[np.intp]) -> NDArray[np.int64]:
    matrix = np.zeros((len(EMOTIONS), len(EMOTIONS)), dtype=np.int64)
    np.add.at(matrix, (truth, said), 1)
    return matrix
