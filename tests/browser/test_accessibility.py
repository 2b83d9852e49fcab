"""Every page and main state is open to everybody: axe finds nothing grave in either theme, and a phone holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import lecture, walk

GRAVE: Final = ("serious", "critical")
PHONE_PX: Final = 360
SETTLE_MS: Final = 200  # Django's own pages change their colours slowly
SMALL_TARGETS: Final = """() => {
  const targets = "button, summary, select, input:not([type=hidden]), [role=slider]";
  return [...document.querySelectorAll(targets)]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.disabled && !node.closest(".unseen"))
    .map((node) => [node, (node.closest("label") ?? node).getBoundingClientRect()])
    .filter(([node, { width, height }]) => width > 0 && (width < 23.5 || height < 23.5))
    .map(([node, { width, height }]) => `${node.tagName} ${node.className} ${width.toFixed()} x ${height.toFixed()}`);
}"""

STANDS_OUT: Final = """(width) => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > width)
  .map((node) => `${node.tagName} ${node.className} to ${node.getBoundingClientRect().right} px`)"""

AT_FIRST_PAINT: Final = """
localStorage.setItem("engageai-theme", "dark");
new PerformanceObserver(() => {
  window.firstPaint ??= getComputedStyle(document.body).backgroundColor;
}).observe({ type: "paint", buffered: true });
"""
DARK: Final = "rgb(20, 23, 26)"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[walk.House]:
    with walk.house(tmp_path_factory.mktemp("walk")) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("name", walk.ROUNDS)
def test_nothing_grave_stands_in_anybody_s_way(name: str, house: walk.House) -> None:
    found = [fault for stop in walk.ROUNDS[name](house) for fault in faults(stop)]
    assert not found, "\n".join(found)


def faults(stop: walk.Stop) -> list[str]:
    page, found = stop.page, []
    page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(SETTLE_MS)
        found += [f"{stop.name}, {scheme}: {each}" for each in graves(page)]
    found += [f"{stop.name}: small target {each}" for each in page.evaluate(SMALL_TARGETS)]
    page.set_viewport_size({"width": PHONE_PX, "height": 740})
    if wide := too_wide(page):
        found.append(f"{stop.name}: {wide} on a phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def too_wide(page: Page) -> list[str]:
    """What still stands out of a phone's screen once charts have been drawn anew."""
    for _ in range(20):
        if page.evaluate("document.documentElement.scrollWidth") <= PHONE_PX:
            return []
        page.wait_for_timeout(100)
    return list(page.evaluate(STANDS_OUT, PHONE_PX))


def graves(page: Page) -> list[str]:
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{each['id']} at {node['target']}: {node['failureSummary']}"
        for each in violations
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def test_each_chart_has_a_sentence_and_a_table_of_its_numbers(house: walk.House) -> None:
    with walk.tab(house) as page:
        page.goto(house.origin + lecture.seed(page, house.data, house.film))
        walk.at_dashboard(page)
        expect(page.locator("[data-line-summary]")).to_have_text(
            re.compile(
                r"^The 30-second line begins with \d\.\d\d, is highest at 7:\d\d with .+ lowest at [34]:\d\d with .+\.$"
            )
        )
        expect(page.locator(".compare > p.small")).to_have_text(re.compile("highest as a .+, lowest as a .+ overlap"))
        expect(page.locator(".headline-parts")).to_have_text(re.compile(r"^\w+ adds most to it, \d\.\d\d; "))
        page.get_by_text("The lines as a table").click()
        table = page.locator("[data-line-table]")
        expect(table.locator("tbody tr")).to_have_count(61)  # ten minutes, ten seconds apart
        expect(table.locator("tbody tr").nth(24)).to_have_text(re.compile(r"^4:00 ?\d\.\d\d ?\d\.\d\d ?\d\.\d\d$"))
        page.get_by_role("button", name="Zoom in").click()
        expect(table.locator("tbody tr").nth(24)).not_to_have_text(re.compile("^4:00"))
        whole = table.locator("caption a").get_attribute("href")
        assert page.request.get(house.origin + str(whole)).text().startswith("t_s,")


def test_a_chosen_theme_is_there_with_the_first_paint(house: walk.House) -> None:
    with walk.tab(house, "/nothing-here") as page:
        page.context.add_init_script(AT_FIRST_PAINT)
        page.emulate_media(color_scheme="light")
        slow = {"offline": False, "latency": 150, "downloadThroughput": 100 * 1024, "uploadThroughput": -1}
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        page.goto(house.origin + "/live/")
        assert page.evaluate("window.firstPaint") == DARK
