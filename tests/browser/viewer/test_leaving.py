"""Leaving results for a new session, which wipes them: nobody does it by one click that was meant otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewVisitor, assert_fits, at_dashboard
from tests.browser.planted import Planted, planted


def asks(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("dialog", name="Leave these results?")).to_be_visible()


@pytest.mark.parametrize("name", ["New recording", "Recording", "Webcam", "EngageAI"])
def test_whoever_leaves_results_is_asked_and_may_stay(name: str, page: Page, recording: Planted) -> None:
    asks(page, name)
    expect(page.get_by_role("button", name="Stay")).to_be_focused()
    page.keyboard.press("Escape")
    asks(page, name)
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_role("dialog", name="Leave these results?")).to_be_hidden()
    assert page.url.split("?")[0].endswith(recording.url.split("?")[0])


def test_the_files_are_one_click_away(page: Page) -> None:
    asks(page, "New recording")
    page.get_by_role("link", name="Take it away first").click()
    expect(page.locator("#exports")).to_be_in_viewport()


def test_it_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    asks(page, "New recording")
    assert_fits(page, 360)


def test_whoever_means_it_begins_anew(visit: NewVisitor, browser: Browser, origin: str, server_folder: Path) -> None:
    with planted(browser, origin, server_folder / "data", minutes=2, faces=1, video=None, live=True) as made:
        page = at_dashboard(visit(storage_state=made.cookies).page(made.url))
        asks(page, "Webcam")
        page.get_by_role("link", name="Leave and wipe").click()
        expect(page).to_have_url(re.compile("/live/$"))
