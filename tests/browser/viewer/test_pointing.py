"""Fingers, selections and colours of the system: what the page does with them."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.planted import Planted

TOUCHED = """([selector, kind, x_px = 0, y_px = 0]) => {
  const surface = document.querySelector(selector).parentElement;
  const { left, top, width } = surface.getBoundingClientRect();
  const [clientX, clientY] = [left + 0.7 * width + x_px, top + 60 + y_px];
  const at = { clientX, clientY, pointerId: 1, pointerType: "touch", bubbles: true };
  surface.setPointerCapture = () => {};
  surface.hasPointerCapture = () => kind === "pointermove";
  surface.dispatchEvent(new PointerEvent(kind, at));
}"""


def test_a_finger_that_scrolls_past_a_chart_moves_nothing_and_one_that_taps_does(page: Page) -> None:
    before = page.inner_text("[data-now-time]")
    page.evaluate(TOUCHED, ["[data-chart=series]", "pointerdown"])
    page.evaluate(TOUCHED, ["[data-chart=series]", "pointermove", 4, -30])
    page.evaluate(TOUCHED, ["[data-chart=series]", "pointercancel"])
    assert page.inner_text("[data-now-time]") == before
    page.evaluate(TOUCHED, ["[data-chart=series]", "click"])
    expect(page.locator("[data-now-time]")).not_to_have_text(before)
    tapped = page.inner_text("[data-now-time]")
    page.evaluate(TOUCHED, ["[data-chart=series]", "pointerdown"])
    page.evaluate(TOUCHED, ["[data-chart=series]", "pointermove", 40, 0])
    expect(page.locator("[data-now-time]")).not_to_have_text(tapped)


def test_a_word_that_is_selected_somewhere_takes_no_button_its_meaning(page: Page) -> None:
    button = page.locator(".found-time").last
    there = button.inner_text()
    page.evaluate("() => getSelection().selectAllChildren(document.querySelector('h1'))")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-now-time]")).to_have_text(there)


def test_the_explanation_leaves_the_page_its_keys(page: Page) -> None:
    page.locator("[data-why]").first.click()
    expect(page.locator("[data-why-panel]")).to_be_visible()
    page.locator("[data-why-panel] h2").focus()
    before = page.inner_text("[data-now-time]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-now-time]")).not_to_have_text(before)


def test_bars_lines_and_the_chosen_environment_show_in_forced_colours(
    open_page: Callable[..., Page], recording: Planted
) -> None:
    page = open_page(recording, forced_colors="active")
    bar = page.locator("[data-now-bar]").first
    bar.evaluate("(node) => (node.value = 0.5)")
    picture = Image.open(io.BytesIO(bar.screenshot())).convert("RGB")
    full, empty = (picture.getpixel((round(share * picture.width), picture.height // 2)) for share in (0.25, 0.75))
    assert full != empty
    chosen = page.locator(".switch [aria-current]").first
    assert chosen.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
    tones = page.locator("[data-chart=series]").evaluate(
        "(node) => new Set(node.data.map((each) => each.line.color)).size"
    )
    assert tones >= 3
