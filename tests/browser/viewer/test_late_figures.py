"""Figures that take their time: whoever zooms or chooses meanwhile still gets the numbers of one setting, and all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewVisitor, at_dashboard
from tests.browser.planted import Planted
from tests.browser.viewer.acts import EXACT

FIGURES = "**/figures/*.json*"
SHOWN = "() => document.querySelector('[data-chart=series]').layout?.xaxis.range"


class Held:
    """Answers to what matches FIGURES wait until they are let go."""

    def __init__(self, page: Page) -> None:
        self.urls: list[str] = []
        self._waiting: list[Route] | None = []
        page.route(FIGURES, lambda route: self._take(route))

    def _take(self, route: Route) -> None:
        self.urls.append(route.request.url)
        if self._waiting is None:
            route.continue_()
        else:
            self._waiting.append(route)

    def let_go(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for route in waiting:
            route.continue_()


def test_a_zoom_before_the_figures_came_shows_them_when_they_come(visit: NewVisitor, recording: Planted) -> None:
    visitor = visit(storage_state=recording.cookies)
    page = visitor.context.new_page()
    held = Held(page)
    page.goto(recording.url)
    page.wait_for_function("() => document.querySelector('[data-zoom=in]').ariaDisabled === 'false'")
    for _ in range(2):
        page.locator("[data-zoom=in]").click()
    page.wait_for_timeout(400)  # longer than a zoom rests before it asks
    held.let_go()
    at_dashboard(page)
    page.wait_for_function(f"() => {{ const [a, b] = ({EXACT})(); return Math.abs(b - a - 150) < 0.1; }}")
    expect(page.locator("[data-trouble]")).to_be_hidden()


def test_a_zoom_while_a_setting_is_on_its_way_does_not_stop_it(page: Page) -> None:
    held = Held(page)
    page.locator("[data-environment=classroom]").click()
    for _ in range(2):
        page.locator("[data-zoom=in]").click()
    page.wait_for_timeout(400)
    held.let_go()
    expect(page.locator("[data-environment=classroom]")).to_have_attribute("aria-current", "true")
    page.wait_for_function(f"() => {{ const [a, b] = ({EXACT})(); return Math.abs(b - a - 150) < 0.1; }}")
    assert all("classroom" in url for url in held.urls), held.urls
    from_s, to_s = page.evaluate(SHOWN)
    assert to_s - from_s == pytest.approx(150, abs=1)
