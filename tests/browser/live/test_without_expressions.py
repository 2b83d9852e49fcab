"""A webcam at work in the EU: faces are boxed and counted, no score is shown, and the results say why."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.live.conftest import after, until


def test_faces_are_counted_and_no_score_is_shown(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.select_option("#purpose", "eu")
    expect(page.locator("#kinds")).to_be_hidden()
    page.click("#go")
    expect(page.locator("#state-text")).to_have_text("Reading")
    after(page, 5)
    expect(page.locator("[data-attendance=now]")).to_have_text("1")
    until(lambda: page.inner_text("[data-attendance=recent]") in ("100 %", ">99 %"), page)
    expect(page.locator("#score")).to_be_hidden()
    expect(page.locator("#environments")).to_be_hidden()
    expect(page.locator("#attendance-chart")).to_be_visible()
    assert "ngagement" not in page.inner_text("#live")
    page.click("#stop")
    expect(page.get_by_role("heading", name="Why there is no score")).to_be_visible()
    expect(page.locator(".headline")).to_contain_text("At most 1 face at once")
    assert re.search(r"/recordings/", page.url)
