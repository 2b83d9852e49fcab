"""The networks of this process: created on first use, kept until it ends. The engine can be replaced by tests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from django.conf import settings

from emotion_ml.engine import WEIGHTS, EmotionEngine
from emotion_ml.restarts import Condition
from engageai import metrics

if TYPE_CHECKING:
    from emotion_ml.faces import Detectors

log = logging.getLogger(__name__)

_lock = threading.Lock()
_engine: EmotionEngine | None = None
_detectors: Detectors | None = None
_failure = ""

NOTES: Final = {
    "stuck": "Reading expressions hangs. It is being restarted, and then the analysis goes on.",
    "restarting": "Reading expressions is being restarted. The analysis goes on in a moment.",
    "degraded": "Reading expressions is slower than usual on this machine at the moment.",
}
"""What somebody who waits for the engine is told."""


def get_engine() -> EmotionEngine:
    """Callers that come while it is being created wait for it."""
    global _engine, _failure
    with _lock:
        if _engine is None:
            try:
                _engine = EmotionEngine.create(settings.WEIGHTS_DIR or WEIGHTS)
            except Exception as error:
                _failure = f"the engine could not be created: {type(error).__name__}"
                raise
            _failure = ""
            _engine.on_batch = metrics.inferred
        return _engine


def condition() -> Condition:
    """Of the engine, and never waits for it. Before it is created it is `cold`, or `failed` when that went wrong."""
    engine = _engine
    if engine is not None:
        return engine.condition
    return Condition("failed" if _failure else "cold", _failure, waiting=0, restarts=0)


def note() -> str:
    """Why it takes longer than usual; empty while it does not."""
    return NOTES.get(condition().state, "")


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
