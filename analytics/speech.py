"""How something was said: rate, pauses and filler words of a span.

Knows words with their times. Refuses to know what they mean and how the speaker did: there is no good rate.

The rate counts every word over the whole span, pauses included (speaking rate, not articulation rate); of languages
that put no spaces between words, every character. A pause is a gap between words of `PAUSE_S` or more: studies of
fluency take 0.25 s (de Jong & Bosker 2013), but word times of speech recognisers are good to a few tenths of a second
only. Fillers are counted where the transcript has them, which is a lower bound: Whisper leaves most of "um" and "uh"
out. "Like", "so" and "well" are not counted, because only their sentence could say whether they fill; "a kind of" and
"do you know" are not, because their neighbours say they do not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol, TypeVar

from analytics import spacing

PAUSE_S: Final = 0.5
SOUNDS: Final = frozenset(("ah", "eh", "er", "erm", "hm", "hmm", "mhm", "mm", "uh", "uhm", "um", "umm"))
PHRASES: Final = {
    ("i", "mean"): frozenset(("what", "do", "did", "that")),
    ("kind", "of"): frozenset(
        ("a", "an", "any", "each", "every", "one", "some", "that", "the", "this", "what", "which")
    ),
    ("sort", "of"): frozenset(
        ("a", "an", "any", "each", "every", "one", "some", "that", "the", "this", "what", "which")
    ),
    ("you", "know"): frozenset(("as", "did", "do", "how", "if", "that", "until", "what", "when", "would")),
}
"""Two words that fill, unless they follow one of these."""


class SpokenWord(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...


Word = TypeVar("Word", bound=SpokenWord)


@dataclass(frozen=True, slots=True)
class Speech:
    """`words_per_min` is None for a span without length; `longest_pause_s` is 0 where there is no pause.

    `unit` says what was counted as a word: "character" where most of them stand without spaces.
    """

    words: int
    words_per_min: float | None
    pauses: int
    longest_pause_s: float
    fillers: dict[str, int]
    unit: str = "word"


def shared(words: Iterable[Word], spans: Sequence[tuple[float, float]]) -> list[list[Word]]:
    """The words of each span: every one is of the last that has begun by its middle, before all of them of the first.

    So none is lost and none counted twice, also where a recogniser gives words no length, or time between spans.
    """
    found: list[list[Word]] = [[] for _ in spans]
    order = sorted(range(len(spans)), key=lambda row: spans[row])
    starts = [spans[row][0] for row in order]
    for word in words if found else ():
        place = bisect_right(starts, (word.start_s + word.end_s) / 2) - 1
        found[order[max(place, 0)]].append(word)
    return found


def measure(words: Iterable[SpokenWord], start_s: float, end_s: float) -> Speech:
    """Of the words of the span [start_s, end_s]."""
    inside = sorted(words, key=lambda word: (word.start_s, word.end_s))
    pauses = [gap for gap in _gaps(inside) if gap >= PAUSE_S]
    length_s = end_s - start_s
    count = sum(spacing.size(word.text) for word in inside)
    return Speech(
        words=count,
        words_per_min=count / length_s * 60 if length_s > 0 else None,
        pauses=len(pauses),
        longest_pause_s=max(pauses, default=0.0),
        fillers=_fillers([_folded(word.text) for word in inside]),
        unit="character" if 2 * sum(spacing.letters(word.text) for word in inside) > count else "word",
    )


def _gaps(words: Sequence[SpokenWord]) -> list[float]:
    """Seconds between each word and all that came before it; word times may overlap."""
    gaps, silent_from_s = [], words[0].end_s if words else 0.0
    for word in words[1:]:
        gaps.append(round(word.start_s - silent_from_s, 6))
        silent_from_s = max(silent_from_s, word.end_s)
    return gaps


def _fillers(words: Sequence[str]) -> dict[str, int]:
    """How often each occurs, the most frequent first."""
    found = Counter(word for word in words if word in SOUNDS)
    for before, pair in zip(["", *words], pairwise(words), strict=False):
        if pair in PHRASES and before not in PHRASES[pair]:
            found[" ".join(pair)] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _folded(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha() or letter == "'").strip("'")
