"""Why 3.4? In a real browser: a panel that takes apart whatever number is asked about, and follows the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import NewVisitor, Visitor
from tests.browser.seeded import Stored, stored

READY_MS: Final = 30_000


@pytest.fixture(scope="module")
def recording(browser: Browser, origin: str, server_folder: Path) -> Iterator[Stored]:
    with stored(browser, origin, server_folder / "data", said=True) as found:
        yield found


@pytest.fixture
def visitor(visit: NewVisitor, recording: Stored) -> Visitor:
    return visit(storage_state=recording.cookies)


@pytest.fixture
def page(visitor: Visitor, recording: Stored) -> Page:
    return at_dashboard(visitor, recording)


def at_dashboard(visitor: Visitor, recording: Stored) -> Page:
    page = visitor.page(recording.url)
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)
    return page


def panel(page: Page) -> Locator:
    return page.locator("[data-why-panel]")


def ask_of_whole(page: Page) -> Locator:
    page.locator("#headline a[data-why]").click()
    expect(panel(page).locator(".why-score")).to_be_visible()
    return panel(page)


def numbers(cells: Locator) -> list[float]:
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in cells.all_inner_texts()]


def assert_adds_up(shown: Locator) -> float:
    score = float(shown.locator(".why-score b").inner_text())
    first, *others = shown.locator(".why-table").all()
    assert round(sum(numbers(first.locator("tbody td:last-child"))), 2) == score
    for table in others:
        average, *shifts, here = numbers(table.locator("tbody td:last-child"))
        assert round(average + sum(shifts), 2) == here == score
    return score


def test_the_headline_is_taken_apart_and_adds_up(page: Page) -> None:
    exact = float(page.locator("#headline .score-figure data").get_attribute("value") or "nan")
    shown = ask_of_whole(page)
    assert assert_adds_up(shown) == round(exact, 2)
    expect(shown.get_by_role("heading", name=f"Why {exact:.1f}?")).to_be_focused()
    expect(shown).to_contain_text(re.compile(r"\d blurred, [\d,]+ turned away"))
    expect(shown.get_by_role("img", name=re.compile(r"Angry .+: together"))).to_be_visible()
    expect(shown.locator("[data-why-spoken]")).to_have_text(re.compile(rf"^{exact:.2f} because "))


def test_it_is_opened_and_closed_from_the_keyboard(page: Page) -> None:
    link = page.locator("#headline a[data-why]")
    link.focus()
    page.keyboard.press("Enter")
    expect(panel(page).locator("#why-title")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(link).to_be_focused()


def go_on(page: Page, minutes: int) -> None:
    page.locator("[data-slider]").focus()
    for _ in range(6 * minutes):
        page.keyboard.press("PageUp")


def test_it_follows_the_cursor_and_says_what_the_line_says(page: Page) -> None:
    page.locator("a[data-why=now]").click()
    go_on(page, 2)
    for line, title in {"30s": "30 seconds", "60s": "1 minute", "cumulative": "Everything"}.items():
        panel(page).locator("select").select_option(line)
        expect(panel(page).locator(".why-answer > .small").first).to_contain_text(f"{title} up to 2:00")
        score = assert_adds_up(panel(page))
        assert float(page.locator(f"[data-readout='{line}']").inner_text()) == pytest.approx(score, abs=0.0501)
    go_on(page, 1)
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text("up to 3:00")
    assert_adds_up(panel(page))
    expect(page.locator("[data-slider]")).to_be_focused()


def test_it_stays_where_it_is_when_asked_to(page: Page) -> None:
    page.locator("a[data-why=now]").click()
    go_on(page, 1)
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text("up to 1:00")
    panel(page).get_by_label("Follow the cursor").uncheck()
    go_on(page, 1)
    page.wait_for_timeout(600)  # longer than it rests between two questions
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text("up to 1:00")


def test_a_click_on_the_line_explains_that_point(page: Page) -> None:
    surface = page.locator("[data-chart=series]").locator("..")
    surface.scroll_into_view_if_needed()
    area = surface.bounding_box()
    assert area is not None
    page.mouse.dblclick(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    expect(panel(page).locator(".why-score")).to_be_visible()
    panel(page).locator("select").select_option("reading")
    surface.click(position={"x": 200, "y": 100})
    slider_s = float(page.locator("[data-slider]").get_attribute("aria-valuenow") or "nan")
    clock = f"{int(slider_s // 60)}:{int(slider_s % 60):02}"
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text(f"The reading at {clock}")
    assert_adds_up(panel(page))


def test_a_paragraph_is_taken_apart_where_it_stands(page: Page) -> None:
    paragraph = page.locator(".paragraph").nth(4)
    paragraph.locator("a[data-why]").click()
    expect(panel(page)).to_contain_text("The paragraph from 1:41 to 2:03, read as a seminar audience")
    shown = float(paragraph.locator(".paragraph-score b").inner_text())
    assert assert_adds_up(panel(page)) == pytest.approx(shown, abs=0.0501)
    gone = page.locator(".paragraph").filter(has=page.locator("[data-verdict=unseen]"))
    expect(gone).not_to_have_count(0)
    expect(gone.locator("a[data-why]")).to_have_count(0)


def test_another_environment_takes_the_same_stretch_apart_anew(page: Page) -> None:
    ask_of_whole(page)
    page.get_by_role("link", name="Classroom").click()
    expect(panel(page)).to_contain_text("read as a classroom audience")
    exact = float(page.locator("#headline .score-figure data").get_attribute("value") or "nan")
    assert assert_adds_up(panel(page)) == round(exact, 2)


def test_any_stretch_can_be_asked_for_and_a_senseless_one_is_refused(page: Page, visitor: Visitor) -> None:
    ask_of_whole(page)
    panel(page).locator("select").select_option("span")
    panel(page).get_by_role("textbox", name="From").fill("1:05")
    panel(page).get_by_role("textbox", name="to").fill("2:30")
    panel(page).get_by_role("button", name="Explain").click()
    expect(panel(page)).to_contain_text("From 1:05 to 2:30")
    assert_adds_up(panel(page))
    panel(page).get_by_role("textbox", name="to").fill("0:30")
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("alert").filter(visible=True)).to_contain_text("A stretch ends after it begins")
    assert all("400" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


def test_where_nobody_was_to_be_seen_it_says_why_there_is_no_score(page: Page) -> None:
    ask_of_whole(page)
    panel(page).locator("select").select_option("span")
    panel(page).get_by_role("textbox", name="From").fill("7:05")
    panel(page).get_by_role("textbox", name="to").fill("7:35")
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("heading", name="Why no score?")).to_be_visible()
    expect(panel(page)).to_contain_text("no face was found")


def test_when_the_server_does_not_answer_it_can_be_asked_again(page: Page, visitor: Visitor) -> None:
    page.route("**/why/?*", lambda route: route.abort())
    page.locator("#headline a[data-why]").click()
    expect(panel(page).get_by_role("alert").filter(visible=True)).to_contain_text("could not be loaded")
    page.unroute("**/why/?*")
    panel(page).get_by_role("button", name="Try again").click()
    expect(panel(page).locator(".why-score")).to_be_visible()
    expect(panel(page).locator("[data-why-trouble]")).to_be_hidden()
    assert all("Failed to load" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_panel_fits_and_can_be_read_by_everybody(
    scheme: str, width: int, visit: NewVisitor, recording: Stored
) -> None:
    page = at_dashboard(visit(storage_state=recording.cookies, color_scheme=scheme), recording)
    page.set_viewport_size({"width": width, "height": 760})
    page.locator("a[data-why=now]").click()
    go_on(page, 2)
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text("up to 2:00")
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    assert panel(page).evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0
    found = Axe().run(page, context=".why")
    assert [each["id"] for each in found.response["violations"] if each["impact"] in ("serious", "critical")] == []
