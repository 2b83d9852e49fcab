"""Why 3.4? In a real browser: a panel that takes apart whatever number is asked about, and follows the cursor."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewVisitor, Visitor, assert_fits, assert_open_to_everybody, at_dashboard
from tests.browser.planted import Planted


@pytest.fixture
def visitor(visit: NewVisitor, waves: Planted) -> Visitor:
    return visit(storage_state=waves.cookies)


@pytest.fixture
def page(visitor: Visitor, waves: Planted) -> Page:
    return at_dashboard(visitor.page(waves.url))


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
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text("up to 2:00")
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
    surface.dblclick()
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
    expect(panel(page)).to_contain_text("The paragraph from 1:40 to 2:04, read as a seminar audience")
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
    visitor.excuse("status of 400")
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


def test_where_nobody_was_to_be_seen_it_says_why_there_is_no_score(page: Page) -> None:
    ask_of_whole(page)
    panel(page).locator("select").select_option("span")
    panel(page).get_by_role("textbox", name="From").fill("7:05")
    panel(page).get_by_role("textbox", name="to").fill("7:35")
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("heading", name="Why no score?")).to_be_visible()
    expect(panel(page)).to_contain_text("no face was found")


def test_when_the_server_does_not_answer_it_can_be_asked_again(page: Page, visitor: Visitor) -> None:
    visitor.excuse("Failed to load")
    page.route("**/why/?*", lambda route: route.abort())
    page.locator("#headline a[data-why]").click()
    expect(panel(page).get_by_role("alert").filter(visible=True)).to_contain_text("could not be loaded")
    page.unroute("**/why/?*")
    panel(page).get_by_role("button", name="Try again").click()
    expect(panel(page).locator(".why-score")).to_be_visible()
    expect(panel(page).locator("[data-why-trouble]")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_fits_and_can_be_read_by_everybody(scheme: str, visit: NewVisitor, waves: Planted) -> None:
    page = at_dashboard(visit(storage_state=waves.cookies, color_scheme=scheme).page(waves.url))
    page.locator("a[data-why=now]").click()
    go_on(page, 2)
    expect(panel(page).locator(".why-answer > .small").first).to_contain_text("up to 2:00")
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 760})
        assert_fits(page, width)
        assert panel(page).evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0
        assert_open_to_everybody(page, ".why")
