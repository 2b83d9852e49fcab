"""A light guess at English parts of speech, as far as terms need it.

Knows the word lists of english.yml and a few endings. Refuses to know sentences: a word that can be a noun is taken for
one ("change", "question"), one that hardly ever is ("said", "really") is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

_LISTS: Final = {
    name: frozenset(words.split())
    for name, words in yaml.safe_load(Path(__file__).with_name("english.yml").read_text(encoding="utf-8")).items()
}
FUNCTION_WORDS: Final = _LISTS["function_words"]
NOT_IN_TERMS: Final = FUNCTION_WORDS | _LISTS["verbs"] | _LISTS["little_words"] | _LISTS["numbers"]
ADJECTIVE_ENDINGS: Final = ("able", "ible", "ful", "less", "ous", "ish", "ed")


def could_end_a_term(word: str) -> bool:
    """Whether a lower-case word is likelier a noun than an adjective or a participle."""
    if word in _LISTS["nouns_despite_their_ending"]:
        return True
    return word not in _LISTS["adjectives"] and not word.endswith(ADJECTIVE_ENDINGS)
