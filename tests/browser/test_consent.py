"""One question before a recording is read: no click for most, and a whole result for those whom a rule stops."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor, assert_fits, at_results


def result_of(page: Page) -> dict[str, Any]:
    url = re.sub(r"\?.*$", "", page.url) + "result.json"
    found: dict[str, Any] = page.request.get(url).json()
    return found


def test_whom_no_rule_stops_sees_no_rule_and_clicks_once(visit: NewVisitor, clip: Path) -> None:
    page = visit().page()
    expect(page.locator("#purpose")).to_have_value("private")
    expect(page.locator("#regulated")).to_be_hidden()
    page.set_input_files("#file", clip)
    page.click("#go")
    notice = result_of(at_results(page))["notice"]
    assert notice == {"purpose": "private", "exemption": None, "expressions": True}
    expect(page.locator("#facts-title + dl")).to_contain_text("Practice or private use")


def test_in_the_eu_at_work_the_rule_is_explained_and_one_click_is_enough(visit: NewVisitor, clip: Path) -> None:
    page = visit().page()
    page.select_option("#purpose", "eu")
    expect(page.locator("#regulated")).to_be_visible()
    expect(page.locator("#regulated")).to_contain_text("prohibited since 2 February 2025")
    assert page.locator("#regulated p").inner_text().count(". ") == 2, "three sentences"
    expect(page.get_by_label("Read without expressions")).to_be_checked()
    expect(page.locator("#environments")).to_be_hidden()
    page.set_input_files("#file", clip)
    page.click("#go")
    expect(at_results(page).get_by_role("heading", name="Why there is no score")).to_be_visible()
    expect(page.locator(".score-figure")).to_have_text("75 %")
    expect(page.locator("[data-chart=series] .main-svg").first).to_be_visible()
    expect(page.locator("[data-chart=lanes] canvas").first).to_be_visible()
    expect(page.locator("[data-now-faces]")).to_have_text("1 face")
    assert "ngagement" not in page.inner_text("main")
    assert set(result_of(page)["engagement"].values()) == {None}


def test_an_exemption_is_chosen_and_stands_beside_the_score(visit: NewVisitor, clip: Path) -> None:
    page = visit().page()
    page.select_option("#purpose", "eu")
    page.get_by_label("A safety purpose: read expressions").check()
    expect(page.locator("#environments")).to_be_visible()
    page.set_input_files("#file", clip)
    page.click("#go")
    assert result_of(at_results(page))["notice"] == {"purpose": "eu", "exemption": "safety", "expressions": True}
    expect(page.locator("#facts-title + dl")).to_contain_text("in the EU: a safety purpose")


def test_the_question_is_answered_by_keyboard_alone(visit: NewVisitor) -> None:
    page = visit().page()
    page.focus("#purpose")
    page.keyboard.press("End")
    expect(page.locator("#purpose")).to_have_value("eu")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Read without expressions")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("A medical purpose: read expressions")).to_be_checked()


def test_it_fits_a_phone(visit: NewVisitor) -> None:
    page = visit().page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.select_option("#purpose", "eu")
    for control in page.locator("#purpose-question :is(select, label.option)").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= 360
    assert_fits(page, 360)
