"""Temperature scaling: one number that makes stated confidences match how often they are right.

Guo, Pleiss, Sun, Weinberger 2017, "On Calibration of Modern Neural Networks" (arXiv 1706.04599), section 4.2. It
changes no ranking, so accuracy stays as it was.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_RANGE: Final = (0.2, 5.0)
_STEPS: Final = 60


def temperature(logits: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """The T > 0 that minimises the cross entropy of softmax(logits / T) against `targets`, both (N, 5).

    Golden-section search on log T: the loss has one minimum in T.
    """
    ratio = (np.sqrt(5) - 1) / 2
    low, high = np.log(_RANGE)
    for _ in range(_STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(logits, targets, np.exp(left)) < _loss(logits, targets, np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def _loss(logits: NDArray[np.float32], targets: NDArray[np.float32], t: float) -> float:
    scaled = logits.astype(np.float64) / t
    scaled -= scaled.max(axis=1, keepdims=True)
    log_p = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return float(-(targets * log_p).sum(axis=1).mean())
