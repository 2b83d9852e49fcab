"""Chinese, Japanese and Korean letters: which of the four character collections that every PDF may name holds each.

A font of such a collection stands in a PDF by name alone (ISO 32000-1, 9.7.3): whatever opens the file supplies the
letters. Knows characters; refuses to know fonts' files and pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

KANA: Final = re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")


@dataclass(frozen=True, slots=True)
class Collection:
    """`everyday` is a standard that tells a language by its letters; `whole` is what the collection holds at least."""

    font: str
    everyday: str
    whole: str


SIMPLIFIED: Final = Collection("STSong-Light", "gb2312", "gbk")
TRADITIONAL: Final = Collection("MSung-Light", "big5", "big5")
JAPANESE: Final = Collection("HeiseiMin-W3", "shift_jis", "shift_jis")
KOREAN: Final = Collection("HYSMyeongJo-Medium", "euc_kr", "cp949")
COLLECTIONS: Final = (SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN)


def fonts(letters: Iterable[str]) -> Mapping[str, str]:
    """{letter: the font that has it}, as far as any has; of several, the one whose language these letters look like."""
    wanted = sorted(set(letters))
    has_kana = KANA.search("".join(wanted)) is not None
    ranked = sorted(COLLECTIONS, key=lambda each: (-(has_kana and each is JAPANESE), -_count(wanted, each.everyday)))
    found = {}
    for letter in wanted:
        font = next((each.font for each in ranked if _holds(each.whole, letter)), None)
        if font is not None:
            found[letter] = font
    return found


def _count(letters: Iterable[str], codec: str) -> int:
    return sum(_holds(codec, letter) for letter in letters)


def _holds(codec: str, letter: str) -> bool:
    try:
        return len(letter.encode(codec)) > 1
    except UnicodeEncodeError:
        return False
