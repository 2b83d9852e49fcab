"""An explanation as people read it: rounded so that what is shown still adds up, and said in plain sentences.

Knows words and decimals. Refuses to compute a score or a part of one: those are explain's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from analytics import page
from analytics.charts import clock
from analytics.explain import Explanation, Faces, Part, Stretch
from analytics.rounding import SCORE_DECIMALS, rounded, worth
from analytics.timeline import MIN_COVERAGE, MIN_INSTANTS
from emotion_ml.types import LeftOut

PERCENT_DECIMALS: Final = 1
REASONS: Final[Mapping[str, str]] = dict(page.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Row:
    """One expression as it is shown: shares in percent; a shift begins where those of the rows above have led."""

    emotion: str
    share: float
    value: float
    adds: float
    usual_share: float
    shifts: float
    from_score: float

    @property
    def worth(self) -> str:
        return worth(self.value)

    @property
    def to_score(self) -> float:
        return self.from_score + self.shifts


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown of an explanation. Where there is no score the sentence says why, and there are no rows."""

    title: str
    sentence: str
    left_out: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...] = ()
    score: float | None = None
    average: float | None = None

    @property
    def shows_shifts(self) -> bool:
        return any(row.shifts for row in self.rows)

    @property
    def difference(self) -> float | None:
        """Of the numbers shown, not of those behind them."""
        if self.score is None or self.average is None:
            return None
        return round(self.score - self.average, SCORE_DECIMALS)


def answer(found: Explanation) -> Answer:
    left_out = tuple((count, reason(why)) for why, count in found.faces.left_out.items())
    if found.score is None or found.average is None:
        return Answer(title(found.stretch), _why_not(found), left_out)
    score, average = round(found.score, SCORE_DECIMALS), round(found.average, SCORE_DECIMALS)
    rows = _rows(found.parts, score, average)
    sentence = _parts_sentence(rows, score)
    if found.stretch.kind != "whole":
        sentence += _beside_sentence(rows, score, average)
    elif note := page.about_floor(found.stretch.coverage or 0.0, found.seen):
        sentence += f" {note}"
    return Answer(title(found.stretch), sentence, left_out, rows, score, average)


def title(stretch: Stretch) -> str:
    start, end = clock(stretch.start_s), clock(stretch.end_s)
    words = clock(stretch.start_s - stretch.lag_s), clock(stretch.end_s - stretch.lag_s)
    return {
        "whole": "The whole recording",
        "reading": f"The reading at {start}",
        "30s": f"30 seconds up to {end}",
        "60s": f"1 minute up to {end}",
        "cumulative": f"Everything up to {end}",
        "span": f"From {start} to {end}",
        "paragraph": f"The paragraph from {words[0]} to {words[1]}",
    }[stretch.kind]


def reason(left_out: LeftOut) -> str:
    name = left_out.name.lower()
    return REASONS.get(name, name.replace("_", " "))


def _rows(parts: Sequence[Part], score: float, average: float) -> tuple[Row, ...]:
    shares = rounded([100 * part.share for part in parts], 100.0, PERCENT_DECIMALS)
    usual = rounded([100 * part.usual_share for part in parts], 100.0, PERCENT_DECIMALS)
    adds = rounded([part.adds for part in parts], score)
    shifts = rounded([part.shifts for part in parts], score - average)
    starts = accumulate([average, *shifts[:-1]])
    columns = zip(parts, shares, adds, usual, shifts, starts, strict=True)
    return tuple(
        Row(part.emotion, share, part.value, add, usual_share, shift, start)
        for part, share, add, usual_share, shift, start in columns
    )


def _parts_sentence(rows: Sequence[Row], score: float) -> str:
    first, *others = sorted(rows, key=lambda row: -row.adds)
    rest = [f"{row.emotion.lower()} {row.adds:.2f}" for row in others]
    return (
        f"{score:.2f} because {first.emotion.lower()} has {first.share:.1f} % of the apparent expressions and is worth "
        f"{first.worth} here, which makes {first.adds:.2f}; to that come {', '.join(rest[:-1])} and {rest[-1]}."
    )


def _beside_sentence(rows: Sequence[Row], score: float, average: float) -> str:
    difference = round(score - average, SCORE_DECIMALS)
    if not difference:
        return f" The whole recording has the same {average:.2f}."
    side = "above" if difference > 0 else "below"
    most = max(rows, key=lambda row: row.shifts * difference)
    return (
        f" That is {abs(difference):.2f} {side} the {average:.2f} of the whole recording, most of all because "
        f"{most.emotion.lower()} has {most.share:.1f} % here and {most.usual_share:.1f} % over the whole of it."
    )


def _why_not(found: Explanation) -> str:
    """Why the charts show no value here."""
    faces = found.faces
    if not found.readings:
        return "There is no value here: nothing was read in this stretch."
    if not faces.found:
        return "There is no value here: no face was found."
    if LeftOut.UNREAD in faces.left_out:
        return "There is no score: in this recording faces were counted, and their expressions were not read."
    if not faces.counted:
        return f"There is no value here: {_found(faces)}, and none of them counts."
    if found.seen < MIN_INSTANTS:
        few = f"{found.seen} reading{'' if found.seen == 1 else 's'}"
        return (
            f"There is no value here: it would rest on {few} with a face that counts, and a value needs {MIN_INSTANTS}."
        )
    share = page.below_floor(found.stretch.coverage or 0.0)
    return (
        f"There is no value here: a face that counts was in view {share} % of the time, "
        f"and a value needs {100 * MIN_COVERAGE:.0f} %."
    )


def _found(faces: Faces) -> str:
    return "one face was found" if faces.found == 1 else f"faces were found {faces.found} times"
