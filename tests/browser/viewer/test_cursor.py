"""One cursor for the video, the charts, the words and the moments, by mouse, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import HIGH, NewVisitor, assert_fits, at_dashboard
from tests.browser.made_up import DIP_S
from tests.browser.planted import Planted, planted
from tests.browser.viewer.acts import EXACT, NOW, PLAYED, VIDEO, assert_all_at, click_at, cursors, moments, surface

SMALL: Final = """
(all) => all.filter((each) => each.offsetParent && Math.min(each.offsetHeight, each.offsetWidth) < 24)
  .map((each) => each.outerHTML)
"""


@pytest.mark.parametrize("chart", ["series", "lanes"])
def test_a_click_on_a_chart_moves_everything_there(chart: str, page: Page) -> None:
    expect(page.locator(".paragraph").first).to_be_visible()
    click_at(page, chart, 0.505)
    assert_all_at(page, 303.0)


def test_dragging_over_the_lanes_drags_everything_along(page: Page) -> None:
    expect(page.locator(".paragraph").first).to_be_visible()
    moments(page)  # whatever comes above the lanes and moves them is there
    lanes = surface(page, "lanes")
    lanes.scroll_into_view_if_needed()
    area = lanes.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + 30)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + 30, steps=5)
    page.mouse.up()
    at_s = page.evaluate(NOW)
    assert 0.5 * 600 < at_s < 0.65 * 600
    assert_all_at(page, at_s)


def test_a_paragraph_and_a_moment_lead_there_too(page: Page) -> None:
    expect(page.locator(".paragraph").nth(12)).to_be_attached()
    page.locator(".paragraph-time").nth(12).click()
    assert_all_at(page, 120.0)
    moments(page).first.locator(".found-time").click()
    assert_all_at(page, DIP_S[0], within_s=4)


def test_the_cursor_moves_with_every_frame_and_plotly_draws_nothing(page: Page) -> None:
    """Its share of the frames does not depend on how busy the machine is."""
    told = page.evaluate(PLAYED, 2)
    assert told["moves"] >= 0.8 * told["frames"] >= 8
    assert told["drawn"] == 0


def test_a_zoomed_chart_shows_exact_values_and_keeps_the_cursor_right(page: Page) -> None:
    click_at(page, "series", 0.5)
    count = "(node) => node.data.find((trace) => trace.meta.line === '60s' && !trace.line.dash).x.length"
    few = page.locator("[data-chart=series]").evaluate(count)
    for _ in range(3):
        page.locator("[data-zoom=in]").click()
    page.wait_for_function(f"() => {{ const [a, b] = ({EXACT})(); return Math.abs(b - a - 75) < 0.1; }}")
    from_s, to_s = page.evaluate(EXACT)
    assert from_s < 300 < to_s
    times = page.locator("[data-chart=series]").evaluate(
        "(node) => node.data.find((trace) => trace.meta.line === '60s').x"
    )
    assert max(np.diff(times)) == pytest.approx(0.2, abs=0.01)  # every reading, where every third was drawn
    assert few < 1201
    click_at(page, "series", 0.25)
    page.wait_for_function("() => !document.querySelector('video').seeking")
    assert page.evaluate(VIDEO) == pytest.approx(from_s + 0.25 * 75, abs=0.3)
    series, lanes = cursors(page)
    assert series == pytest.approx(lanes, abs=0.6)
    page.keyboard.press("0")  # outside of what is shown: what is shown follows
    page.wait_for_function("() => document.querySelector('[data-chart=series]').layout.xaxis.range[0] === 0")
    page.locator("[data-zoom=whole]").click()
    page.wait_for_function("() => document.querySelector('[data-chart=series]').layout.xaxis.range[1] === 600")
    click_at(page, "series", 0.75)
    assert page.evaluate(NOW) == pytest.approx(450, abs=1)


def test_a_measurement_without_video_has_a_cursor_that_plays(
    open_page: Callable[..., Page], browser: Browser, origin: str, server_folder: Path
) -> None:
    with planted(browser, origin, server_folder / "data", minutes=2, faces=2, video=None, live=True) as made:
        page = open_page(made)
        click_at(page, "series", 0.5)
        assert page.evaluate(NOW) == pytest.approx(60, abs=0.5)
        page.keyboard.press("Shift+ArrowRight")
        page.wait_for_function(f"() => Math.abs(({NOW})() - 60.2) < 0.25")
        expect(page.locator("[data-now-faces]")).to_contain_text("face")
        told = page.evaluate(PLAYED, 1)
        assert told["moves"] >= 0.8 * told["frames"] > 0
        assert told["drawn"] == 0
        assert page.evaluate(NOW) > 60.4
        page.keyboard.press("End")
        assert page.evaluate(NOW) == pytest.approx(120)


@pytest.mark.parametrize("what", ["**/figures/*.json*", "**/plotly.min.js*"], ids=["figures", "plotly"])
def test_charts_that_do_not_come_say_so_and_can_be_asked_for_again(
    what: str, visit: NewVisitor, recording: Planted
) -> None:
    visitor = visit(storage_state=recording.cookies)
    visitor.excuse("ERR_FAILED")
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    visitor.context.route(what, refuse)
    page = visitor.page(recording.url)
    expect(page.locator("[data-trouble]")).to_be_visible()
    assert refused
    assert page.locator(".score-figure").inner_text() != ""
    expect(page.locator(".paragraph").first).to_be_visible()  # the words come all the same
    visitor.context.unroute(what)
    page.locator("[data-again]").click()
    at_dashboard(page)
    expect(page.locator("[data-trouble]")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_fits_the_page(scheme: str, open_page: Callable[..., Page], recording: Planted) -> None:
    page = open_page(recording, color_scheme=scheme)
    moments(page)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": HIGH})
        page.locator("[data-zoom=in]").click()
        assert_fits(page, width)
        assert page.locator(".watch button, .moments button").evaluate_all(SMALL) == []
