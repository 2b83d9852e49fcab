"""The comparison's chart: what its lines show of long recordings."""

from __future__ import annotations

import re

from tests.browser.conftest import NewVisitor

DRAW = """
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
