"""The small drawings beside numbers: their geometry is their numbers, and nothing is drawn of what is not known."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest

from analytics import scoring
from analytics.correlate import Comparison
from analytics.templatetags import strips

GENERAL = scoring.environment("general")
LOWER = Comparison(
    start_s=0.0,
    end_s=10.0,
    readings=50,
    coverage=1.0,
    distribution=(0.1, 0.2, 0.4, 0.25, 0.05),
    dominant="Neutral",
    score=2.8,
    low=2.6,
    high=3.0,
    difference=-0.5,
    p_value=0.001,
    adjusted_p=0.004,
    verdict="lower",
)
UNSEEN = Comparison(start_s=10.0, end_s=20.0, readings=0, coverage=0.02)


@dataclass(frozen=True, slots=True)
class Paragraph:
    comparison: Comparison


def numbers(svg: str, attribute: str) -> list[float]:
    return [float(value) for value in re.findall(rf' {attribute}="([\d.]+)"', svg)]


def test_the_shares_lie_end_to_end_over_the_whole_bar() -> None:
    svg = strips.shares_strip((0.1, 0.2, 0.4, 0.25, 0.05))
    widths = numbers(svg, "width")
    assert widths == [16.0, 32.0, 64.0, 40.0, 8.0]
    assert numbers(svg, "x") == [0.0, 16.0, 48.0, 112.0, 152.0]
    assert 'aria-label="Angry 10 %, Happy 20 %, Neutral 40 %, Sad 25 %, Surprise 5 %"' in svg


def test_a_score_stands_in_its_interval_and_left_of_a_rest_that_scored_more() -> None:
    svg = strips.score_strip(LOWER, GENERAL)
    (mark,) = numbers(svg, "cx")
    _, band = numbers(svg, "width")
    (left,) = numbers(svg, "x")
    (rest,) = numbers(svg, "x1")
    assert left < mark < left + band < rest < strips.WIDTH


def test_the_ends_of_the_scale_are_what_the_environment_can_give() -> None:
    ends = [min(GENERAL.values), max(GENERAL.values)]
    found = [numbers(strips.score_strip(replace(LOWER, score=end), GENERAL), "cx")[0] for end in ends]
    assert found == [strips.INSET, strips.WIDTH - strips.INSET]


def test_without_a_score_nothing_is_drawn() -> None:
    assert strips.score_strip(UNSEEN, GENERAL) == ""


def test_with_nothing_to_compare_with_there_is_no_tick() -> None:
    assert "strip-rest" not in strips.score_strip(replace(LOWER, difference=None), GENERAL)


@pytest.mark.parametrize(("difference", "shown"), [(-0.456, f"{strips.MINUS}0.46"), (0.4, "+0.40"), (-0.001, "0.00")])
def test_a_difference_says_its_direction(difference: float, shown: str) -> None:
    assert strips.signed(difference) == shown


@pytest.mark.parametrize(
    ("p_value", "shown"), [(0.0002, "< 0.001"), (0.0123, "= 0.012"), (0.61, "= 0.61"), (1.0, "= 1")]
)
def test_a_p_value_is_never_nothing(p_value: float, shown: str) -> None:
    assert strips.chance(p_value) == shown


def test_nobody_was_seen_only_where_every_paragraph_says_so() -> None:
    assert strips.nobody_seen([Paragraph(UNSEEN), Paragraph(UNSEEN)])
    assert not strips.nobody_seen([Paragraph(UNSEEN), Paragraph(LOWER)])
    assert not strips.nobody_seen([Paragraph(UNSEEN), Paragraph(Comparison(9.0, 9.8, readings=4, coverage=1.0))])
