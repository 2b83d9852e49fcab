"""Numbers at the cursor and in the table are those of that moment, also where not every reading is drawn."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.viewer.acts import NOW, click_at

RESULT: Final = "(url) => fetch(url).then((answer) => answer.json())"
NAMES: Final = ("30s", "60s", "cumulative", "instant")
DASH: Final = "\N{EN DASH}"


@pytest.fixture
def known(page: Page) -> dict[str, list[float | None]]:
    """Every line of the recording, as it is taken away; a reading every 0.2 s."""
    result: dict[str, Any] = page.evaluate(RESULT, page.url.split("?")[0] + "result.json")
    environment = page.locator("[data-dashboard]").get_attribute("data-environment-now")
    instant = [each["engagement"] and each["engagement"][environment] for each in result["series"]]
    return {**result["rolling"][environment], "instant": instant}


def written(value: float | None, decimals: int) -> str:
    return DASH if value is None else f"{value:.{decimals}f}"


def is_shown(shown: str, value: float | None, decimals: int) -> bool:
    """A script and Python may round a value in the middle to either side."""
    return shown == written(value, decimals) or (
        value is not None and abs(float(shown) - value) <= 0.5 * 10**-decimals + 1e-4
    )


def test_the_cursor_reads_out_its_own_moment(page: Page, known: dict[str, list[float | None]]) -> None:
    instant = page.locator("[data-readout='instant']")
    assert is_shown(instant.inner_text(), known["instant"][0], 1)
    click_at(page, "series", 0.5)
    expect(instant).not_to_have_text(DASH)
    differing = 0
    for share in (0.1, 0.2303, 0.377, 0.512, 0.681, 0.8437, 0.95):
        click_at(page, "series", share)
        at = int(page.evaluate(NOW) * 5 + 1e-4)
        for name in NAMES:
            shown = page.locator(f"[data-readout='{name}']").inner_text()
            assert is_shown(shown, known[name][at], 1), (share, name)
        differing += len({written(value, 1) for value in known["instant"][at - 2 : at + 3]}) > 1
    assert differing > 3  # its neighbours say something else


def test_the_table_and_its_sentence_are_of_all_readings(page: Page, known: dict[str, list[float | None]]) -> None:
    page.get_by_text("The lines as a table").click()
    expect(page.locator("[data-line-table] tbody tr").last.locator("td").first).not_to_have_text(DASH)
    for row, text in enumerate(page.locator("[data-line-table] tbody tr").all_inner_texts()):
        at = min(10 * 5 * row, len(known["30s"]) - 1)  # ten seconds apart
        for name, shown in zip(NAMES, text.split()[1:], strict=False):
            assert is_shown(shown, known[name][at], 2), (row, name)
    line = [value for value in known["30s"] if value is not None]
    told = re.findall(r"\d\.\d\d", page.locator("[data-line-summary]").inner_text())
    for shown, value in zip(told, (line[0], max(line), min(line), line[-1]), strict=True):
        assert is_shown(shown, value, 2)
