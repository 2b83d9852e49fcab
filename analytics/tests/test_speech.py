from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.speech import Speech, measure, shared


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_s: float
    end_s: float


def spoken(text: str, start_s: float = 0.0, word_s: float = 0.3) -> list[Word]:
    """One word after the other; every | is half a second of silence."""
    words, at_s = [], start_s
    for token in text.split():
        if token == "|":
            at_s += 0.5
        else:
            words.append(Word(token, at_s, at_s + word_s))
            at_s += word_s
    return words


def test_the_rate_counts_every_word_over_the_whole_span() -> None:
    found = measure(spoken("this is all | | | | what I said"), 0.0, 4.0)
    assert found.words == 6
    assert found.words_per_min == pytest.approx(90.0)


def test_a_pause_is_half_a_second_between_words_and_not_before_the_first_or_after_the_last() -> None:
    found = measure(spoken("| | one two | three | | four | |"), 0.0, 10.0)
    assert found.pauses == 2
    assert found.longest_pause_s == pytest.approx(1.0)


def test_a_gap_that_another_word_spans_is_no_pause() -> None:
    words = [Word("long", 0.0, 3.0), Word("short", 0.5, 0.7), Word("next", 3.1, 3.4)]
    assert measure(words, 0.0, 5.0).pauses == 0


def test_words_belong_where_their_middle_lies() -> None:
    words = [
        Word("before", 9.0, 10.4),
        Word("inside", 9.8, 10.4),
        Word("border", 19.8, 20.2),
        Word("after", 21.0, 22.0),
    ]
    told = shared(words, [(0.0, 10.0), (10.0, 20.0), (20.0, 30.0)])
    assert [[word.text for word in each] for each in told] == [["before"], ["inside"], ["border", "after"]]


def test_a_word_without_length_at_an_end_or_between_spans_is_not_lost() -> None:
    words = [Word("One", 0.0, 0.5), Word("two.", 0.5, 0.9), Word("End.", 0.9, 0.9), Word("Yes.", 3.0, 3.0)]
    told = shared(words, [(0.0, 0.9), (3.0, 3.0)])
    assert [[word.text for word in each] for each in told] == [["One", "two.", "End."], ["Yes."]]
    assert measure(told[0], 0.0, 0.9).words == 3
    assert measure(told[1], 3.0, 3.0) == Speech(1, None, 0, 0.0, {})


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=12),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=5),
)
def test_every_word_belongs_to_exactly_one_span(said: list[tuple[int, int]], begun: list[tuple[int, int]]) -> None:
    words = [Word(str(row), start_s, start_s + long_s) for row, (start_s, long_s) in enumerate(said)]
    told = shared(words, [(start_s, start_s + long_s) for start_s, long_s in begun])
    assert sorted(word.text for each in told for word in each) == sorted(word.text for word in words)
    assert shared(words, []) == []


def test_fillers_are_counted_whatever_their_punctuation_the_most_frequent_first() -> None:
    found = measure(spoken("Um, I think, um, that uh... You know, it is, I mean, sort of fine."), 0.0, 60.0)
    assert found.fillers == {"um": 2, "i mean": 1, "sort of": 1, "uh": 1, "you know": 1}
    assert next(iter(found.fillers)) == "um"


def test_words_that_mean_what_they_say_are_no_fillers() -> None:
    text = "Do you know what kind of bird this is? It is a sort of owl. So, well, what I mean is that I like it."
    assert measure(spoken(text), 0.0, 60.0).fillers == {}


def test_a_span_without_words_or_length_has_nothing_to_say() -> None:
    assert measure([], 0.0, 10.0) == Speech(0, 0.0, 0, 0.0, {})
    assert measure([], 0.3, 0.3) == Speech(0, None, 0, 0.0, {})


def test_characters_are_counted_where_words_have_no_spaces() -> None:
    found = measure(spoken("今天 我们 学习。"), 0.0, 3.0)
    assert (found.words, found.unit) == (6, "character")
    assert found.words_per_min == pytest.approx(120.0)
    assert measure(spoken("plain words"), 0.0, 3.0).unit == "word"
