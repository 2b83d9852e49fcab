"""The keyboard of the results page, and whom it leaves its keys."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.made_up import DIP_S, PEAK_S
from tests.browser.viewer.acts import NOW, VIDEO, moments

KEYS: Final = [
    ("ArrowRight", 305),
    ("ArrowLeft", 295),
    ("l", 310),
    ("j", 290),
    ("Shift+ArrowRight", 300.2),
    ("Shift+ArrowLeft", 299.8),
    ("0", 0),
    ("Home", 0),
    ("End", 600),
]


def test_keys_move_the_cursor(page: Page) -> None:
    page.locator("h1").click()
    for key, target_s in KEYS:
        page.evaluate("document.querySelector('video').currentTime = 300")
        page.wait_for_function(f"() => ({NOW})() === 300 && !document.querySelector('video').seeking")
        page.keyboard.press(key)
        page.wait_for_function(f"() => Math.abs(({NOW})() - {target_s}) < 0.06")
        assert page.evaluate(VIDEO) == pytest.approx(target_s, abs=0.06), key


def test_a_click_beside_everything_leaves_no_frame_around_the_page(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    shown = "() => { const node = document.activeElement; return [node.id, getComputedStyle(node).outlineStyle]; }"
    assert page.evaluate(shown) == ["main", "none"]
    page.keyboard.press("Tab")
    assert page.evaluate(shown)[1] == "solid"


def test_a_key_plays_and_pauses(page: Page) -> None:
    page.evaluate("document.querySelector('video').muted = true")
    for key in ("Space", "k"):
        before_s = page.evaluate(VIDEO)
        page.keyboard.press(key)
        expect(page.locator("[data-play]")).to_have_text("Pause")
        page.wait_for_function(f"(before_s) => ({VIDEO})() > before_s + 0.2", arg=before_s)
        page.keyboard.press(key)
        expect(page.locator("[data-play]")).to_have_text("Play")
        assert page.evaluate("document.querySelector('video').paused")


def test_brackets_lead_from_moment_to_moment(page: Page) -> None:
    moments(page)
    page.keyboard.press("]")
    assert page.evaluate(NOW) == pytest.approx(DIP_S[0], abs=4)
    expect(page.locator("[data-moments-spoken]")).to_contain_text("Dip at 3:")
    expect(page.locator(".found[aria-current]")).to_have_attribute("data-kind", "dip")
    page.keyboard.press("]")
    assert page.evaluate(NOW) == pytest.approx(PEAK_S[0], abs=4)
    page.keyboard.press("[")
    assert page.evaluate(NOW) == pytest.approx(DIP_S[0], abs=4)


def test_keys_are_left_to_whoever_has_the_focus(page: Page) -> None:
    page.evaluate("document.querySelector('video').currentTime = 300")
    page.wait_for_function(f"() => ({NOW})() === 300 && !document.querySelector('video').seeking")
    page.locator("[data-line=instant]").focus()
    for key in ("l", "ArrowRight", "0", "End"):
        page.keyboard.press(key)
    page.locator("h1").click()
    for key in ("Control+ArrowRight", "Alt+l", "Meta+0"):
        page.keyboard.press(key)
    assert page.evaluate(NOW) == 300
    page.locator("[data-line=instant]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-line=instant]")).not_to_be_checked()
    assert page.evaluate("document.querySelector('video').paused")
    page.locator("[data-slider]").press("ArrowRight")
    assert page.evaluate(NOW) == pytest.approx(301, abs=0.05)  # the slider's own step, and no other beside it


def test_the_question_mark_lists_the_keys_and_escape_closes_them(page: Page) -> None:
    expect(page.get_by_role("button", name="All keys")).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    before = page.evaluate(NOW)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(NOW) == before
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def single_keys(page: Page, *, on: bool) -> None:
    page.get_by_role("button", name="All keys").click()
    page.get_by_role("checkbox", name="Single keys").set_checked(on)
    page.get_by_role("button", name="Close").click()
    page.locator("h1").click()


def test_single_keys_can_be_switched_off_and_on_again(page: Page) -> None:
    page.evaluate("document.querySelector('video').muted = true")
    single_keys(page, on=False)
    assert page.evaluate("localStorage.getItem('engageai-single-keys')") == "off"
    before = page.evaluate(NOW)
    for key in ("k", "l", "0", "]", "+", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.querySelector('video').paused")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert page.evaluate(NOW) == before
    page.keyboard.press("ArrowRight")
    assert page.evaluate(NOW) == pytest.approx(before + 5, abs=0.06)
    page.keyboard.press("Space")
    expect(page.locator("[data-play]")).to_have_text("Pause")
    page.keyboard.press("Space")
    expect(page.locator("[data-play]")).to_have_text("Play")
    single_keys(page, on=True)
    page.keyboard.press("k")
    expect(page.locator("[data-play]")).to_have_text("Pause")
