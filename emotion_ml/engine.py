"""The one place where expressions are inferred: device and backend chosen once, callers' faces batched together.

Knows crops in, probabilities out. Knows nothing of detection, video or who is asking. One thread runs the network, so
that one inference runtime is hot in the process; callers wait for their own faces only. Live callers are served first.

A backend that hangs or is poisoned is replaced with its thread, which is left behind: no thread can be ended from
outside. What it was asked is asked once more, except of live callers after a hang: their picture is long past.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from emotion_ml.backends import MAX_BATCH, Backend, Batch, ModelInfo, Poisoned, choose, instead_of
from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import prepare_all
from emotion_ml.restarts import Condition, EngineDown, EngineHung, Restarts

log = logging.getLogger(__name__)

__all__ = ["MAX_BATCH", "WEIGHTS", "Batch", "Crop", "EmotionEngine", "ModelInfo"]

WEIGHTS: Final = Path(__file__).resolve().parent / "weights"

STUCK_S: Final = 10.0  # that one call of the backend may take; the largest batch takes 0.1 s on two cores
MAX_TRIES: Final = 2
LOOK_S: Final = 0.5  # between two looks of a waiting caller at whether the call hangs

Crop = NDArray[np.uint8]
Renew = Callable[[Backend, str], Backend]
"""A fresh backend in place of one that is lost, for a reason."""


@dataclass(slots=True)
class _Request:
    images: Batch
    is_live: bool
    answer: Future[Batch] = field(default_factory=Future)
    tries: int = 0


class EmotionEngine:
    """Thread-safe. `create` picks the backend; `probabilities` answers; `close` stops the thread.

    Without `renew` an engine whose backend is lost goes down at once. `on_batch` is told the faces and seconds of each
    call that answered.
    """

    on_batch: Callable[[int, float], None] | None = None

    def __init__(self, backend: Backend, *, renew: Renew | None = None, stuck_s: float = STUCK_S) -> None:
        self._backend = backend
        self._renew = renew
        self._stuck_s = stuck_s
        self._live: deque[_Request] = deque()
        self._recordings: deque[_Request] = deque()
        self._flying: list[_Request] = []
        self._busy_since: float | None = None
        self._lost_because = ""
        self._down_because = ""
        self._restarts = Restarts()
        self._line = 0
        self._wake = threading.Condition()
        self._closed = False
        self._thread = self._new_line()

    @classmethod
    def create(cls, weights: Path = WEIGHTS, *, threads: int | None = None, backend: str = "auto") -> Self:
        """The engine for this machine, warmed up. `backend`: auto, onnx (CPU) or torch (CUDA where there is one).

        Raises backends.BadWeights when a file is missing, damaged, or not of this architecture.
        """
        threads = threads or os.cpu_count() or 1
        chosen = choose(weights, threads=threads, wanted=backend)
        log.info("engine: %s (%s)", chosen.info.backend, chosen.info.reason)
        # Before anybody watches it: a card chooses its kernels with the first call, which may take a while.
        chosen.logits(np.zeros((1, 3, chosen.input_px, chosen.input_px), dtype=np.float32))
        return cls(chosen, renew=partial(instead_of, weights=weights, threads=threads))

    @property
    def model(self) -> ModelInfo:
        return self._backend.info

    @property
    def input_px(self) -> int:
        return self._backend.input_px

    @property
    def condition(self) -> Condition:
        """Never waits for the network, so that it can be asked while that hangs."""
        with self._wake:
            waiting = len(self._live) + len(self._recordings) + len(self._flying)
            return Condition(*self._state(), waiting, self._restarts.total)

    def probabilities(self, faces: Sequence[Crop], *, live: bool = False) -> Batch:
        """Calibrated probabilities, f32 (N, 5) in the order of EMOTIONS, of N crops (u8, grey or RGB, any size).

        Raises EngineHung when a call hung twice, or once for a live caller; EngineDown.
        """
        return self.ask(faces, live=live)()

    def ask(self, faces: Sequence[Crop], *, live: bool = False) -> Callable[[], Batch]:
        """`probabilities`, to be waited for later by calling what this returns: the network works meanwhile."""
        if not faces:
            return lambda: np.zeros((0, len(EMOTIONS)), dtype=np.float32)
        images = prepare_all(faces, self.input_px)
        requests = [_Request(images[start : start + MAX_BATCH], live) for start in range(0, len(images), MAX_BATCH)]
        with self._wake:
            if self._closed:
                raise RuntimeError("the engine is closed")
            if self._down_because:
                raise EngineDown(self._down_because)
            (self._live if live else self._recordings).extend(requests)
            self._wake.notify()
        return lambda: _softmax(np.concatenate([self._wait_for(request) for request in requests]))

    def close(self) -> None:
        """Answer what is waiting, then stop. Later calls raise RuntimeError. A call that hangs is left behind."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(self._stuck_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _state(self) -> tuple[str, str]:
        if self._down_because:
            return "down", self._down_because
        if self._lost_because:
            return "restarting", self._lost_because
        if self._is_stuck():
            return "stuck", f"one call has been running for more than {self._stuck_s:g} s"
        degraded = self._backend.info.degraded
        return ("degraded", degraded) if degraded else ("ready", "")

    def _is_stuck(self) -> bool:
        return self._busy_since is not None and time.monotonic() - self._busy_since > self._stuck_s

    def _wait_for(self, request: _Request) -> Batch:
        """Whoever waits keeps watch: there is nobody to tell of a hang while nobody waits."""
        while True:
            try:
                return request.answer.result(min(LOOK_S, self._stuck_s / 4))
            except TimeoutError:
                if request.answer.done():
                    return request.answer.result()
            self._look_after()

    def _look_after(self) -> None:
        with self._wake:
            if self._is_stuck():
                self._replace(f"an inference call took more than {self._stuck_s:g} s", hung=True)

    def _replace(self, why: str, *, hung: bool) -> None:
        """In the lock: leave the present line behind and begin another, or go down."""
        log.error("the engine is lost: %s", why)
        lost, self._flying, self._busy_since = self._flying, [], None
        self._line += 1
        if self._renew is None or not self._restarts.allow(time.monotonic()):
            return self._go_down(f"{why}, after {self._restarts.total} restarts", lost)
        self._lost_because = why
        for request in reversed(lost):
            self._ask_again(request, why, past=hung and request.is_live)
        self._thread = self._new_line()
        return None

    def _ask_again(self, request: _Request, why: str, *, past: bool) -> None:
        request.tries += 1
        if past or request.tries >= MAX_TRIES:
            request.answer.set_exception(EngineHung(why))
        else:
            (self._live if request.is_live else self._recordings).appendleft(request)

    def _go_down(self, why: str, lost: Sequence[_Request]) -> None:
        log.critical("the engine stays down until the server is restarted: %s", why)
        self._down_because = why
        for request in (*lost, *self._live, *self._recordings):
            request.answer.set_exception(EngineDown(why))
        self._live.clear()
        self._recordings.clear()
        self._wake.notify_all()

    def _new_line(self) -> threading.Thread:
        thread = threading.Thread(target=self._serve, args=(self._line,), name="emotion-engine", daemon=True)
        thread.start()
        return thread

    def _serve(self, line: int) -> None:
        if self._lost_because and not self._renewed(line):
            return
        while requests := self._next_batch(line):
            self._answer(line, requests)

    def _renewed(self, line: int) -> bool:
        """In the line's own thread: whatever can hang is watched as a call is."""
        with self._wake:
            if line == self._line:
                self._busy_since = time.monotonic()
        try:
            fresh = self._renew(self._backend, self._lost_because) if self._renew else self._backend
        except Exception:
            log.exception("no fresh engine could be made")
            with self._wake:
                if line == self._line:
                    self._go_down("no fresh engine could be made", [])
            return False
        with self._wake:
            if line != self._line:
                return False
            self._backend, self._lost_because, self._busy_since = fresh, "", None
        log.warning("the engine was restarted: %s (%s)", fresh.info.backend, fresh.info.reason)
        return True

    def _answer(self, line: int, requests: list[_Request]) -> None:
        started_s = time.monotonic()
        images = np.concatenate([request.images for request in requests])
        try:
            logits = self._backend.logits(images)
        except Poisoned as error:
            with self._wake:
                if line == self._line:
                    self._replace(str(error), hung=False)
            return
        except Exception as error:
            if self._lands(line):
                log.exception("inference failed on %d requests", len(requests))
                for request in requests:
                    request.answer.set_exception(error)
            return
        if self._lands(line):
            self._hand_out(requests, logits)
            if self.on_batch:
                self.on_batch(len(images), time.monotonic() - started_s)

    def _hand_out(self, requests: list[_Request], logits: Batch) -> None:
        for request in requests:
            request.answer.set_result(logits[: len(request.images)])
            logits = logits[len(request.images) :]

    def _lands(self, line: int) -> bool:
        """Whether the call that ends now is still waited for: not where its line was given up meanwhile."""
        with self._wake:
            if line != self._line:
                return False
            self._flying, self._busy_since = [], None
            return True

    def _next_batch(self, line: int) -> list[_Request]:
        """Whatever is ready, live before recordings, up to MAX_BATCH faces; waits only while nothing is."""
        with self._wake:
            self._wake.wait_for(lambda: self._live or self._recordings or self._closed or line != self._line)
            if line != self._line:
                return []
            chosen: list[_Request] = []
            room = MAX_BATCH
            for queue in (self._live, self._recordings):
                while queue and len(queue[0].images) <= room:
                    room -= len(queue[0].images)
                    chosen.append(queue.popleft())
            if chosen:
                self._flying, self._busy_since = chosen, time.monotonic()
            return chosen


def _softmax(logits: Batch) -> Batch:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
