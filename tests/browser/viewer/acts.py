"""What the tests of the viewer do on the results page, and where they read what came of it."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

NOW: Final = "() => Number(document.querySelector('[data-slider]').getAttribute('aria-valuenow'))"
VIDEO: Final = "() => document.querySelector('video').currentTime"
EXACT: Final = "() => (document.querySelector('[data-dashboard]').dataset.exact || '0,0').split(',').map(Number)"
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
  while (performance.now() < until || frames < 10) {
    await new Promise(requestAnimationFrame);
    frames += 1;
    if (cursor.style.transform !== last) moves += 1;
    last = cursor.style.transform;
  }
  document.querySelector("[data-play]").click();
  return { frames, moves, drawn: drawn.count };
}
"""


def moments(page: Page) -> Locator:
    expect(page.locator(".found").first).to_be_visible()
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
