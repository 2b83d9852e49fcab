from __future__ import annotations

import json
import math
import re
import time
from pathlib import Path

import pytest

from analytics.topics import Phrase, key_phrases, summarise

LECTURE = [
    "Today we talk about gradient descent and why the learning rate matters so much.",
    "Gradient descent walks down the loss, and the learning rate says how far it goes with every step.",
    "If the learning rate is too large, then gradient descent jumps over the valley.",
    "If it is too small, we wait for a very long time until the loss goes down.",
    "Um, so I actually had a coffee on my way here.",
    "A neural network has many weights, and gradient descent changes all the weights of the neural network.",
    "We will look at neural networks again next week.",
    "Thank you.",
]


def texts(found: list[Phrase]) -> list[str]:
    return [phrase.text for phrase in found]


def test_the_terms_of_a_lecture_are_its_key_phrases() -> None:
    found = texts(key_phrases(LECTURE))
    assert set(found[:3]) == {"gradient descent", "learning rate", "neural network"}
    assert not {"um", "so", "actually", "talk", "we"} & set(found)


def test_the_value_of_a_phrase_is_its_c_value() -> None:
    """Frantzi et al.: log2 of the length (one added), times the frequency less the mean of the longer phrases'."""
    said = ["the soft contact lens is here"] * 2 + ["there is a contact lens for you"] * 3 + ["it is on the lens"] * 4
    values = {phrase.text: phrase.score for phrase in key_phrases(said)}
    assert values["soft contact lens"] == pytest.approx(math.log2(4) * 2)
    assert values["contact lens"] == pytest.approx(math.log2(3) * (5 - 2 / 1))
    assert values["lens"] == pytest.approx(math.log2(2) * (9 - (2 + 3) / 2))


def test_one_and_many_are_the_same_phrase_written_as_said_most_often() -> None:
    found = key_phrases(["We saw the neural networks.", "The neural networks and a neural network of ours."])
    assert found == [Phrase("neural networks", math.log2(3) * 3)]


def test_names_keep_their_capitals_and_first_words_do_not() -> None:
    found = texts(
        key_phrases(["Contact lenses are in the Royal Society.", "The contact lenses were in the Royal Society."])
    )
    assert set(found[:2]) == {"contact lenses", "Royal Society"}


def test_a_phrase_does_not_reach_across_punctuation_or_a_verb() -> None:
    found = texts(
        key_phrases(["In the room, speech is it.", "To the room: speech was it.", "The room said speech to us."])
    )
    assert set(found) == {"room", "speech"}


def test_there_are_no_more_phrases_than_asked_for_and_none_from_nothing() -> None:
    assert len(key_phrases(LECTURE, limit=2)) == 2
    assert key_phrases([]) == []
    assert key_phrases(["", " ", "... 12 34"]) == []
    assert key_phrases(["it was and it is"]) == []


@pytest.mark.parametrize(
    "said",
    [
        "Das maschinelle Lernen ist ein Teilgebiet der Informatik, und die Verfahren lernen aus großen Mengen.",
        "Apprendre une langue demande beaucoup de patience, et les élèves écoutent le professeur pendant le cours.",
        "機械学習は人工知能の一分野であり、データから学習する。",
    ],
)
def test_another_language_gets_no_phrases_instead_of_bad_ones(said: str) -> None:
    assert key_phrases([said]) == []


def test_the_summary_holds_what_the_others_speak_of_in_order_and_leaves_small_talk_out() -> None:
    chosen = summarise(LECTURE)
    assert chosen == sorted(chosen)
    assert len(chosen) == 3
    assert not {4, 7} & set(chosen)


def test_the_summary_does_not_say_the_same_twice() -> None:
    same = "The learning rate decides how quickly gradient descent finds the valley."
    chosen = summarise([same, same, same, "A neural network has very many weights in all its layers."], limit=2)
    assert 3 in chosen


def test_a_summary_of_little_is_all_of_it() -> None:
    assert summarise([]) == []
    assert summarise(["", "  "]) == []
    assert summarise(["One.", "", "Two."]) == [0, 2]
    assert summarise(["to be or not to be it is"] * 4) == [0, 1, 2]


def test_two_hours_of_talk_take_seconds_at_most() -> None:
    said = [f"{sentence[:-1]} {row}." for row in range(250) for sentence in LECTURE]
    summarise(LECTURE)  # imports scikit-learn
    started_s = time.process_time()
    assert texts(key_phrases(said))[0] == "gradient descent"
    assert len(summarise(said)) == 3
    assert time.process_time() - started_s < 5  # 0.9 measured; a machine may be some times slower


def test_a_word_without_end_and_a_sentence_without_end_are_only_long() -> None:
    started_s = time.process_time()
    key_phrases(["x" * 1_000_000, "a-" * 200_000, "the model of " * 20_000, "model " * 20_000])
    assert time.process_time() - started_s < 5


def test_a_real_talk_is_about_rooms_and_speech(shared: Path) -> None:
    segments = json.loads((shared / "videos" / "talk.json").read_text())["segments"]
    said = [sentence for segment in segments for sentence in re.split(r"(?<=[.?!])\s+", segment["text"])]
    assert {"room", "speech", "natural resonant frequencies"} <= set(texts(key_phrases(said)))
    assert any("sitting in a room" in said[row] or "recording the sound" in said[row] for row in summarise(said))
