"""The page of promises has every row, and each test that it names exists."""

from __future__ import annotations

import re

import pytest

from engageai.conftest import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (R\d+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)


def test_it_has_every_row_once() -> None:
    assert [row[0] for row in ROWS] == [f"R{number}" for number in range(1, 37)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_tests_of_a_row_exist(row: tuple[str, str, str, str]) -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", row[2])
    assert named
    for path, name in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name or 'test_'}", source, re.MULTILINE), f"{path}::{name}"


def test_each_row_has_a_figure_or_says_why_not() -> None:
    for number, _, _, measured in ROWS:
        assert re.search(r"\d|pending|dropped|changed", measured), number
