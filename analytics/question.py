"""Which number of a recording is asked about: from the words of an address to a stretch of its readings.

Knows what may be asked and refuses the rest with a sentence that the asker may read. Knows no request, no environment's
values and no answer; where readings lie in time is explain's business.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from analytics import explain
from analytics.charts import clock
from analytics.explain import Kind, Stretch
from analytics.scoring import Environment
from analytics.timeline import TICK_S, Instants

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Spans = Sequence[tuple[float, float]]


class Refused(ValueError):
    """Nothing can be meant by this; the message is for the one who asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """`at_s` is of one reading and of the windows that look back, `span_s` and `paragraph` of what they name."""

    kind: Kind
    at_s: float = 0.0
    span_s: tuple[float, float] = (0.0, 0.0)
    paragraph: int = 0

    def stretch(self, instants: Instants, analysed_s: float, spans: Spans, environment: Environment) -> Stretch:
        """`spans` are the transcript's paragraphs. Raises Refused."""
        end_s = max(analysed_s, float(instants.times[-1])) if len(instants.times) else analysed_s
        if self.kind == "whole":
            return explain.whole(instants, end_s)
        if self.kind == "paragraph":
            return self._paragraph(instants, spans, environment, end_s)
        if self.kind == "span":
            _within(self.span_s[0], end_s)
            return explain.span(instants, *self.span_s, end_s)
        _within(self.at_s, end_s)
        if self.kind == "reading":
            return explain.reading(instants, self.at_s)
        return explain.trailing(instants, self.kind, self.at_s)

    def _paragraph(self, instants: Instants, spans: Spans, environment: Environment, end_s: float) -> Stretch:
        if not self.paragraph < len(spans):
            raise Refused(f"There is no such paragraph: the transcript has {len(spans)}.")
        return explain.paragraph(instants, spans, self.paragraph, environment, end_s)


def parse(words: Mapping[str, str]) -> Question:
    """`of` is one of KINDS, without it the whole; then `at`, `from` and `to`, or `paragraph`. Raises Refused."""
    kind = next((kind for kind in KINDS if kind == words.get("of", "whole")), None)
    if kind is None:
        raise Refused(f"Ask for one of these: {', '.join(KINDS)}.")
    if kind == "paragraph":
        return Question(kind, paragraph=_index(words.get("paragraph", "")))
    if kind == "span":
        start_s, end_s = (seconds(words.get(name, "")) for name in ("from", "to"))
        if not start_s < end_s:
            raise Refused("A stretch ends after it begins, for example from 1:00 to 2:30.")
        return Question(kind, span_s=(start_s, end_s))
    return Question(kind) if kind == "whole" else Question(kind, at_s=seconds(words.get("at", "")))


def seconds(words: str) -> float:
    """75, 75.5 (75,5 as well), 1:15 or 1:02:03. Raises Refused."""
    try:
        parts = [float(part.replace(",", ".")) for part in words.strip().split(":")]
    except ValueError:
        parts = [math.nan]
    if len(parts) > 3 or not all(0 <= part < math.inf for part in parts):
        raise Refused("A time is given in seconds, or as minutes and seconds, for example 75.5 or 1:15.")
    return math.fsum(part * 60.0**place for place, part in enumerate(reversed(parts)))


def _index(words: str) -> int:
    if not (words.isascii() and words.isdigit() and len(words) < 7):
        raise Refused("Paragraphs are counted from 0.")
    return int(words)


def _within(at_s: float, end_s: float) -> None:
    if at_s > end_s + TICK_S:
        raise Refused(f"What was analysed ends at {clock(end_s)}.")
