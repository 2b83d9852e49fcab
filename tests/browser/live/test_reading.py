"""From consent to the dashboard: what the page shows is what the camera saw and what the server read of it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.live.conftest import (
    FACE_AT,
    FACE_PX,
    FACE_TOP,
    HEIGHT,
    MARK_AT,
    MARK_PX,
    READY_MS,
    SWAY_PX,
    WIDTH,
    after,
    begun,
    number,
    until,
)

REFUSED: Final = re.compile(r"Failed to load resource: the server responded with a status of 404|WebSocket connection")
READINGS: Final = "() => JSON.parse(document.querySelector('#picture').dataset.faces ?? '[]')"
BOX_AND_MARK: Final = """() => {
  const canvas = document.querySelector("#picture");
  const [face] = JSON.parse(canvas.dataset.faces ?? "[]");
  if (!face) return null;
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0, count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 1] > 180 && data[at] < 90 && data[at + 2] < 90) { sum += (at / 4) % width; count += 1; }
  }
  const shown = canvas.clientWidth / 640;
  const [left, top, wide, high] = face.box.map((value) => value / shown);
  return count ? { x: left + wide / 2, y: top + high / 2, wide, mark: sum / count / shown } : null;
}"""


def points(page: Page) -> int:
    return int(page.get_attribute("#chart", "data-points") or 0)


def test_a_face_is_read_live_and_stop_gives_its_dashboard(visit: NewVisitor) -> None:
    visitor = visit()
    page = begun(visitor.page("/live/"), "seminar")
    samples: list[Any] = []
    for _ in range(20):
        page.wait_for_timeout(150)
        samples += page.evaluate(READINGS)
    assert len(samples) >= 15
    happy = [face["p"].index(max(face["p"])) == 1 for face in samples]
    assert np.mean(happy) > 0.8
    before = points(page)
    page.wait_for_timeout(1500)
    assert points(page) > before
    assert number(page, "#score") > 1
    assert number(page, "#p50") < 500
    page.click("#stop")
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)
    expect(page.locator("#headline-title")).to_contain_text("seminar")
    assert "there is no video of it" in page.inner_text(".player")
    result = json.loads(page.request.get(page.url.partition("?")[0] + "result.json").text())
    assert result["dominant"] == "Happy"
    assert result["coverage"] > 0.8
    assert result["recording"]["frames_analysed"] > 50


def test_loading_the_page_again_wipes_what_the_tab_had_before(visit: NewVisitor) -> None:
    visitor = visit()
    page = begun(visitor.page("/live/"))
    page.click("#stop")
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)
    results = page.url
    other = visitor.page("/live/")  # another tab of the same browser changes nothing
    assert other.request.get(results).status == 200
    page.goto(visitor.origin + "/live/")
    expect(page.locator("#receipt")).to_contain_text("Wiped.")
    assert page.request.get(results).status == 404
    begun(page)
    page.reload()
    expect(page.locator("#receipt")).to_contain_text("Wiped.")
    expect(page.locator("#consent")).to_be_visible()
    visitor.complaints[:] = [line for line in visitor.complaints if not REFUSED.search(line)]


def test_a_box_lies_over_the_very_frame_that_it_was_found_in(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    pairs = []
    for _ in range(40):
        page.wait_for_timeout(60)
        if pair := page.evaluate(BOX_AND_MARK):
            pairs.append((pair["x"], pair["y"], pair["wide"], pair["mark"]))
    boxes, middles, widths, marks = np.array(pairs).T
    assert np.ptp(marks) > SWAY_PX, "the face did not move"
    mirrored = FACE_PX * FACE_AT[0] - (MARK_AT[0] + MARK_PX / 2)  # from the mark to the middle of the face
    assert np.abs(middles - (FACE_TOP + FACE_PX * FACE_AT[1])).max() < 40
    assert np.all((widths > 90) & (widths < 260))
    apart = boxes - (marks - mirrored)
    assert np.abs(np.median(apart)) < 25
    assert np.abs(apart - np.median(apart)).max() < 16
    assert np.std(apart) < 6  # the face moves up to 16 pixels a frame: a box one frame late would be that far off


def test_pause_stops_the_reading_and_going_on_continues_it(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    page.click("#pause")
    expect(page.locator("#state-text")).to_have_text("Paused")
    page.wait_for_timeout(300)
    before = number(page, "#count")
    page.wait_for_timeout(700)
    assert number(page, "#count") == before
    page.click("#pause")
    expect(page.locator("#state-text")).to_have_text("Reading")
    after(page, before)


def test_another_environment_changes_the_score_at_once_and_opens_the_dashboard(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    until(lambda: "interval" in page.inner_text("#band"), page)
    general = page.inner_text("#band")
    page.click("#environments button[value=product_demo]")
    assert page.inner_text("#band") != general
    page.click("#stop")
    page.wait_for_url(re.compile(r"environment=product_demo"))
    expect(page.locator("#headline-title")).to_contain_text("product demo", timeout=READY_MS)


def test_everything_can_be_done_with_the_keyboard(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.focus("#go")
    page.keyboard.press("Enter")
    expect(page.locator("#state-text")).to_have_text("Reading", timeout=READY_MS)
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#spoken")).to_have_text("Paused")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-dashboard]")).to_be_visible(timeout=READY_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_page_fits_and_complains_of_nothing(visit: NewVisitor, width: int, scheme: str) -> None:
    page = visit(color_scheme=scheme).page("/live/")
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    begun(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    aspect = page.evaluate(
        "(({ clientWidth, clientHeight }) => clientWidth / clientHeight)(document.querySelector('#stage'))"
    )
    assert aspect == pytest.approx(WIDTH / HEIGHT, rel=0.02)
