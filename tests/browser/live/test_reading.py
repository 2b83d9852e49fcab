"""From consent to the dashboard: what the page shows is what the camera saw and what the server read of it."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Final

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from emotion_ml.tests.patience import slack
from tests.browser.conftest import HIGH, NewVisitor, assert_fits, at_dashboard
from tests.browser.live.conftest import (
    FACE_AT,
    FACE_PX,
    FACE_TOP,
    HEIGHT,
    MARK_AT,
    MARK_PX,
    SWAY_PX,
    WIDTH,
    after,
    begun,
    number,
    until,
)

REFUSED: Final = r"Failed to load resource: the server responded with a status of 404|WebSocket connection"
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


PAUSE_S: Final = 8
WIDTHS: Final = (390, 1280, 1920)
ASPECT: Final = "(({ clientWidth, clientHeight }) => clientWidth / clientHeight)(document.querySelector('#stage'))"


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
    until(lambda: points(page) > before, page)
    assert number(page, "#score") > 1
    assert number(page, "#p50") < 500 * slack()
    after(page, 20)
    shown = number(page, "#count")
    page.click("#stop")
    at_dashboard(page)
    expect(page.locator("#headline-title")).to_contain_text("seminar")
    assert "there is no video of it" in page.inner_text(".player")
    result = json.loads(page.request.get(page.url.partition("?")[0] + "result.json").text())
    assert result["dominant"] == "Happy"
    assert result["coverage"] > 0.8
    assert result["recording"]["frames_analysed"] >= shown


def test_loading_the_page_again_wipes_what_the_tab_had_before(visit: NewVisitor) -> None:
    visitor = visit()
    visitor.excuse(REFUSED)
    page = begun(visitor.page("/live/"))
    page.click("#stop")
    at_dashboard(page)
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


def test_a_box_lies_over_the_very_frame_that_it_was_found_in(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    pairs: list[tuple[float, ...]] = []

    def has_moved_all_the_way() -> bool:
        if pair := page.evaluate(BOX_AND_MARK):
            pairs.append((pair["x"], pair["y"], pair["wide"], pair["mark"]))
        return len(pairs) >= 40 and np.ptp([mark for *_, mark in pairs]) > SWAY_PX

    until(has_moved_all_the_way, page)
    boxes, middles, widths, marks = np.array(pairs).T
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
    before, measured_s = number(page, "#count"), seconds(page, "#elapsed")
    page.wait_for_timeout(PAUSE_S * 1000)
    assert number(page, "#count") <= before + 1  # what was on its way may still come
    went_on_s = time.monotonic()
    page.click("#pause")
    expect(page.locator("#state-text")).to_have_text("Reading")
    after(page, before + 5)
    page.wait_for_timeout(1500)  # figures follow a few times a second
    more_s = seconds(page, "#elapsed") - measured_s
    assert 1 <= more_s <= time.monotonic() - went_on_s + 1  # each is a whole second: the pause is not in it


def seconds(page: Page, selector: str) -> int:
    minutes, rest = page.inner_text(selector).split(":")
    return 60 * int(minutes) + int(rest)


def test_another_environment_changes_the_score_at_once_and_opens_the_dashboard(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    until(lambda: "interval" in page.inner_text("#band"), page)
    general = page.inner_text("#band")
    page.click("#environments button[value=product_demo]")
    assert page.inner_text("#band") != general
    page.click("#stop")
    page.wait_for_url(re.compile(r"environment=product_demo"))
    expect(page.locator("#headline-title")).to_contain_text("product demo")


def test_everything_can_be_done_with_the_keyboard(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.focus("#go")
    page.keyboard.press("Enter")
    expect(page.locator("#state-text")).to_have_text("Reading")
    expect(page.locator("#stop")).to_be_focused()
    after(page, 1)  # where nothing was read there are no results to stop for
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pause")).to_have_text("Go on")
    expect(page.locator("#spoken")).to_have_text("Paused")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-dashboard]")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_complains_of_nothing(visit: NewVisitor, scheme: str) -> None:
    page = visit(color_scheme=scheme).page("/live/")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HIGH})
        assert_fits(page, width)
    begun(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HIGH})
        assert_fits(page, width)
        aspect = page.evaluate(ASPECT)
        assert aspect == pytest.approx(WIDTH / HEIGHT, rel=0.02)
