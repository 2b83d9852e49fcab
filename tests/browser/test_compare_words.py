"""What the comparison tells of two results in its table and its words, where one of them has less to tell."""

from __future__ import annotations

from typing import Final

import numpy as np
from playwright.sync_api import FilePayload, Page, expect

from analytics.readings import Readings
from analytics.results import to_json
from analytics.tests.exported import material
from analytics.tests.synthetic import audience, dirichlet, info
from tests.browser.conftest import NewVisitor

DASH: Final = "\N{EN DASH}"


def people(seconds: float, fps: float = 5.0, seen_s: float = np.inf) -> Readings:
    times = np.arange(0, seconds, 1 / fps)
    return audience(times, dirichlet(len(times), 1), (times < seen_s)[:, None])


def compared(visit: NewVisitor, *pair: tuple[Readings, float]) -> Page:
    page = visit().page("/compare/")
    expect(page.locator("[data-compare][data-ready]")).to_be_visible()
    for side, (readings, seconds) in zip("AB", pair, strict=True):
        content = to_json(material(readings, info=info(seconds)).result)
        file: FilePayload = {"name": f"{side}.json", "mimeType": "application/json", "buffer": content}
        page.set_input_files(f"#file-{side}", file)
    expect(page.locator(".compare-line-b")).to_be_attached()
    return page


def test_the_table_ends_with_the_readings_of_the_shorter_one(visit: NewVisitor) -> None:
    """One that ends three seconds before a row of the table has nothing to say there."""
    page = compared(visit, (people(120.0), 120.0), (people(69.0), 69.0))
    cells = page.locator("[data-table] td").all_text_contents()
    dashes = [value == DASH for value in cells[1::3]]  # 12 s apart; nothing has been read for long enough at first
    assert dashes == [True, *[False] * 5, *[True] * 5]
    assert cells[-3] != DASH  # the longer one speaks to its end


def test_a_score_that_rests_on_too_little_is_said_to(visit: NewVisitor) -> None:
    page = compared(visit, (people(120.0), 120.0), (people(120.0, seen_s=12.0), 120.0))
    caution = page.locator("[data-caution]")
    expect(caution).to_have_text("B rests on 60 readings and 10 % of the time; its lines need 5 and 20 %.")


def test_readings_that_a_file_does_not_have_are_not_counted(visit: NewVisitor) -> None:
    page = compared(visit, (people(60.0), 60.0), (people(60.0, fps=1.0), 60.0))
    cells = page.locator("[data-settings] tr", has_text="Readings a second, measured").locator("td")
    expect(cells).to_have_text(["5.0", "1.0", ""])
    expect(page.locator("[data-settings] tr", has_text="Most readings a second").locator("td")).to_have_text(
        ["5", "5", ""]
    )
