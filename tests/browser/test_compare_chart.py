"""The comparison's chart: what its lines show of long recordings."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from playwright.sync_api import FilePayload, expect

from analytics.results import to_json
from analytics.tests.exported import material
from analytics.tests.synthetic import audience, dirichlet, info
from tests.browser.conftest import NewVisitor

DRAW: Final = """
async () => {
  const { draw } = await import("/static/js/compare-chart.js");
  const place = document.createElement("div");
  document.body.append(place);
  const points = Array.from({ length: 36000 }, (_, row) => [row / 5, row >= 18010 && row < 18030 ? null : 3]);
  draw(place, { lines: { A: points }, span: [1, 5], until: 7200, isShare: false, summary: "one line" });
  const path = place.querySelector("path").getAttribute("d");
  return { path, right: place.clientWidth - 20 };
}
"""


def test_a_line_of_two_hours_breaks_at_four_seconds_without_a_value_and_reaches_its_end(visit: NewVisitor) -> None:
    drawn = visit().page("/compare/").evaluate(DRAW)
    pieces = [piece for piece in drawn["path"].split("M") if piece]
    assert len(pieces) == 2
    assert drawn["path"].count("L") < 1600
    last_x = float(re.split(r"[ML]", drawn["path"])[-1].split()[0])
    assert abs(last_x - drawn["right"]) < 0.2


def test_a_line_does_not_reach_over_a_hole_in_its_file(visit: NewVisitor) -> None:
    page = visit().page("/compare/")
    expect(page.locator("[data-compare][data-ready]")).to_be_visible()
    whole, holed = np.arange(0, 160, 0.2), np.r_[np.arange(0, 60, 0.2), np.arange(120, 160, 0.2)]
    for side, times in (("A", whole), ("B", holed)):
        found = material(audience(times, dirichlet(len(times), 1)), info=info(160.0))
        file: FilePayload = {"name": f"{side}.json", "mimeType": "application/json", "buffer": to_json(found.result)}
        page.set_input_files(f"#file-{side}", file)
    expect(page.locator(".compare-line-b")).to_be_attached()
    for axis in ("start", "share"):
        page.locator(f"input[name=axis][value={axis}]").check(force=True)
        pieces = [str(page.locator(f".compare-line-{side}").get_attribute("d")).count("M") for side in "ab"]
        assert pieces == [1, 2]
    row = page.locator("[data-table] tr").nth(5)  # of eleven: half of it
    expect(row).to_contain_text("\N{EN DASH}")
