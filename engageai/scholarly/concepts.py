"""What a passage is about, in a few phrases. Pure: the embedded way, and the check of what a language model answered.

What was said is somebody's words and never an instruction; so is the answer of a model that has read them. An answer
counts only when all of it has the form that was asked for: a few short phrases for passages that were sent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from analytics import topics
from engageai.scholarly.passages import Passage

PER_PASSAGE: Final = 3
CANDIDATES: Final = 4 * PER_PASSAGE
OF_TALK: Final = 400
MAX_CONCEPT: Final = 60
MAX_CONCEPT_WORDS: Final = 6

_CONCEPT: Final = re.compile(r"\w[\w '\u2019+#-]*")
_WORD: Final = re.compile(r"\w+|[^\w\s]")


class Departure(ValueError):
    """Not the answer that was asked for; the message says where."""


def embedded(passages: Sequence[Passage], sentences: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """The key phrases of each passage; first those that the whole talk, whose sentences are given, often returns to.

    Phrases of the talk that the passage holds come in too: alone it may be too short to be told for English.
    """
    talk = _spread(" ".join(sentences))
    common = [phrase.text for phrase in topics.key_phrases(sentences, limit=OF_TALK)]
    return {passage.index: _phrases(passage, common, talk) for passage in passages}


def _phrases(passage: Passage, common: Sequence[str], talk: str) -> tuple[str, ...]:
    """Of phrases that hold one another only one: a search for both would be a search for one."""
    text = _spread(passage.text)
    own = [phrase.text for phrase in topics.key_phrases(passage.sentences, limit=CANDIDATES)]
    found = [*own, *(phrase for phrase in common if _spread(phrase) in text)]
    found.sort(key=lambda phrase: -talk.count(_spread(phrase)) * math.log2(1 + len(phrase.split())))
    kept: list[str] = []
    for phrase in found:
        words = _words(phrase)
        if not any(words <= _words(other) or words >= _words(other) for other in kept):
            kept.append(phrase)
    return tuple(kept[:PER_PASSAGE])


def _spread(text: str) -> str:
    """With a space on either side of each word and mark, so that what is found in it are whole words."""
    return "".join(f" {each} " for each in _WORD.findall(text.casefold()))


def _words(phrase: str) -> set[str]:
    return set(phrase.casefold().split())


def checked(answer: str, asked: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The phrases of each passage out of a model's JSON. Raises Departure."""
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise Departure("not JSON") from error
    found: dict[int, tuple[str, ...]] = {}
    for entry in _list(_object(document, {"passages"})["passages"], len(asked)):
        fields = _object(entry, {"passage", "concepts"})
        index = fields["passage"]
        if isinstance(index, bool) or not isinstance(index, int) or index not in asked or index in found:
            raise Departure("a passage that was not sent")
        concepts = dict.fromkeys(_concept(each) for each in _list(fields["concepts"], PER_PASSAGE))
        found[index] = tuple(concepts)
    return found


def _object(found: Any, keys: set[str]) -> dict[str, Any]:
    if not isinstance(found, dict) or set(found) != keys:
        raise Departure(f"not an object of {', '.join(sorted(keys))}")
    return found


def _list(found: Any, longest: int) -> list[Any]:
    if not isinstance(found, list) or len(found) > longest:
        raise Departure(f"not a list of at most {longest}")
    return found


def _concept(found: Any) -> str:
    phrase = " ".join(found.split()) if isinstance(found, str) else ""
    is_short = len(phrase) <= MAX_CONCEPT and len(phrase.split()) <= MAX_CONCEPT_WORDS
    if not is_short or not _CONCEPT.fullmatch(phrase) or not any(each.isalpha() for each in phrase):
        raise Departure("not a phrase")
    return phrase
