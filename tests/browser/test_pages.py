"""What the pages say and how they behave when something is in the way."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser import lecture
from tests.browser.conftest import HIGH, REFUSED, NewVisitor, assert_fits, at_dashboard, at_results, unfold
from tests.browser.planted import Planted

WIDTHS: Final = (390, 1280, 1920)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_complains_or_scrolls_sideways(scheme: str, width: int, visit: NewVisitor, analysed: Planted) -> None:
    """The fixture fails for any error in the console, and for any violation of the content policy."""
    page = visit(storage_state=analysed.cookies, color_scheme=scheme).page(analysed.url, width)
    at_dashboard(page)
    unfold(page)
    assert_fits(page, width)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(250, 249, 245)", "dark": "rgb(20, 23, 26)"}[scheme]


def test_no_page_before_the_results_does(visit: NewVisitor, server_folder: Path, empty_clip: Path) -> None:
    """With a recording whose analysis stands still. A theme changes no size."""
    visitor = visit()
    page = visitor.page()
    path = lecture.seed(page, server_folder / "data", empty_clip, "running")
    beside = visitor.page(f"{path}progress/")
    expect(beside.locator("[data-status=running]")).to_be_visible()
    for each, width in product((page, beside), WIDTHS):
        each.set_viewport_size({"width": width, "height": HIGH})
        assert_fits(each, width)


def test_a_file_that_is_no_video_gets_a_sentence_and_another_try(visit: NewVisitor, clip: Path, tmp_path: Path) -> None:
    visitor = visit()
    visitor.excuse(REFUSED)
    page = visitor.page()
    (tmp_path / "notes.mp4").write_text("not a film " * 1000)
    page.set_input_files("#file", tmp_path / "notes.mp4")
    page.check("input[value=product_demo]")
    page.click("#go")
    refusal = page.get_by_role("alert")
    expect(refusal).to_be_visible()
    expect(refusal).to_have_text(re.compile(r"^[A-Z].{20,}\.$"))
    expect(page.locator("input[value=product_demo]")).to_be_checked()
    page.set_input_files("#file", clip)
    expect(refusal).to_be_hidden()
    page.click("#go")
    at_results(page)
    expect(page.locator("#headline-title")).to_contain_text("product demo")


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit: NewVisitor, tmp_path: Path) -> None:
    page = visit().page()
    with (tmp_path / "long.mp4").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#file", tmp_path / "long.mp4")
    expect(page.get_by_role("alert")).to_have_text("long.mp4 has 65.0 MiB; the limit is 64 MiB.")
    page.click("#go")
    assert "POST" not in sent


def test_an_upload_shows_its_bytes_and_can_be_cancelled(visit: NewVisitor, tmp_path: Path) -> None:
    visitor = visit()
    page = visitor.page()
    (tmp_path / "slow.mp4").write_bytes(bytes(8 * 1024 * 1024))
    throttle = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1024 * 1024}
    visitor.context.new_cdp_session(page).send("Network.emulateNetworkConditions", throttle)
    page.set_input_files("#file", tmp_path / "slow.mp4")
    page.check("input[value=classroom]")
    page.click("#go")
    expect(page.locator("#sending-count")).to_have_text(re.compile(r"^[1-7]\.\d of 8\.0 MiB, \d+ %$"))
    page.get_by_role("button", name="Cancel upload").click()
    expect(page.locator("#sending")).to_be_hidden()
    expect(page.locator("#drop-title")).to_have_text("slow.mp4")
    expect(page.locator("input[value=classroom]")).to_be_checked()
    expect(page.locator("#go")).to_be_enabled()


def test_a_refusal_reaches_those_without_javascript(visit: NewVisitor, tmp_path: Path) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.excuse(REFUSED)
    page = visitor.page()
    (tmp_path / "notes.mp4").write_text("not a film " * 1000)
    page.set_input_files("#file", tmp_path / "notes.mp4")
    page.check("input[value=classroom]")
    with page.expect_navigation() as navigation:
        page.click("#go")
    assert 400 <= navigation.value.status < 500
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("input[value=classroom]")).to_be_checked()


def test_the_start_page_is_worked_with_the_keyboard_alone(visit: NewVisitor) -> None:
    page = visit().page()
    for name in (
        "Skip to content",
        "EngageAI",
        "Recording",
        "Webcam",
        "Theme",
        "webcam",
        "file",
        "purpose",
        "environment",
    ):
        page.keyboard.press("Tab")
        assert name in page.evaluate("document.activeElement.name || document.activeElement.innerText")
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[value=classroom]")).to_be_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "go"


def test_the_theme_is_kept_and_painted_from_the_first_frame(visit: NewVisitor) -> None:
    page = visit(color_scheme="light").page()
    switch = page.locator("[data-theme-switch]")
    switch.click()
    switch.click()
    expect(switch).to_contain_text("Dark")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert page.evaluate("document.querySelector('script').src").split("?")[0].endswith("theme.js")


def test_a_page_that_does_not_exist_says_so(visit: NewVisitor) -> None:
    visitor = visit()
    visitor.excuse(REFUSED)
    page = visitor.page("/nowhere/")
    expect(page.locator("h1")).to_have_text("Nothing here")
    page.get_by_role("link", name="Go to the start page").click()
    expect(page.locator("#drop")).to_be_visible()
