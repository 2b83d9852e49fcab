"""Which passages of a talk are long enough to name a subject."""

from __future__ import annotations

import pytest

from analytics import scoring, timeline
from analytics.tests.synthetic import nobody
from analytics.transcript import Paragraph, Sentence
from engageai.scholarly.passages import by_attention


@pytest.mark.parametrize(
    ("said", "is_long"),
    [
        ("Eight words are no remark but a passage.", True),
        ("These are seven words, a short remark.", False),
        ("今天我们学习怎样让听众保持注意力。", True),
        ("谢谢大家。", False),
    ],
)
def test_words_count_or_letters_where_there_are_no_spaces(said: str, is_long: bool) -> None:
    paragraph = Paragraph(0.0, 9.0, (Sentence(said, 0.0, 9.0),))
    found = by_attention([paragraph], timeline.instants(nobody([])), scoring.environment("general"))
    assert [each.text for each in found] == ([said] if is_long else [])
