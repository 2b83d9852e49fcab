"""How well a network reads faces it has not seen: the figures of the model card.

Knows labelled faces, an engine and what the figures mean; knows nothing of training or of drawing.
"""

from __future__ import annotations

from math import isnan, sqrt
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from emotion_ml.engine import EmotionEngine
from emotion_ml.labels import EMOTIONS, UNCERTAIN_BELOW
from emotion_ml.training import folders
from emotion_ml.training.dataset import PROTOCOLS, Faces, Protocol, load_protocol

Part = Literal["public", "private"]  # what a model may be chosen by, and what it is tested with

BINS: Final = 15
_Z: Final = 1.959964  # 95 %, two-sided
_FOLDER_PARTS: Final[dict[Part, folders.Part]] = {"public": "valid", "private": "test"}


def load(data: Path, protocol: Protocol | None, split: Part) -> Faces:
    """The faces to measure on: an archive needs a protocol; class folders have valid and test parts of their own.

    Raises ValueError where protocol and data do not belong together, FileNotFoundError where there is no data.
    """
    if data.suffix == ".npz":
        if protocol is None:
            raise ValueError(f"say which --protocol: {', '.join(PROTOCOLS)}")
        return load_protocol(data, protocol, split)
    if protocol is not None:
        raise ValueError(f"{protocol} is a protocol of FER-2013/FER+ archives; leave it out for class folders")
    found = folders.read(data)
    rows = found.rows(_FOLDER_PARTS[split])
    if not len(rows):
        raise ValueError(f"{data} has no faces in its {_FOLDER_PARTS[split]} part")
    return Faces(found.pixels[rows], np.eye(len(EMOTIONS), dtype=np.float32)[found.labels[rows]])


def evaluate(engine: EmotionEngine, faces: Faces) -> dict[str, Any]:
    """Figures of one crop each, no test-time augmentation. Shares in [0, 1]; rows of `confusion` are truth."""
    probabilities = engine.probabilities(list(faces.pixels))
    confusion = _confusion(faces.labels, probabilities.argmax(axis=1))
    accuracy = float(np.trace(confusion) / len(faces))
    low, high = wilson(accuracy, len(faces))
    reference = faces.targets if faces.votes is None else faces.votes
    return {
        "backend": engine.model.backend,
        "sha256": engine.model.sha256,
        "n": len(faces),
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": float(np.nanmean(f1(confusion))),
        "recall": {emotion: _known(share) for emotion, share in zip(EMOTIONS, recall(confusion), strict=True)},
        "ece": calibration_error(probabilities, faces.labels),
        "against": "labels" if faces.votes is None else "votes",
        "brier": brier(probabilities, reference),
        "kl": divergence(probabilities, reference),
        "uncertain": uncertain(probabilities, faces.labels),
        "reliability": reliability(probabilities, faces.labels),
        "confusion": confusion.tolist(),
    }


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927), inside [0, 1] also near the ends."""
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def recall(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each true class that was said; NaN for a class that is not there."""
    true = confusion.sum(axis=1)
    return np.asarray(np.divide(np.diag(confusion), true, out=np.full(len(confusion), np.nan), where=true > 0))


def f1(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of each class from a confusion matrix with truth in the rows; NaN for a class never seen nor said."""
    said_and_true = confusion.sum(axis=0) + confusion.sum(axis=1)
    shares = np.full(len(confusion), np.nan)
    np.divide(2 * np.diag(confusion), said_and_true, out=shares, where=said_and_true > 0)
    return np.asarray(shares, dtype=np.float64)


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.intp]) -> float:
    """Expected calibration error of the top class over 15 bins of equal width (Guo et al. 2017, equation 3)."""
    n = len(labels)
    return sum(abs(row["right"] - row["said"]) * row["n"] / n for row in reliability(probabilities, labels))


def reliability(probabilities: NDArray[np.float32], labels: NDArray[np.intp]) -> list[dict[str, float]]:
    """For each of the 15 bins that holds faces: `n`, mean confidence `said`, and share `right`."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {"n": int(here.sum()), "said": float(confidence[here].mean()), "right": float(right[here].mean())}
        for here in (bins == b for b in np.unique(bins))
    ]


def brier(probabilities: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Mean squared distance to the votes' shares (or the one-hot label) over all classes, in [0, 2] (Brier 1950)."""
    return float(((probabilities.astype(np.float64) - reference) ** 2).sum(axis=1).mean())


def divergence(probabilities: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Mean Kullback-Leibler divergence of the answer from the votes' shares, in nats; 0 when they are equal."""
    p = np.clip(probabilities.astype(np.float64), 1e-12, 1)
    q = reference.astype(np.float64)
    return float((q * (np.log(np.clip(q, 1e-12, 1)) - np.log(p))).sum(axis=1).mean())


def uncertain(probabilities: NDArray[np.float32], labels: NDArray[np.intp]) -> dict[str, float | None]:
    """How many faces stay under the threshold, and how often the best guess is right there and above it."""
    below = probabilities.max(axis=1) < UNCERTAIN_BELOW
    right = probabilities.argmax(axis=1) == labels
    return {
        "threshold": UNCERTAIN_BELOW,
        "share": float(below.mean()),
        "accuracy_below": float(right[below].mean()) if below.any() else None,
        "accuracy_above": float(right[~below].mean()) if (~below).any() else None,
    }


def _known(share: float) -> float | None:
    return None if isnan(share) else float(share)


def _confusion(truth: NDArray[np.intp], said: NDArray[np.intp]) -> NDArray[np.int64]:
    matrix = np.zeros((len(EMOTIONS), len(EMOTIONS)), dtype=np.int64)
    np.add.at(matrix, (truth, said), 1)
    return matrix
