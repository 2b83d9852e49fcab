"""What is said of an interval that few faces make wide."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.page import about_interval
from analytics.results import headline
from analytics.scoring import environment
from analytics.tests.synthetic import audience, info, swinging


def told(numbers: int, swing: float) -> str:
    """Of a minute of one face under so many numbers, one after the other, whose second half differs by `swing`."""
    times = np.arange(300) / 5
    present = (np.arange(300) * numbers // 300)[:, None] == np.arange(numbers)
    shown = swinging((0.1 * np.sin(times) + swing * (times >= 30))[:, None])
    result = headline(audience(times, np.repeat(shown, numbers, axis=1), present), info(60.0))
    return about_interval(result, environment("product_demo"))


@pytest.mark.parametrize(("numbers", "is_explained"), [(1, False), (2, True), (3, True), (5, False)])
def test_a_wide_interval_of_few_faces_is_explained(numbers: int, is_explained: bool) -> None:
    assert told(numbers, 2.0).startswith(f"{numbers} faces say little") == is_explained


def test_a_narrow_interval_of_two_faces_needs_no_explanation() -> None:
    assert told(2, 0.1) == ""


def test_all_that_can_be_given_is_explained_by_two_faces_too() -> None:
    found = told(2, 4.0)
    assert found.startswith("The interval is all that this environment can give: ")
    assert "2 faces say little about how faces differ" in found
