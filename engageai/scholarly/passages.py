"""The passages of a talk in the order in which they deserve something to read: where attention was lowest first. Pure.

Knows what was said and what was measured while it was. What is "lower than the rest" is decided by correlate's test;
a low score alone is not called so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analytics import correlate, spacing
from analytics.scoring import Environment
from analytics.timeline import Instants
from analytics.transcript import Paragraph

MIN_WORDS: Final = 8
"""A shorter passage is a remark, and names no subject. Where words have no spaces between them, letters count."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph of the transcript; `index` is its place in it. No score where no face was read."""

    index: int
    start_s: float
    end_s: float
    sentences: tuple[str, ...]
    score: float | None
    low: float | None
    high: float | None
    is_lower: bool

    @property
    def text(self) -> str:
        return spacing.in_a_row(self.sentences)


def by_attention(
    paragraphs: Sequence[Paragraph], instants: Instants, environment: Environment, analysed_s: float = math.inf
) -> list[Passage]:
    """First those measurably lower than the rest, then by score; those in which nobody was seen come last."""
    spans = [(paragraph.start_s, paragraph.end_s) for paragraph in paragraphs]
    compared = correlate.compare(instants, spans, environment, analysed_s=analysed_s).comparisons
    passages = [_passage(*each) for each in enumerate(zip(paragraphs, compared, strict=True))]
    return sorted((each for each in passages if spacing.size(each.text) >= MIN_WORDS), key=_need)


def _passage(index: int, pair: tuple[Paragraph, correlate.Comparison]) -> Passage:
    paragraph, comparison = pair
    return Passage(
        index=index,
        start_s=paragraph.start_s,
        end_s=paragraph.end_s,
        sentences=tuple(sentence.text for sentence in paragraph.sentences),
        score=comparison.score,
        low=comparison.low,
        high=comparison.high,
        is_lower=comparison.verdict == "lower",
    )


def _need(passage: Passage) -> tuple[bool, float, int]:
    return not passage.is_lower, math.inf if passage.score is None else passage.score, passage.index
