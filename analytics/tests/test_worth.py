"""What an expression is worth is written in full, and the same wherever it stands beside its share."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Final

from django.template.loader import render_to_string
from pypdf import PdfReader

from analytics import because, explain, page
from analytics.exports import report
from analytics.scoring import environment
from analytics.tests.exported import material

FINE: Final = replace(environment("seminar"), values=(1.0, 3.25, 4.0, 2.75, 3.333))
"""An environment of somebody who judges by hundredths."""
WRITTEN: Final = ["1.0", "3.25", "4.0", "2.75", "3.333"]


def test_page_report_and_explanation_write_what_an_expression_is_worth_alike() -> None:
    made = material()
    made = replace(made, label=replace(made.label, environment=FINE))
    shares = page.shares(made.result, FINE)
    assert [row.worth for row in shares] == WRITTEN
    choice = page.Choice("seminar", "Seminar", "", "", "")
    table = render_to_string("analytics/_shares.html", {"shares": shares, "result": made.result, "chosen": choice})
    stretch = explain.whole(made.instants, 120.0)
    found = because.answer(explain.explain(made.readings, made.instants, stretch, FINE))
    assert [row.worth for row in found.rows] == WRITTEN
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(report.written(made))).pages)
    for value in WRITTEN:
        assert f'<td class="num">{value}</td>' in table
        assert f" {value} " in text.replace("\n", " ")
