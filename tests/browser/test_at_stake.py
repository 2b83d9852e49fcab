"""What would be lost by one click is asked about, wherever work goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_ml.tests import clips
from tests.browser.conftest import NewVisitor, assert_fits

SLOW_UPLOAD = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}


def asked(page: Page, link: str, title: str) -> None:
    page.locator("header").get_by_role("link", name=link, exact=True).click()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of an empty room."""
    look = clips.Look(width=640, height=480)
    return clips.write(
        tmp_path_factory.mktemp("clips") / f"{'a_very_long_name_' * 6}.mp4", clips.steady(30, 60.0), look
    )


def test_whoever_leaves_an_analysis_is_asked_and_may_mean_it(visit: NewVisitor, slow_clip: Path) -> None:
    page = visit().page(width=320)
    page.set_input_files("#file", slow_clip)
    page.click("#go")
    expect(page.locator("#job-stop")).to_be_visible()
    expect(page.locator("#job")).to_contain_text("Keep this page open")
    assert_fits(page, 320)
    asked(page, "Recording", "Leave while it is being analysed?")
    assert_fits(page, 320)
    page.get_by_role("button", name="Stay").click()
    asked(page, "Webcam", "Leave while it is being analysed?")
    page.get_by_role("link", name="Leave and wipe").click()
    expect(page).to_have_url(re.compile("/live/$"))
    expect(page.locator("#receipt")).to_be_visible()


def test_whoever_leaves_an_upload_is_asked(visit: NewVisitor, tmp_path: Path) -> None:
    visitor = visit()
    page = visitor.page()
    network = visitor.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW_UPLOAD)
    (tmp_path / "slow.mp4").write_bytes(bytes(4 * 1024 * 1024))
    page.set_input_files("#file", tmp_path / "slow.mp4")
    page.click("#go")
    expect(page.locator("#sending")).to_be_visible()
    asked(page, "Webcam", "Leave while it is being uploaded?")
    page.keyboard.press("Escape")
    page.click("#sending-cancel")
    page.locator("header").get_by_role("link", name="Webcam", exact=True).click()
    expect(page).to_have_url(re.compile("/live/$"))


@pytest.mark.parametrize("path", ["/", "/live/", "/compare/"])
def test_pages_fit_a_narrow_window_of_400_percent(visit: NewVisitor, path: str) -> None:
    assert_fits(visit().page(path, width=320), 320)
