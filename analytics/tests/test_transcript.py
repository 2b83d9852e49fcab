"""Words out of a response, and what becomes of them where a response has no paragraphs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from analytics.transcript import Malformed, Word, paragraphs, parse, sentences

RESPONSE: dict[str, Any] = {
    "metadata": {"engine": "deepgram", "duration": 4.0, "models": ["1"], "model_info": {"1": {"name": "nova-3"}}},
    "results": {
        "channels": [
            {
                "detected_language": "en",
                "alternatives": [
                    {
                        "transcript": "Hello there.",
                        "words": [
                            {"word": "hello", "start": 0.5, "end": 0.9, "confidence": 0.9, "punctuated_word": "Hello"},
                            {"word": "there", "start": 1.0, "end": 1.4, "confidence": 0.8, "punctuated_word": "there."},
                        ],
                        "paragraphs": {
                            "paragraphs": [
                                {
                                    "sentences": [{"text": "Hello there.", "start": 0.5, "end": 1.4}],
                                    "start": 0.5,
                                    "end": 1.4,
                                }
                            ]
                        },
                    }
                ],
            }
        ],
        "summary": {"short": "A greeting."},
    },
}


def spoken(text: str, each_s: float = 0.4) -> list[Word]:
    """A word every `each_s`; a bar is a pause of 1.5 s."""
    words, at_s = [], 0.0
    for token in text.split():
        if token != "|":
            words.append(Word(token, at_s, at_s + each_s * 0.9, 0.9))
        at_s += 1.5 if token == "|" else each_s
    return words


def texts(words: list[Word]) -> list[str]:
    return [sentence.text for sentence in sentences(words)]


def test_a_response_is_read() -> None:
    found = parse(RESPONSE)
    assert (found.language, found.engine, found.model, found.duration_s) == ("en", "deepgram", "nova-3", 4.0)
    assert found.words == (Word("Hello", 0.5, 0.9, 0.9), Word("there.", 1.0, 1.4, 0.8))
    assert [(each.start_s, each.end_s, each.text) for each in found.paragraphs] == [(0.5, 1.4, "Hello there.")]
    assert found.summary == "A greeting."


def test_without_paragraphs_they_are_made_of_the_words() -> None:
    response = copy.deepcopy(RESPONSE)
    del response["results"]["channels"][0]["alternatives"][0]["paragraphs"]
    assert parse(response).paragraphs == parse(RESPONSE).paragraphs


def test_a_response_of_no_words_is_one() -> None:
    found = parse({"results": {"channels": [{"alternatives": [{"transcript": "", "words": []}]}]}})
    assert (found.words, found.paragraphs, found.summary) == ((), (), "")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"results": None},
        {"results": {"channels": []}},
        {"results": {"channels": [{"alternatives": []}]}},
        {"results": {"channels": [{"alternatives": [{"words": "many"}]}]}},
        {"results": {"channels": [{"alternatives": [{"words": [{"word": "a", "start": "0", "end": 1}]}]}]}},
        {"results": {"channels": [{"alternatives": [{"words": [{"word": "a", "start": -1, "end": 1}]}]}]}},
        {"results": {"channels": [{"alternatives": [{"words": [{"word": "a", "start": float("nan"), "end": 1}]}]}]}},
        {"results": {"channels": [{"alternatives": [{"words": [{"word": 7, "start": 0, "end": 1}]}]}]}},
        {"results": {"channels": [{"alternatives": [{"paragraphs": {"paragraphs": [{"start": 0, "end": 1}]}}]}]}},
    ],
)
def test_what_is_not_of_the_shape_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(wrong)


def test_a_sentence_ends_with_its_full_stop() -> None:
    assert texts(spoken("One two. Three? Four! Five")) == ["One two.", "Three?", "Four!", "Five"]


def test_a_title_or_a_number_ends_none() -> None:
    assert texts(spoken("Ask Mr. Dashwood about e.g. this. Then go.")) == [
        "Ask Mr. Dashwood about e.g. this.",
        "Then go.",
    ]
    assert texts(spoken("He is a. small thing")) == ["He is a. small thing"]


def test_a_slow_reader_pauses_inside_a_sentence() -> None:
    assert texts(spoken("In a room | different from this")) == ["In a room different from this"]
    assert texts(spoken("In a room | | different from this")) == ["In a room", "different from this"]
    assert texts(spoken("In this regard, | It was")) == ["In this regard,", "It was"]


def test_a_pause_between_sentences_ends_a_paragraph() -> None:
    found = paragraphs(spoken("One two. Three four. | Five six."))
    assert [paragraph.text for paragraph in found] == ["One two. Three four.", "Five six."]
    assert [found[1].start_s, found[1].end_s] == pytest.approx([3.1, 3.86])


def test_a_long_paragraph_ends_with_its_sentence() -> None:
    found = paragraphs(spoken("This sentence is four. " * 60))
    lengths = [paragraph.end_s - paragraph.start_s for paragraph in found]
    assert len(found) == 3
    assert all(40 <= length <= 42 for length in lengths[:-1])


def test_words_without_a_full_stop_are_cut_all_the_same() -> None:
    found = paragraphs(spoken("word " * 600))
    assert all(paragraph.end_s - paragraph.start_s <= 80 for paragraph in found)
    assert sum(len(paragraph.text.split()) for paragraph in found) == 600


def test_no_words_make_no_paragraphs() -> None:
    assert paragraphs([]) == ()
