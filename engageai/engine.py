"""The networks of this process: created on first use, kept until it ends. The engine can be replaced by tests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emotion_ml.engine import EmotionEngine

if TYPE_CHECKING:
    from emotion_ml.faces import Detectors

log = logging.getLogger(__name__)

_lock = threading.Lock()
_engine: EmotionEngine | None = None
_detectors: Detectors | None = None


def get_engine() -> EmotionEngine:
    """Callers that come while it is being created wait for it."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = EmotionEngine.create()
        return _engine


def get_detectors() -> Detectors:
    """What finds the faces of all webcams. A recording has its own: it looks while they do, and for long."""
    global _detectors
    from emotion_ml.faces import Detectors

    with _lock:
        if _detectors is None:
            _detectors = Detectors()
        return _detectors


def close_detectors() -> None:
    """Before the interpreter ends: by then they can no longer close themselves."""
    global _detectors
    with _lock:
        if _detectors is not None:
            _detectors.close()
        _detectors = None


def warm() -> None:
    """Create it in the background, so that the first visitor's page is quick and the first recording too."""
    threading.Thread(target=_warm, name="warm-engine", daemon=True).start()


def _warm() -> None:
    try:
        from emotion_ml import pipeline  # noqa: F401  (a second that the first visitor need not wait for)

        get_engine()
        get_detectors()
    except Exception:  # the pages work without it, and each recording will say that it could not be analysed
        log.exception("the engine could not be created")


@contextmanager
def replaced(engine: EmotionEngine) -> Iterator[None]:
    """Use `engine` instead, for as long as the block lasts."""
    global _engine
    before, _engine = _engine, engine
    try:
        yield
    finally:
        _engine = before
