"""Words into Deepgram's response shape, for the engine that is not Deepgram's. analytics.transcript reads it back.

Knows the shape alone: https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from analytics import spacing
from analytics.transcript import Paragraph, Word, paragraphs

UTTERANCE_PAUSE_S: Final = 0.8
"""Deepgram's own default for `utt_split`."""
PUNCTUATION: Final = " .,?!…:;\"'()[]“”"

Json = dict[str, Any]


def build(words: Sequence[Word], *, language: str, duration_s: float, model: str, sha256: str) -> Json:
    found = paragraphs(words)
    alternative = {
        "transcript": spacing.joined(word.text for word in words),
        "confidence": _confidence(words),
        "words": [_word(word) for word in words],
        "paragraphs": {
            "transcript": "\n\n".join(paragraph.text for paragraph in found),
            "paragraphs": [_paragraph(paragraph) for paragraph in found],
        },
    }
    return {
        "metadata": {
            "engine": "embedded",
            "sha256": sha256,
            "duration": round(duration_s, 3),
            "channels": 1,
            "models": [sha256[:32]],
            "model_info": {sha256[:32]: {"name": model, "version": sha256[:12], "arch": "whisper"}},
        },
        "results": {
            "channels": [{"alternatives": [alternative]} | ({"detected_language": language} if language else {})],
            "utterances": [_utterance(group) for group in _utterances(words)],
        },
    }


def _word(word: Word) -> Json:
    return {
        "word": word.text.lower().strip(PUNCTUATION),
        "start": round(word.start_s, 3),
        "end": round(word.end_s, 3),
        "confidence": round(word.confidence, 4),
        "punctuated_word": word.text,
    }


def _paragraph(paragraph: Paragraph) -> Json:
    sentences = [
        {"text": each.text, "start": round(each.start_s, 3), "end": round(each.end_s, 3)}
        for each in paragraph.sentences
    ]
    start, end = round(paragraph.start_s, 3), round(paragraph.end_s, 3)
    return {"sentences": sentences, "start": start, "end": end, "num_words": spacing.size(paragraph.text)}


def _utterances(words: Sequence[Word]) -> list[list[Word]]:
    groups: list[list[Word]] = []
    for word in words:
        if not groups or word.start_s - groups[-1][-1].end_s >= UTTERANCE_PAUSE_S:
            groups.append([])
        groups[-1].append(word)
    return groups


def _utterance(words: Sequence[Word]) -> Json:
    return {
        "start": round(words[0].start_s, 3),
        "end": round(words[-1].end_s, 3),
        "confidence": _confidence(words),
        "channel": 0,
        "transcript": spacing.joined(word.text for word in words),
        "words": [_word(word) for word in words],
    }


def _confidence(words: Sequence[Word]) -> float:
    return round(sum(word.confidence for word in words) / len(words), 4) if words else 0.0
