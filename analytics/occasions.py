"""Moments as a page tells them: in words, with the sentence that was said then.

Knows moments and sentences with their times. Refuses to say that one caused the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from analytics.moments import Kind, Moment
from analytics.transcript import Paragraph, Sentence

NAMES: Final[dict[Kind, str]] = {"peak": "Peak", "dip": "Dip", "rise": "Rise", "fall": "Fall"}
JUST_SAID_S: Final = 5.0
"""A sentence that ended no longer ago than this is still what was said at an instant."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """`said` is "" where nobody spoke, or nothing was written down."""

    moment: Moment
    said: str

    @property
    def name(self) -> str:
        return NAMES[self.moment.kind]

    @property
    def is_change(self) -> bool:
        return self.moment.kind in ("rise", "fall")

    @property
    def points(self) -> float:
        return abs(self.moment.size)

    @property
    def direction(self) -> str:
        return "higher" if self.moment.size > 0 else "lower"

    @property
    def seconds(self) -> float:
        return self.moment.end_s - self.moment.start_s


def occasions(moments: Iterable[Moment], paragraphs: Sequence[Paragraph]) -> list[Occasion]:
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph.sentences]
    return [Occasion(moment, _said(moment, sentences)) for moment in moments]


def _said(moment: Moment, sentences: Sequence[Sentence]) -> str:
    """Of a stretch the sentence that fills most of it; of a change the one that was being spoken."""
    if moment.kind in ("rise", "fall"):
        begun = [each for each in sentences if each.start_s <= moment.t_s]
        last = begun[-1] if begun else None
        return last.text if last and moment.t_s - last.end_s <= JUST_SAID_S else ""
    shared = [min(each.end_s, moment.end_s) - max(each.start_s, moment.start_s) for each in sentences]
    most = max(shared, default=0.0)
    return sentences[shared.index(most)].text if most > 0 else ""
