"""The list of moments: what was planted, the sentence said then, and a picture out of the visitor's own video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from emotion_ml.tests.clips import read_clock
from tests.browser.made_up import DIP_S, PEAK_S
from tests.browser.planted import Planted
from tests.browser.viewer.acts import moments

SHOT: Final = """
(canvas) => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { width, height, grey: Array.from({ length: width * height }, (_, at) => data[4 * at]) };
}
"""


def test_moments_are_what_was_planted_with_the_sentence_said_then(page: Page) -> None:
    found = moments(page)
    assert [found.nth(row).get_attribute("data-kind") for row in range(found.count())] == ["dip", "peak"]
    for row, (start_s, end_s) in enumerate((DIP_S, PEAK_S)):
        one = found.nth(row)
        assert float(one.get_attribute("data-from") or "nan") == pytest.approx(start_s, abs=4)
        assert float(one.get_attribute("data-to") or "nan") == pytest.approx(end_s, abs=6)
        said = int((one.locator(".found-said").inner_text()).strip("“”.").removeprefix("Part "))
        assert start_s <= said * 10 + 5 <= end_s + 5
    expect(page.locator("[data-marks] span")).to_have_count(2)
    mark, cursor = page.locator("[data-marks] span").first, page.locator("[data-slider]")
    found.first.locator(".found-time").click()
    left, line = mark.bounding_box(), cursor.bounding_box()
    assert left is not None
    assert line is not None
    assert left["x"] == pytest.approx(line["x"] + line["width"] / 2, abs=1.5)


def test_its_keys_are_told_where_there_is_a_moment(page: Page, open_page: Callable[..., Page], waves: Planted) -> None:
    moments(page)
    expect(page.locator(".moment-keys")).to_contain_text("lead from moment to moment")
    quiet = open_page(waves)
    expect(quiet.locator(".moments-none")).to_be_visible()
    expect(quiet.locator("[data-moments-keys]")).to_have_count(2)
    for hint in quiet.locator("[data-moments-keys]").all():
        expect(hint).to_be_hidden()


def test_a_moment_has_a_picture_out_of_the_visitors_own_video(page: Page) -> None:
    found = moments(page).first
    found.scroll_into_view_if_needed()
    shot = found.locator("[data-shot]")
    expect(shot).to_have_attribute("data-done", "shown")
    picture = shot.evaluate(SHOT)
    grey = np.array(picture["grey"], np.uint8).reshape(picture["height"], picture["width"])
    assert read_clock(np.repeat(grey[..., None], 3, axis=2)) == pytest.approx(sum(DIP_S) / 2, abs=4)
