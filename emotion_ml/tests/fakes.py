"""Stand-ins with the real interfaces, for tests that are not about expressions."""

from __future__ import annotations

import numpy as np

from emotion_ml.engine import Batch, ModelInfo


class Brightness:
    """A backend that needs no weights: the brighter a face, the happier."""

    info = ModelInfo("brightness", "0" * 64, "test", "for tests")
    input_px = 48

    def logits(self, batch: Batch) -> Batch:
        answer = np.zeros((len(batch), 5), dtype=np.float32)
        answer[:, 1] = batch.mean(axis=(1, 2, 3))
        return answer
