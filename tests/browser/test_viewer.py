"""One cursor for the video, the charts, the words and the moments, by mouse and by keyboard, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from emotion_ml.tests.clips import read_clock
from tests.browser.conftest import NewVisitor
from tests.browser.planted import DIP_S, PEAK_S, Planted, film, planted

MINUTES: Final = 10
NOW: Final = "() => Number(document.querySelector('[data-slider]').getAttribute('aria-valuenow'))"
VIDEO: Final = "() => document.querySelector('video').currentTime"
EXACT: Final = "() => (document.querySelector('[data-dashboard]').dataset.exact || '0,0').split(',').map(Number)"
SMALL: Final = """
(all) => all.filter((each) => each.offsetParent && Math.min(each.offsetHeight, each.offsetWidth) < 24)
  .map((each) => each.outerHTML)
"""
CURSORS: Final = (
    "(all) => all.map((each) => { const { x, width } = each.getBoundingClientRect(); return x + width / 2; })"
)
PLAYED: Final = """
async (seconds) => {
  const video = document.querySelector("video");
  const cursor = document.querySelector("[data-slider]");
  const drawn = { count: 0 };
  for (const name of ["relayout", "react", "redraw", "restyle"]) {
    const real = window.Plotly[name];
    window.Plotly[name] = (...given) => { drawn.count += 1; return real(...given); };
  }
  if (video) video.muted = true;
  document.querySelector("[data-play]").click();
  if (video) while (video.currentTime === 0 || video.seeking) await new Promise(requestAnimationFrame);
  const until = performance.now() + 1000 * seconds;
  let frames = 0, moves = 0, last = "";
  while (performance.now() < until) {
    await new Promise(requestAnimationFrame);
    frames += 1;
    if (cursor.style.transform !== last) moves += 1;
    last = cursor.style.transform;
  }
  document.querySelector("[data-play]").click();
  return { frames, moves, drawn: drawn.count };
}
"""
SHOT: Final = """
(canvas) => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { width, height, grey: Array.from({ length: width * height }, (_, at) => data[4 * at]) };
}
"""


@pytest.fixture(scope="module")
def recording(browser: Browser, origin: str, server_folder: Path) -> Iterator[Planted]:
    video = film(server_folder / "clock.mp4", MINUTES)
    with planted(browser, origin, server_folder / "data", minutes=MINUTES, faces=6, video=video) as made:
        yield made


@pytest.fixture
def open_page(visit: NewVisitor) -> Callable[..., Page]:
    def opened(made: Planted, **options: Any) -> Page:
        page = visit(storage_state=made.cookies, **options).page(made.url)
        expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=60_000)
        return page

    return opened


@pytest.fixture
def page(open_page: Callable[..., Page], recording: Planted) -> Page:
    page = open_page(recording)
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    return page


def moments(page: Page) -> Locator:
    expect(page.locator(".found").first).to_be_visible(timeout=60_000)
    return page.locator(".found")


def surface(page: Page, chart: str) -> Locator:
    return page.locator(f".chart-time:has([data-chart={chart}])")


def click_at(page: Page, chart: str, share: float) -> None:
    """At a share of the time axis."""
    span = page.locator("[data-chart=series]").evaluate(
        "(node) => { const { l, r } = node.layout.margin; return [l, node.clientWidth - l - r]; }"
    )
    area = surface(page, chart).bounding_box()
    assert area is not None
    surface(page, chart).click(position={"x": span[0] + share * span[1], "y": area["height"] / 2})


def cursors(page: Page) -> list[float]:
    found: list[float] = page.locator("[data-cursor]").evaluate_all(CURSORS)
    return found


def assert_all_at(page: Page, t_s: float, within_s: float = 1.0) -> None:
    """The video, both cursors, the words and the numbers beside the video are at the same moment."""
    page.wait_for_function("() => !document.querySelector('video').seeking")
    assert page.evaluate(VIDEO) == pytest.approx(t_s, abs=within_s)
    assert page.evaluate(NOW) == pytest.approx(t_s, abs=within_s)
    series, lanes = cursors(page)
    assert series == pytest.approx(lanes, abs=0.6)
    spoken = page.locator(".paragraph[aria-current]")
    expect(spoken).to_have_count(1)
    start_s = float(spoken.get_attribute("data-seek") or "nan")
    assert start_s - 1 <= t_s <= start_s + 11
    minutes, seconds = divmod(int(page.evaluate(VIDEO) + 1e-6), 60)
    expect(page.locator("[data-now-time]")).to_have_text(f"{minutes}:{seconds:02}")


@pytest.mark.parametrize("chart", ["series", "lanes"])
def test_a_click_on_a_chart_moves_everything_there(chart: str, page: Page) -> None:
    expect(page.locator(".paragraph").first).to_be_visible(timeout=60_000)
    click_at(page, chart, 0.505)
    assert_all_at(page, 303.0)


def test_dragging_over_the_lanes_drags_everything_along(page: Page) -> None:
    expect(page.locator(".paragraph").first).to_be_visible(timeout=60_000)
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
    expect(page.locator(".paragraph").nth(12)).to_be_attached(timeout=60_000)
    page.locator(".paragraph-time").nth(12).click()
    assert_all_at(page, 120.0)
    moments(page).first.locator(".found-time").click()
    assert_all_at(page, DIP_S[0], within_s=4)


def test_the_cursor_moves_with_every_frame_and_plotly_draws_nothing(page: Page) -> None:
    """Its share of the frames does not depend on how busy the machine is."""
    told = page.evaluate(PLAYED, 2)
    assert told["frames"] >= 10
    assert told["moves"] >= 0.8 * told["frames"]
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


def test_a_key_plays_and_pauses(page: Page) -> None:
    page.evaluate("document.querySelector('video').muted = true")
    for key in ("Space", "k"):
        page.keyboard.press(key)
        expect(page.locator("[data-play]")).to_have_text("Pause")
        page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
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
    page.wait_for_function(f"() => ({NOW})() === 300")
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


def test_a_moment_has_a_picture_out_of_the_visitors_own_video(page: Page) -> None:
    found = moments(page).first
    found.scroll_into_view_if_needed()
    shot = found.locator("[data-shot]")
    expect(shot).to_have_attribute("data-done", "shown", timeout=20_000)
    picture = shot.evaluate(SHOT)
    grey = np.array(picture["grey"], np.uint8).reshape(picture["height"], picture["width"])
    assert read_clock(np.repeat(grey[..., None], 3, axis=2)) == pytest.approx(sum(DIP_S) / 2, abs=4)


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


def test_charts_that_do_not_come_say_so_and_can_be_asked_for_again(visit: NewVisitor, recording: Planted) -> None:
    visitor = visit(storage_state=recording.cookies)
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    visitor.context.route("**/figures/*.json*", refuse)
    page = visitor.page(recording.url)
    expect(page.locator("[data-trouble]")).to_be_visible(timeout=20_000)
    assert refused
    assert page.locator(".score-figure").inner_text() != ""
    visitor.context.unroute("**/figures/*.json*")
    page.locator("[data-again]").click()
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-trouble]")).to_be_hidden()
    visitor.complaints[:] = [line for line in visitor.complaints if "ERR_FAILED" not in line]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_viewer_fits_the_page(scheme: str, width: int, open_page: Callable[..., Page], recording: Planted) -> None:
    page = open_page(recording, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    moments(page)
    page.locator("[data-zoom=in]").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".watch button, .moments button").evaluate_all(SMALL) == []
