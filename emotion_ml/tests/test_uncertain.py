"""A face that could show anything is not called anything, wherever a label is drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emotion_ml.labels import COLOURS, UNCERTAIN_BELOW
from emotion_ml.overlay import INK, LEFT_OUT, colour_of, label_of
from emotion_ml.types import Box, Face, LeftOut, Quality

SCRIPT = Path(__file__).resolve().parents[2] / "static" / "js" / "faces.js"


def face(*probabilities: float) -> Face:
    return Face(3, Box(0, 0, 90, 90), probabilities, Quality(90, 0.5, 0), LeftOut.USED)


def test_below_the_threshold_no_expression_is_named_nor_given_its_colour() -> None:
    unsure = face(0.1, 0.45, 0.4, 0.03, 0.02)
    assert label_of(unsure) == "#3 uncertain 45 %"
    assert colour_of(unsure) == LEFT_OUT


@pytest.mark.parametrize("share", [UNCERTAIN_BELOW, 0.8])
def test_from_the_threshold_on_it_is(share: float) -> None:
    sure = face(0, share, 1 - share, 0, 0) if share > 0.5 else face(0, share, 0.3, 0.2, 0)
    assert label_of(sure) == f"#3 Happy {100 * share:.0f} %"
    assert colour_of(sure) == tuple(bytes.fromhex(COLOURS["Happy"].removeprefix("#")))


def test_the_pages_draw_the_same_line() -> None:
    found = re.search(r"UNCERTAIN_BELOW = ([\d.]+);", SCRIPT.read_text())
    assert found is not None
    assert float(found[1]) == UNCERTAIN_BELOW


def test_a_label_is_dark_on_a_light_plate_whatever_it_says() -> None:
    """In the colours that analytics/tests/test_palette.py measures."""
    plates = [tuple(bytes.fromhex(colour.removeprefix("#"))) for colour in COLOURS.values()]
    assert INK == (0, 0, 0)
    assert min(min(sum(plate) for plate in plates), sum(LEFT_OUT)) > 3 * 128
