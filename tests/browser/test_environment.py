"""The switch of the results page changes all of it: files, the laboratory, what is said when nothing can be loaded."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from analytics import scoring
from tests.browser.conftest import NewVisitor, Visitor, at_dashboard
from tests.browser.planted import Planted

FITS: Final = """
(all) => all.every((each) => {
  const [inner, outer] = [each, each.parentElement].map((node) => node.getBoundingClientRect());
  return inner.left >= outer.left && inner.right <= outer.right && inner.bottom <= outer.bottom;
})
"""


@pytest.fixture
def visitor(visit: NewVisitor, waves: Planted) -> Visitor:
    return visit(storage_state=waves.cookies)


@pytest.fixture
def page(visitor: Visitor, waves: Planted) -> Page:
    """In a seminar, as it was recorded."""
    return at_dashboard(visitor.page(waves.url))


def switch(page: Page, name: str) -> None:
    page.locator(f"[data-environment={name}]").click()
    expect(page.locator(f"[data-environment={name}]")).to_have_attribute("aria-current", "true")


def open_laboratory(page: Page) -> None:
    page.get_by_text("Open the laboratory").click()
    expect(page.locator("[data-lab-body]")).to_be_visible()


def happy_of(name: str) -> str:
    return f"{scoring.environment(name).values[1]:g}"


@pytest.mark.parametrize("table", ["The lines as a table", "Faces as a table"])
def test_the_file_beside_a_table_is_that_of_the_environment_on_screen(page: Page, table: str) -> None:
    behind = page.locator("details.behind", has_text=table)
    behind.locator("summary").click()
    for name in ("seminar", "classroom"):
        switch(page, name)
        with page.expect_download() as download:
            behind.get_by_role("link", name="a CSV file").click()
        assert f"-{name}-" in download.value.suggested_filename


def test_the_laboratory_opens_with_the_environment_on_screen(page: Page) -> None:
    switch(page, "product_demo")
    with page.expect_request(re.compile("bench.json")) as asked:
        open_laboratory(page)
    assert asked.value.url.endswith("?environment=product_demo")
    expect(page.get_by_role("radio", name="Product demo")).to_be_checked()
    page.get_by_role("radio", name="Custom").check()
    expect(page.get_by_label("Happy, as a number")).to_have_value(happy_of("product_demo"))


def test_the_laboratory_follows_the_switch_and_keeps_what_was_changed(page: Page) -> None:
    open_laboratory(page)
    happy = page.get_by_label("Happy, as a number")
    happy.fill("2")
    with page.expect_request(re.compile("bench.json")) as asked:  # a paragraph's faces may be others
        switch(page, "classroom")
    assert asked.value.url.endswith("?environment=classroom")
    expect(page.get_by_role("radio", name="Classroom")).to_be_checked()
    expect(happy).to_have_value(happy_of("classroom"))
    expect(page.locator("[data-lab-scores] [data-chosen] th")).to_have_text("Classroom")
    page.get_by_role("radio", name="Custom").check()
    expect(happy).to_have_value(happy_of("classroom"))
    happy.fill("4.5")
    switch(page, "seminar")
    expect(happy).to_have_value("2")
    page.get_by_role("radio", name="Custom").check()
    expect(happy).to_have_value("4.5")


def test_the_switch_keeps_its_shape_beside_an_explanation(page: Page) -> None:
    page.locator("#headline a[data-why]").click()
    for width in (1280, 600, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator("#headline .switch a").evaluate_all(FITS), width
    page.set_viewport_size({"width": 1280, "height": 800})
    tops = page.locator("#headline .switch a").evaluate_all("(all) => all.map((each) => each.offsetTop)")
    assert tops[0] == tops[1] < tops[2] == tops[3]
    radius = page.locator("#headline .switch").evaluate("(node) => parseFloat(getComputedStyle(node).borderRadius)")
    assert radius < 20  # of a pill, a corner would cut into the one that is chosen


def test_where_the_session_is_gone_that_is_said_and_the_address_stays(page: Page, visitor: Visitor) -> None:
    visitor.excuse("404")
    url = page.url
    page.route("**/figures/classroom.json*", lambda route: route.fulfill(status=404))
    page.locator("[data-environment=classroom]").click()
    gone = page.locator("#session-gone")
    expect(gone).to_be_visible()
    expect(gone.get_by_role("link", name="Start again")).to_be_focused()
    expect(page.locator("[data-trouble]")).to_be_hidden()
    below = gone.evaluate(
        "(node) => node.nextElementSibling.getBoundingClientRect().top - node.getBoundingClientRect().bottom"
    )
    assert below >= 16
    page.locator("[data-environment=general]").click()
    expect(gone.get_by_role("link", name="Start again")).to_be_focused()
    assert page.url == url


def test_a_switch_that_failed_is_tried_again_as_a_whole(page: Page, visitor: Visitor) -> None:
    visitor.excuse("Failed to load")
    page.route("**/figures/classroom.json*", lambda route: route.abort())
    page.locator("[data-environment=classroom]").click()
    expect(page.locator("[data-trouble]")).to_be_visible()
    expect(page.locator("#headline-title")).to_contain_text("seminar")
    page.unroute("**/figures/classroom.json*")
    page.locator("[data-again]").click()
    expect(page.locator("#headline-title")).to_contain_text("classroom")
    expect(page).to_have_url(re.compile("environment=classroom"))
    expect(page.locator("[data-trouble]")).to_be_hidden()
