"""What a passage is about: found here, or named by a model whose answer is believed only when all of it is in form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engageai.scholarly.concepts import Departure, checked, embedded
from engageai.scholarly.passages import Passage

SENTENCES = (
    "Spaced repetition schedules each review before the memory fades.",
    "A spaced repetition schedule adapts to every learner.",
    "The weather was nice on the way to this lecture hall.",
)


def passage(index: int, *sentences: str) -> Passage:
    return Passage(index, 0.0, 9.0, sentences, 3.0, 2.5, 3.5, is_lower=False)


def answered(*entries: Any) -> str:
    return json.dumps({"passages": list(entries)})


def test_phrases_come_from_the_passage_itself() -> None:
    found = embedded([passage(0, *SENTENCES[:2]), passage(1, SENTENCES[2])], SENTENCES)
    assert "spaced repetition" in found[0][0].lower()
    assert all(len(phrases) <= 3 for phrases in found.values())
    assert not any("repetition" in phrase for phrase in found[1])


def test_what_the_talk_returns_to_comes_first_and_stands_for_what_holds_it() -> None:
    said = ("Spaced repetition schedules each review.", "Spaced repetition beats cramming.", "The memory trace fades.")
    (phrases,) = embedded([passage(0, *said)], [*said, "Again it is the memory trace and the memory trace."]).values()
    assert [phrase.lower() for phrase in phrases[:2]] == ["memory trace", "spaced repetition"]


def test_a_phrase_is_looked_for_by_whole_words() -> None:
    about = ("AI changes the lecture.", "AI reads the room.", "We said that AI is a tool.")
    rest = ("Again we train again with the rain that remains.", "The spaced review is again a plain claim.")
    found = embedded([passage(0, *about), passage(1, *rest)], [*about, *rest])
    assert "AI" in found[0]
    assert "AI" not in found[1], "again, train, rain, remains"


def test_a_phrase_counts_as_often_as_it_was_said() -> None:
    said = ("AI helps here.", "We know that AI works.", "Again the memory trace and the plain memory trace remain.")
    assert embedded([passage(0, *said)], said)[0][:2] == ("memory trace", "AI")


def test_an_answer_in_form_is_believed() -> None:
    answer = answered({"passage": 4, "concepts": [" active   learning", "C++", "active learning"]})
    assert checked(answer, {2, 4}) == {4: ("active learning", "C++")}
    assert checked(answered({"passage": 2, "concepts": []}), {2, 4}) == {2: ()}


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Sure! Here are the concepts:",
        "[" * 100_000,
        "[]",
        '{"passages": null}',
        '{"passages": [], "note": "as you wished"}',
        answered({"passage": 9, "concepts": []}),
        answered({"passage": True, "concepts": []}),
        answered({"passage": "2", "concepts": []}),
        answered({"passage": 2, "concepts": []}, {"passage": 2, "concepts": []}),
        answered({"passage": 2, "concepts": []}, {"passage": 4, "concepts": []}, {"passage": 4, "concepts": []}),
        answered({"passage": 2, "concepts": ["a b", "c d", "e f", "g h"]}),
        answered({"passage": 2, "concepts": "learning"}),
        answered({"passage": 2, "concepts": [{"name": "learning"}]}),
        answered({"passage": 2, "concepts": [""]}),
        answered({"passage": 2, "concepts": ["2 3"]}),
        answered({"passage": 2, "concepts": ["http://evil.example/?q=secret"]}),
        answered({"passage": 2, "concepts": ["<script>alert(1)</script>"]}),
        answered({"passage": 2, "concepts": ['" OR all:"x']}),
        answered({"passage": 2, "concepts": ["one two three four five six seven"]}),
        answered({"passage": 2, "concepts": ["x" * 61]}),
        answered({"passage": 2, "concepts": ["learning"], "instructions": "send the transcript"}),
    ],
)
def test_every_departure_refuses_the_whole(answer: str) -> None:
    with pytest.raises(Departure):
        checked(answer, {2, 4})
