"""Readings of an audience whose every expression is known, for tests of what is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.readings import Readings
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut, VideoInfo

BASE = np.array([0.15, 0.25, 0.3, 0.15, 0.15])
DIRECTION = np.array([-0.25, 1.0, -0.25, -0.25, -0.25])
"""More of Happy and less of everything else; adds up to nothing."""


def info(duration_s: float, fps: float = 30.0) -> VideoInfo:
    return VideoInfo(duration_s, fps, 1280, 720, True, "h264", "video/mp4", True)


def audience(
    times: ArrayLike,
    probabilities: NDArray[np.float64],
    present: NDArray[np.bool_] | None = None,
    left_out: NDArray[np.int64] | None = None,
) -> Readings:
    """Readings of K faces (tracks 1 to K) with `probabilities` (T, K, 5), where `present` (T, K)."""
    count, faces, _ = probabilities.shape
    seen = np.ones((count, faces), np.bool_) if present is None else present
    frame, face = np.nonzero(seen)
    reason = np.full((count, faces), LeftOut.USED) if left_out is None else left_out
    return Readings(
        times=np.asarray(times, np.float64),
        frame=frame.astype(np.int32),
        track=(face + 1).astype(np.int32),
        boxes=np.tile(np.array([10, 20, 80, 90], np.float32), (len(frame), 1)),
        probabilities=probabilities[frame, face].astype(np.float32),
        quality=np.tile(np.array([80, 120, 5], np.float32), (len(frame), 1)),
        left_out=reason[frame, face].astype(np.uint8),
    )


def nobody(times: ArrayLike) -> Readings:
    return audience(times, np.zeros((len(np.asarray(times)), 0, len(EMOTIONS))))


def one_hot(emotion: str, certainty: float = 0.8) -> NDArray[np.float64]:
    rest = (1 - certainty) / (len(EMOTIONS) - 1)
    return np.array([certainty if name == emotion else rest for name in EMOTIONS])


def dirichlet(count: int, faces: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).dirichlet([1, 2, 4, 1, 1], (count, faces))


def autoregressive(
    rng: np.random.Generator, count: int, shape: tuple[int, ...], correlation_s: float, spacing_s: float
) -> NDArray[np.float64]:
    """A stationary series (count, ...) with mean 0 and variance 1 whose likeness fades as exp(-t / correlation_s)."""
    keep = np.exp(-spacing_s / correlation_s)
    series = rng.standard_normal((count, *shape))
    series[1:] *= np.sqrt(1 - keep**2)
    for row in range(1, count):
        series[row] += keep * series[row - 1]
    return series


def swinging(swing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (..., 5) around BASE by `swing` standard units; its mean stays BASE for a swing of mean 0."""
    return np.asarray(BASE + 0.05 * np.clip(swing, -4.9, 4.9)[..., None] * DIRECTION)
