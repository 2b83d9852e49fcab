"""By how much faces followed words is taken away with the paragraphs that it moves."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from pypdf import PdfReader

from analytics import page
from analytics.exports import report, tables, words
from analytics.exports.material import Material
from analytics.tests.exported import material, room, spoken, unread
from analytics.tests.synthetic import audience, info, one_hot
from analytics.transcript import Paragraph

TIMES: Final = np.arange(0, 300, 0.2)


def late(dip_s: tuple[float, float] = (103, 123)) -> Material:
    """Five minutes with one sad stretch; the sixth paragraph is from 100 to 120 s."""
    sad = (dip_s[0] <= TIMES) & (dip_s[1] > TIMES)
    readings = audience(TIMES, np.where(sad[:, None], one_hot("Sad"), one_hot("Happy"))[:, None])
    said = spoken(*(f"Sentence number {row}." for row in range(15)))
    paragraphs = tuple(Paragraph(20.0 * k, 20.0 * k + 20, each.sentences) for k, each in enumerate(said.paragraphs))
    return material(readings, info=info(300.0), transcript=replace(said, paragraphs=paragraphs))


def rows(found: Material) -> list[dict[str, str]]:
    text = b"".join(tables.csv(tables.BY_NAME["paragraphs"], found)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def printed(found: Material) -> str:
    return " ".join(
        " ".join(each.extract_text() for each in PdfReader(io.BytesIO(report.written(found))).pages).split()
    )


@pytest.mark.parametrize(("dip_s", "lag_s"), [((103, 123), "3.0"), ((100, 100), "0.0")], ids=["late", "still"])
def test_table_report_and_readme_have_the_delay_that_the_page_has(dip_s: tuple[float, float], lag_s: str) -> None:
    found = late(dip_s)
    assert found.correlation is not None
    sentence = page.lag_sentence(found.correlation)
    assert {row["lag_s"] for row in rows(found)} == {lag_s}
    assert ("Faces followed the words by 3.0 s" in sentence) is (lag_s == "3.0")
    assert sentence in printed(found)
    assert sentence in " ".join(words.readme(found).split())


def test_where_nothing_could_be_compared_no_delay_is_spoken_of() -> None:
    short = material(room(100), info=info(20.0), transcript=spoken("Hello.", "Bye.", each_s=10.0))
    unseen = material(unread(room()), reads_expressions=False, transcript=spoken("Hello.", "Bye."))
    for found in (short, unseen):
        assert "delay of faces" not in words.readme(found)
        assert "delay of faces" not in printed(found)
    assert "lag_s" not in rows(unseen)[0]
