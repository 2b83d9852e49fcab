"""What was said in a recording: words, sentences and paragraphs with their times, out of Deepgram's response shape.

Knows that shape, and how words become sentences and paragraphs where a response has none. Trusts nothing in it: what
is not of the shape is Malformed. Knows neither sound nor engines, and leaves the meaning of words to others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from analytics import spacing

PARAGRAPH_PAUSE_S: Final = 1.2
"""Silence that ends a paragraph where a sentence ends too; slow readers pause longer than that inside one."""
SENTENCE_PAUSE_S: Final = 3.0
"""Silence that ends a sentence whatever its last word looks like."""
PARAGRAPH_S: Final = 40.0
"""From here on a paragraph ends with its sentence: long enough to measure an audience in, short enough to read."""
MAX_PARAGRAPH_S: Final = 80.0
"""Here it ends in any case: what comes without full stops must still be cut."""
SENTENCE_ENDS: Final = (".", "?", "!", "\u2026", "\u3002", "\uff1f", "\uff01")  # the last three are East Asian
CLOSERS: Final = "\"'\u201d\u2019)]\u00bb"
ENGLISH_ONLY: Final = "This speech model knows English only; words of any other language are not what was said."
ABBREVIATIONS: Final = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "e.g.", "i.e.", "no.", "fig."})


class Malformed(ValueError):
    """Not a response of the shape; the message says where."""


@dataclass(frozen=True, slots=True)
class Word:
    """As it is written, with its punctuation; `confidence` in [0, 1]."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Paragraph:
    start_s: float
    end_s: float
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        return spacing.joined(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Transcript:
    """`language` is a code such as "en", "" where nobody looked, `engine` who wrote it; `summary` is "" where there is
    none of the engine's.
    """

    language: str
    words: tuple[Word, ...]
    paragraphs: tuple[Paragraph, ...]
    engine: str
    model: str
    duration_s: float
    summary: str

    @property
    def caution(self) -> str:
        """What is to be known of its words before they are believed. Whisper's models of one language say so."""
        return ENGLISH_ONLY if self.model.startswith("whisper-") and self.model.endswith(".en") else ""


def parse(response: Mapping[str, Any]) -> Transcript:
    """Raises Malformed."""
    metadata = _mapping(_mapping(response, "response").get("metadata") or {}, "metadata")
    results = _mapping(response.get("results"), "results")
    channel = _first(results.get("channels"), "channels")
    alternative = _first(channel.get("alternatives"), "alternatives")
    words = tuple(_word(each) for each in _list(alternative.get("words") or [], "words"))
    return Transcript(
        language=_text(channel.get("detected_language") or "", "detected_language"),
        words=words,
        paragraphs=_paragraphs(alternative.get("paragraphs")) or paragraphs(words),
        engine=_text(metadata.get("engine") or "", "engine"),
        model=_model(metadata),
        duration_s=_seconds(metadata.get("duration") or 0.0, "duration"),
        summary=_text(_mapping(results.get("summary") or {}, "summary").get("short") or "", "short"),
    )


def paragraphs(words: Sequence[Word]) -> tuple[Paragraph, ...]:
    """Sentences gathered until a pause, or until the paragraph is long enough."""
    found: list[list[Sentence]] = []
    for sentence in sentences(words):
        if not found or _is_complete(found[-1], sentence):
            found.append([])
        found[-1].append(sentence)
    return tuple(Paragraph(group[0].start_s, group[-1].end_s, tuple(group)) for group in found)


def sentences(words: Sequence[Word]) -> list[Sentence]:
    """Words until a full stop, a long pause, a pause before a capital, or the longest that a paragraph may be."""
    return [
        Sentence(spacing.joined(word.text for word in group), group[0].start_s, group[-1].end_s)
        for group in _grouped(words)
    ]


def _grouped(words: Sequence[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word, following in zip_longest(words, words[1:]):
        group.append(word)
        if following is None or _ends_sentence(word, following) or following.end_s - group[0].start_s > MAX_PARAGRAPH_S:
            yield group
            group = []


def _ends_sentence(word: Word, following: Word) -> bool:
    pause_s = following.start_s - word.end_s
    if pause_s >= SENTENCE_PAUSE_S or (pause_s >= PARAGRAPH_PAUSE_S and following.text[:1].isupper()):
        return True
    text = word.text.rstrip(CLOSERS)
    return text.endswith(SENTENCE_ENDS) and text.lower() not in ABBREVIATIONS and not following.text[:1].islower()


def _is_complete(group: Sequence[Sentence], following: Sentence) -> bool:
    """Whether `following` begins a new paragraph. A short sentence ends the one that it closes."""
    start_s, end_s = group[0].start_s, group[-1].end_s
    is_long = end_s - start_s >= PARAGRAPH_S or following.end_s - start_s > MAX_PARAGRAPH_S
    return is_long or following.start_s - end_s >= PARAGRAPH_PAUSE_S


def _paragraphs(found: object) -> tuple[Paragraph, ...]:
    listed = _list(_mapping(found or {}, "paragraphs").get("paragraphs") or [], "paragraphs")
    return tuple(_paragraph(_mapping(each, "paragraph")) for each in listed)


def _paragraph(found: Mapping[str, Any]) -> Paragraph:
    start_s, end_s = _span(found, "paragraph")
    listed = [_mapping(each, "sentence") for each in _list(found.get("sentences"), "sentences")]
    return Paragraph(start_s, end_s, tuple(Sentence(_text(each.get("text"), "text"), *_span(each)) for each in listed))


def _word(found: object) -> Word:
    word = _mapping(found, "word")
    start_s, end_s = _span(word, "word")
    confidence = _seconds(word.get("confidence") or 0.0, "confidence")
    return Word(_text(word.get("punctuated_word") or word.get("word"), "word"), start_s, end_s, min(confidence, 1.0))


def _span(found: Mapping[str, Any], where: str = "sentence") -> tuple[float, float]:
    start_s = _seconds(found.get("start"), f"{where}.start")
    return start_s, max(_seconds(found.get("end"), f"{where}.end"), start_s)


def _model(metadata: Mapping[str, Any]) -> str:
    """The name behind the first id; the id itself where no name is given."""
    ids = _list(metadata.get("models") or [], "models")
    if not ids:
        return ""
    known = _mapping(_mapping(metadata.get("model_info") or {}, "model_info").get(str(ids[0])) or {}, "model_info")
    return str(known.get("name") or ids[0])


def _first(found: object, where: str) -> Mapping[str, Any]:
    listed = _list(found, where)
    if not listed:
        raise Malformed(f"{where}: empty")
    return _mapping(listed[0], where)


def _mapping(found: object, where: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise Malformed(f"{where}: not an object")
    return found


def _list(found: object, where: str) -> Sequence[Any]:
    if not isinstance(found, list):
        raise Malformed(f"{where}: not a list")
    return found


def _text(found: object, where: str) -> str:
    if not isinstance(found, str):
        raise Malformed(f"{where}: not a text")
    return found


def _seconds(found: object, where: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
        raise Malformed(f"{where}: not a number of at least 0")
    return float(found)
