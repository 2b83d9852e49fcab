"""What was said beside what was read: each paragraph with its comparison and its manner of speaking, and a digest.

Brings the pure parts of analytics together for one page. Measures nothing itself; knows neither requests nor rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from analytics import correlate, page, speech, topics
from analytics.correlate import Comparison
from analytics.scoring import Environment
from analytics.speech import Speech
from analytics.timeline import Instants
from analytics.topics import Phrase
from analytics.transcript import Sentence, Transcript


@dataclass(frozen=True, slots=True)
class ParagraphView:
    index: int
    start_s: float
    end_s: float
    text: str
    sentences: tuple[Sentence, ...]
    comparison: Comparison
    speech: Speech


@dataclass(frozen=True, slots=True)
class Said:
    """`summary` is the service's own, or sentences of the recording; `lag` says how faces followed words."""

    paragraphs: tuple[ParagraphView, ...]
    summary: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    lag: str


def said(transcript: Transcript, instants: Instants, environment: Environment, analysed_s: float) -> Said:
    spans = [(paragraph.start_s, paragraph.end_s) for paragraph in transcript.paragraphs]
    found = correlate.compare(instants, spans, environment, analysed_s=analysed_s)
    words = speech.shared(transcript.words, spans)
    views = tuple(
        ParagraphView(
            index,
            paragraph.start_s,
            paragraph.end_s,
            paragraph.text,
            paragraph.sentences,
            found.comparisons[index],
            speech.measure(words[index], paragraph.start_s, paragraph.end_s),
        )
        for index, paragraph in enumerate(transcript.paragraphs)
    )
    sentences = [sentence.text for paragraph in transcript.paragraphs for sentence in paragraph.sentences]
    return Said(views, _summary(transcript, sentences), tuple(topics.key_phrases(sentences)), page.lag_sentence(found))


def _summary(transcript: Transcript, sentences: list[str]) -> tuple[str, ...]:
    if transcript.summary:
        return (transcript.summary,)
    return tuple(sentences[row] for row in topics.summarise(sentences))
