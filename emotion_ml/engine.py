"""The one place where expressions are inferred: device and backend chosen once, callers' faces batched together.

Knows crops in, probabilities out. Knows nothing of detection, video or who is asking. One thread runs the network, so
that one inference runtime is hot in the process; callers wait for their own faces only. Live callers are served first.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from emotion_ml.backends import MAX_BATCH, Backend, Batch, ModelInfo, choose
from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import prepare

log = logging.getLogger(__name__)

__all__ = ["MAX_BATCH", "WEIGHTS", "Batch", "Crop", "EmotionEngine", "ModelInfo"]

WEIGHTS: Final = Path(__file__).resolve().parent / "weights"

Crop = NDArray[np.uint8]


@dataclass(slots=True)
class _Request:
    images: Batch
    answer: Future[Batch] = field(default_factory=Future)


class EmotionEngine:
    """Thread-safe. `create` picks the backend; `probabilities` answers; `close` stops the thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._live: deque[_Request] = deque()
        self._recordings: deque[_Request] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="emotion-engine", daemon=True)
        self._thread.start()

    @classmethod
    def create(cls, weights: Path = WEIGHTS, *, threads: int | None = None, backend: str = "auto") -> Self:
        """The engine for this machine, warmed up. `backend`: auto, onnx (CPU) or torch (CUDA where there is one).

        Raises backends.BadWeights when a file is missing, damaged, or not of this architecture.
        """
        chosen = choose(weights, threads=threads or os.cpu_count() or 1, wanted=backend)
        log.info("engine: %s (%s)", chosen.info.backend, chosen.info.reason)
        engine = cls(chosen)
        engine.probabilities([np.zeros((chosen.input_px, chosen.input_px), dtype=np.uint8)])
        return engine

    @property
    def model(self) -> ModelInfo:
        return self._backend.info

    @property
    def input_px(self) -> int:
        return self._backend.input_px

    def probabilities(self, faces: Sequence[Crop], *, live: bool = False) -> Batch:
        """Calibrated probabilities, f32 (N, 5) in the order of EMOTIONS, of N crops (u8, grey or RGB, any size)."""
        if not faces:
            return np.zeros((0, len(EMOTIONS)), dtype=np.float32)
        images = np.stack([prepare(face, self.input_px) for face in faces])
        requests = [_Request(images[start : start + MAX_BATCH]) for start in range(0, len(images), MAX_BATCH)]
        with self._wake:
            if self._closed:
                raise RuntimeError("the engine is closed")
            (self._live if live else self._recordings).extend(requests)
            self._wake.notify()
        return _softmax(np.concatenate([request.answer.result() for request in requests]))

    def close(self) -> None:
        """Answer what is waiting, then stop. Later calls raise RuntimeError."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while requests := self._next_batch():
            try:
                logits = self._backend.logits(np.concatenate([request.images for request in requests]))
            except Exception as error:
                log.exception("inference failed on %d requests", len(requests))
                for request in requests:
                    request.answer.set_exception(error)
                continue
            for request in requests:
                request.answer.set_result(logits[: len(request.images)])
                logits = logits[len(request.images) :]

    def _next_batch(self) -> list[_Request]:
        """Whatever is ready, live before recordings, up to MAX_BATCH faces; waits only while nothing is."""
        with self._wake:
            self._wake.wait_for(lambda: self._live or self._recordings or self._closed)
            chosen: list[_Request] = []
            room = MAX_BATCH
            for queue in (self._live, self._recordings):
                while queue and len(queue[0].images) <= room:
                    room -= len(queue[0].images)
                    chosen.append(queue.popleft())
            return chosen


def _softmax(logits: Batch) -> Batch:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
