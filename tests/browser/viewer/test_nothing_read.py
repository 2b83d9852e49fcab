"""Where nothing was read, the page has no value to tell: neither at its cursor nor in its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.planted import Planted, planted
from tests.browser.viewer.acts import EXACT, NOW, click_at

MINUTES: Final = 10
DASH: Final = "\N{EN DASH}"


@pytest.fixture(scope="module")
def recording(browser: Browser, origin: str, server_folder: Path) -> Iterator[Planted]:
    data = server_folder / "data"
    with planted(browser, origin, data, minutes=MINUTES, faces=1, readings="cut_short", paragraph_s=0) as made:
        yield made


@pytest.fixture
def page(open_page: Callable[..., Page], recording: Planted) -> Page:
    """Whose exact numbers have come: they are asked for when the first is needed."""
    page = open_page(recording)
    click_at(page, "series", 50 / 60 / MINUTES)
    expect(page.locator("[data-readout='instant']")).not_to_have_text(DASH)
    return page


def told(page: Page) -> list[str]:
    names = ("30s", "60s", "cumulative", "instant")
    return [page.locator(f"[data-readout='{name}']").inner_text() for name in names]


def move_to(page: Page, t_s: float) -> list[str]:
    """What the cursor reads out there."""
    click_at(page, "series", t_s / 60 / MINUTES)
    assert page.evaluate(NOW) == pytest.approx(t_s, abs=2)
    return told(page)


def test_the_cursor_tells_nothing_in_a_hole_or_after_the_end_of_what_was_read(page: Page) -> None:
    for t_s, is_read in ((50, True), (70, False), (110, False), (200, True), (310, False), (590, False)):
        found = move_to(page, t_s)
        assert DASH not in found if is_read else found == [DASH] * 4, t_s


def test_the_panel_says_that_nothing_was_read_and_not_that_nobody_was_there(page: Page) -> None:
    faces = page.locator("[data-now-faces]")
    for t_s, said in ((50, "1 face"), (70, "Nothing was read here"), (200, "1 face"), (590, "Nothing was read here")):
        move_to(page, t_s)
        expect(faces).to_have_text(said)
    page.keyboard.press("Home")
    expect(faces).to_have_text("1 face")


def test_the_table_has_a_dash_there(page: Page) -> None:
    page.get_by_text("The lines as a table").click()
    rows = page.locator("[data-line-table] tbody tr")
    expect(rows).to_have_count(61)  # ten seconds apart
    empty = [row for row, text in enumerate(rows.all_inner_texts()) if text.split()[1:] == [DASH] * 3]
    assert [10 * row for row in empty] == [0, *range(70, 120, 10), *range(310, 601, 10)]


def test_what_lies_outside_the_part_in_view_is_told_as_before(page: Page) -> None:
    """The exact values of a part say nothing of the rest."""
    before = move_to(page, 50)
    for _ in range(3):
        page.keyboard.press("+")
    page.wait_for_function(f"() => {{ const [a, b] = ({EXACT})(); return Math.abs(b - a - 75) < 1; }}")
    page.locator("[data-zoom-place]").fill("450")
    page.wait_for_function(f"() => ({EXACT})()[0] > 400")
    page.locator("[data-chart=series]").hover()
    page.mouse.move(0, 0)
    assert told(page) == before
