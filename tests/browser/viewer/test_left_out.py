"""Faces that are left out: the page says why, however small their boxes are."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, expect

FIRST_LEFT_OUT: Final = """
async () => {
  const { boxes } = document.querySelector("[data-dashboard]").dataset;
  const { readings } = await (await fetch(`${boxes}?from=0&to=60`)).json();
  const found = readings.find(({ faces }) => faces.some((face) => face.left_out === 2));
  return [found.t_s, found.faces.filter((face) => face.left_out === 2).length];
}
"""


def test_why_a_face_is_left_out_stands_beside_the_video(page: Page) -> None:
    t_s, blurred = page.evaluate(FIRST_LEFT_OUT)
    page.evaluate("(t_s) => { document.querySelector('video').currentTime = t_s + 0.01; }", t_s)
    expect(page.locator("[data-now-faces]")).to_contain_text("left out")
    expect(page.locator("[data-now-apart]")).to_contain_text(f"Left out: {blurred} blurred")
