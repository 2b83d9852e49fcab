"""Words of languages that put no spaces between them: Chinese, Japanese, Thai, Lao, Khmer, Burmese. Pure.

Knows letters, and no word of any language: where there are no spaces, letters are counted, and what a recogniser heard
in pieces is put together again without any.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_UNSPACED: Final = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\uff01-\uff9f\U00020000-\U0003134f]"
)
"""Letters and marks of these languages. Korean has spaces, and is not among them."""


def joined(words: Iterable[str]) -> str:
    """A space between every two but where neither side writes one."""
    text = ""
    for word in filter(None, words):
        text += word if not text or (is_unspaced(text[-1]) and is_unspaced(word[0])) else f" {word}"
    return text


def in_a_row(sentences: Iterable[str]) -> str:
    """A space between every two, as in Thai, Lao and Khmer too, but for Chinese and Japanese."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or (_is_wide(text[-1]) and _is_wide(sentence[0])) else f" {sentence}"
    return text


def is_unspaced(letter: str) -> bool:
    return bool(_UNSPACED.match(letter))


def letters(text: str) -> int:
    """Of those that stand without spaces."""
    return sum(letter.isalnum() for letter in _UNSPACED.findall(text))


def size(text: str) -> int:
    """Its words; where there are no spaces, its letters."""
    return sum(_size(token) for token in text.split())


def _size(token: str) -> int:
    return letters(token) + any(letter.isalnum() for letter in _UNSPACED.sub("", token)) if letters(token) else 1


def width(text: str) -> int:
    """In letters of Latin: those of Chinese and Japanese are twice as wide."""
    return sum(1 + _is_wide(letter) for letter in text)


def _is_wide(letter: str) -> bool:
    return is_unspaced(letter) and unicodedata.east_asian_width(letter) in "WF"
