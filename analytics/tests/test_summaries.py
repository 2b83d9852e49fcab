"""Each chart in one sentence: what it says is what result.json holds, and nothing where there is nothing."""

from __future__ import annotations

from typing import Any

from analytics.templatetags.summaries import drivers_in_words, environments_in_words, shares_in_words


def bands(**scores: tuple[float, float, float]) -> dict[str, Any]:
    return {
        "engagement": {name: {"low": low, "score": score, "high": high} for name, (low, score, high) in scores.items()}
    }


def test_the_highest_and_the_lowest_environment_are_named_with_their_scores() -> None:
    result = bands(classroom=(2.0, 2.2, 2.4), product_demo=(3.9, 4.0, 4.1), seminar=(3.0, 3.2, 3.4))
    assert environments_in_words(result) == (
        "On the scale from 1 to 5, highest as a product demo audience with 4.00, lowest as a classroom audience with "
        "2.20; their intervals do not overlap."
    )
    assert environments_in_words(bands(classroom=(2.0, 3.0, 4.0), seminar=(2.5, 3.1, 3.5))).endswith(
        "their intervals overlap."
    )


def test_without_a_score_nothing_is_said() -> None:
    nothing = {"engagement": {"seminar": None}, "distribution": None, "decomposition": {"seminar": None}}
    assert environments_in_words(nothing) == ""
    assert shares_in_words(nothing) == ""
    assert drivers_in_words(nothing, "seminar") == ""


def test_shares_and_parts_stand_largest_first() -> None:
    result = {
        "distribution": {"Angry": 0.1, "Happy": 0.596, "Sad": 0.304},
        "decomposition": {"seminar": {"Angry": 0.3, "Happy": 2.384, "Sad": 0.608}},
        "engagement": {"seminar": {"score": 3.292}},
    }
    assert shares_in_words(result) == "Happy 60 %, Sad 30 %, Angry 10 %."
    assert drivers_in_words(result, "seminar") == "Happy adds most to it, 2.38; Sad 0.61, Angry 0.30."
