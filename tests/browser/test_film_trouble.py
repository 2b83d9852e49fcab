"""What is said of an annotated video that could not be asked for: the server's own words, for as long as it is so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewVisitor, at_dashboard
from tests.browser.planted import Planted

NO_ROOM: Final = "The disk of this machine is too full for another video. Nothing else is affected."
REFUSAL: Final = f'<html><body><div class="message"><h1>That did not work</h1><p>{NO_ROOM}</p></div></body></html>'
DRAWN: Final = '<div class="film" data-film="running" hx-get="%s" hx-trigger="every 100ms" hx-target="#film"></div>'
STOPPED: Final = '<div class="film" data-film="cancelled"><p>Stopped.</p></div>'
Answer = Callable[[Route], None]


@pytest.fixture
def page(visit: NewVisitor, analysed: Planted) -> Page:
    visitor = visit(storage_state=analysed.cookies)
    visitor.excuse("Failed to load resource|Response Status Error Code|htmx:")
    page = at_dashboard(visitor.page(analysed.url))
    expect(page.locator("#film-button")).to_be_visible()
    return page


def cut(route: Route) -> None:
    route.abort()


def refused(status: int, body: str = REFUSAL) -> Answer:
    return lambda route: route.fulfill(status=status, content_type="text/html", body=body)


def answer(page: Page, address: str, *answers: Answer) -> list[Answer]:
    """One after the other; the last until another takes its place."""
    left = list(answers)
    page.route(address, lambda route: (left.pop(0) if len(left) > 1 else left[0])(route))
    return left


@pytest.mark.parametrize("status", [429, 503, 507])
def test_a_refusal_is_told_in_the_server_s_words_until_it_is_over(status: int, page: Page) -> None:
    answer(page, "**/film/begin/", refused(status), refused(200, STOPPED))
    trouble = page.locator("[data-export-trouble]")
    page.locator("#film-button").click()
    expect(trouble).to_have_text(NO_ROOM)
    page.locator("#film-button").click()
    expect(page.locator("#film")).to_contain_text("Stopped.")
    expect(trouble).to_be_hidden()


def test_a_fault_without_words_is_called_one(page: Page) -> None:
    answer(page, "**/film/begin/", refused(502, ""))
    page.locator("#film-button").click()
    expect(page.locator("[data-export-trouble]")).to_have_text(
        "That did not work because of a fault on our side. Nothing else is affected."
    )


def test_only_what_asks_again_says_so(page: Page) -> None:
    url = page.locator("#film").get_attribute("hx-get")
    assert url is not None
    answer(page, "**/film/begin/", cut, refused(200, DRAWN % url))
    polls = answer(page, f"**{url}", cut)
    trouble = page.locator("[data-export-trouble]")
    page.locator("#film-button").click()
    expect(trouble).to_have_text("No connection to the server. Try again.")
    page.locator("#film-button").click()
    expect(trouble).to_have_text("No connection to the server. Trying again.")
    polls[:] = [refused(200, STOPPED)]
    expect(page.locator("#film")).to_contain_text("Stopped.")
    expect(trouble).to_be_hidden()
