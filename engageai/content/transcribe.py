"""From a recording to what was said in it: chooses the engine, and always says which one it was and why.

Deepgram where it may be asked, this machine otherwise and whenever Deepgram fails; both give one shape. Knows files,
engines and sentences for the visitor; rows, settings and consent are the callers' business.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from analytics.transcript import Word
from engageai.content import deepgram, shape, sound, whisper

SILENT: Final = "The sound of this recording is silent."
NO_SPEECH: Final = "No speech was heard."
INSTEAD: Final = "transcribed on this machine instead"

OnStep = Callable[[float], None]
"""Told the share that is done; raises to stop the work."""


@dataclass(frozen=True, slots=True)
class Task:
    """`deepgram` is None where nothing may be sent; then `path` is read and nothing else happens with it."""

    path: Path
    duration_s: float
    max_s: float
    threads: int
    deepgram: deepgram.Access | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said in Deepgram's shape, or None, and then `note` says why; `engine` is "" where none was needed."""

    response: dict[str, Any] | None
    engine: str
    note: str = ""


def transcribe(task: Task, on_step: OnStep) -> Outcome:
    if task.deepgram is None:
        return _embedded(task, on_step)
    try:
        return Outcome(_by_deepgram(task, task.deepgram, on_step), "deepgram")
    except sound.NoSound as absence:
        return Outcome(None, "", str(absence))
    except deepgram.Unavailable as reason:
        return _instead(_embedded(task, on_step), str(reason))


def _instead(outcome: Outcome, reason: str) -> Outcome:
    if outcome.response is not None:
        return replace(outcome, note=f"{reason}; {INSTEAD}.")
    return replace(outcome, note=f"{reason}. {outcome.note}")


def _by_deepgram(task: Task, access: deepgram.Access, on_step: OnStep) -> dict[str, Any]:
    """Raises deepgram.Unavailable, sound.NoSound."""
    with tempfile.TemporaryDirectory(prefix="sound-", dir=task.path.parent) as folder:
        ogg = Path(folder) / "sound.ogg"
        is_silent = True
        for block in sound.as_ogg(task.path, ogg, max_s=task.max_s):
            is_silent = is_silent and block.is_silent
            on_step(0.0)
        if is_silent:
            raise sound.NoSound(SILENT)
        return deepgram.transcribe(ogg, access, lambda: on_step(0.0))


def _embedded(task: Task, on_step: OnStep) -> Outcome:
    try:
        heard = _hear(task, on_step)
    except (sound.NoSound, whisper.NoModel) as absence:
        return Outcome(None, "", str(absence))
    if not heard.words:
        return Outcome(None, "embedded", NO_SPEECH)
    model = whisper.get_recogniser(task.threads)
    response = shape.build(
        heard.words, language=heard.language, duration_s=task.duration_s, model=model.name, sha256=model.sha256
    )
    return Outcome(response, "embedded")


def _hear(task: Task, on_step: OnStep) -> whisper.Heard:
    """Block by block. Raises sound.NoSound, also for silence, and whisper.NoModel."""
    words: list[Word] = []
    language: str | None = None
    is_silent = True
    for block in sound.blocks(task.path, max_s=task.max_s):
        on_step(_share(block.start_s, task.duration_s))
        if block.is_silent:
            continue
        is_silent = False
        heard = _hear_block(block, language, task, on_step)
        language = language or heard.language or None
        words += heard.words
    if is_silent:
        raise sound.NoSound(SILENT)
    return whisper.Heard(language or "", tuple(words))


def _hear_block(block: sound.Block, language: str | None, task: Task, on_step: OnStep) -> whisper.Heard:
    length_s = block.end_s - block.start_s
    heard = whisper.get_recogniser(task.threads).hear(
        block.samples, language, lambda share: on_step(_share(block.start_s + share * length_s, task.duration_s))
    )
    shifted = (
        replace(word, start_s=word.start_s + block.start_s, end_s=word.end_s + block.start_s) for word in heard.words
    )
    return whisper.Heard(heard.language, tuple(shifted))


def _share(at_s: float, duration_s: float) -> float:
    return min(at_s / duration_s, 1.0) if duration_s > 0 else 0.0
