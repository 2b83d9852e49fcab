"""What to read next, when it does not come: that is said, nothing stale stays, and it can be tried again."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewVisitor, at_dashboard, at_what_to_read
from tests.browser.planted import Planted

TOO_OFTEN: Final = "Too many searches for something to read in a short time. Try again in 5 minutes."
REFUSAL: Final = f'<html><body><div class="message"><h1>One moment</h1><p>{TOO_OFTEN}</p></div></body></html>'
PENDING: Final = """<section id="resources" data-read-as="seminar" hx-get="%s" hx-trigger="load" hx-swap="outerHTML">
<h2>What to read next</h2><p>Links. <span data-next-pending>Papers are being looked for.</span></p></section>"""


@pytest.fixture
def page(visit: NewVisitor, waves: Planted) -> Page:
    visitor = visit(storage_state=waves.cookies)
    visitor.excuse("Failed to load resource|Response Status Error Code|htmx:")
    return at_dashboard(visitor.page(waves.url))


def asked(page: Page) -> str:
    """Where it is asked for."""
    expect(page.locator("#next")).to_be_visible()
    return str(page.get_attribute("#next", "data-url"))


def in_sight(page: Page) -> Locator:
    page.locator("#next").scroll_into_view_if_needed()
    notice = page.locator("[data-next-trouble]")
    expect(notice).to_be_visible()
    return notice


def test_what_did_not_come_is_said_and_can_be_tried_again(page: Page) -> None:
    page.route(f"**{asked(page)}*", lambda route: route.abort(), times=1)
    notice = in_sight(page)
    expect(notice).to_contain_text("could not be loaded")
    expect(page.get_by_text("Looking for what to read next")).to_have_count(0)
    notice.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="What to read next")).to_be_visible()
    expect(notice).to_be_hidden()


def test_a_refusal_is_told_in_the_server_s_words(page: Page) -> None:
    page.route(
        f"**{asked(page)}*", lambda route: route.fulfill(status=429, content_type="text/html", body=REFUSAL), times=1
    )
    expect(in_sight(page)).to_contain_text(TOO_OFTEN)


def test_nothing_of_another_environment_stays(page: Page) -> None:
    place = at_what_to_read(page)
    page.route(f"**{asked(page)}*", lambda route: route.fulfill(status=502))
    page.locator("[data-environment=classroom]").click()
    expect(in_sight(page)).to_contain_text("could not be loaded")
    expect(place.get_by_role("heading", name="What to read next")).to_have_count(0)


def test_papers_that_do_not_come_are_not_waited_for(page: Page) -> None:
    """The list without them stays."""
    url = asked(page)
    answers = [PENDING % f"{url}?environment=seminar", ""]
    page.route(
        f"**{url}*",
        lambda route: route.fulfill(body=body) if (body := answers.pop(0)) else route.fulfill(status=500),
        times=2,
    )
    expect(in_sight(page)).to_contain_text("could not be loaded")
    expect(page.locator("#next-place")).to_have_text(re.compile("What to read next.*Links", re.DOTALL))
    expect(page.get_by_text("Papers are being looked for")).to_have_count(0)
