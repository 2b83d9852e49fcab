"""The operator's pages in a real browser: a session while it lives, its wipe, and no complaint of the policy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, NewVisitor, assert_fits
from tests.browser.planted import Plan, Planted, plant

SESSIONS = "/admin/analytics/analysissession/"
CONTRAST = """
(selector) => {
  const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const node = document.querySelector(selector);
  let behind = node;
  while (/rgba\\(0, 0, 0, 0\\)/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
  const [a, b] = [getComputedStyle(node).color, getComputedStyle(behind).backgroundColor].map((c) => light(parse(c)));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
"""

LogIn = Callable[..., Page]


@pytest.fixture
def operator(visit: NewVisitor, server_folder: Path, origin: str) -> LogIn:
    """Logs in with the account that the documented command makes."""

    def log_in(**options: str) -> Page:
        made = subprocess.run(
            [sys.executable, "manage.py", "admin_account", "operator"],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(server_folder / "data")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        name, password = made.stdout.split()
        page = visit(**options).page("/admin/")
        page.fill("#id_username", name)
        page.fill("#id_password", password)
        page.click("[type=submit]")
        expect(page.get_by_role("heading", name="Sessions and jobs")).to_be_visible()
        return page

    return log_in


def session_of(url: str) -> str:
    found = re.search(r"/s/([0-9a-f-]{36})/", url)
    assert found
    return found[1]


def assert_seen_and_legible(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.reload()
    for figure in ("series", "lanes"):
        expect(page.locator(f"[data-figure={figure}] .main-svg").first).to_be_visible()
    for selector in ("h1", ".session-facts dt", ".session-facts dd", ".session-recording h2 a", "#logout-form button"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


def test_a_session_is_seen_with_its_charts_and_wiped(
    operator: LogIn, visit: NewVisitor, server_folder: Path, origin: str
) -> None:
    results = visit().page()
    results.goto(origin + plant(results, server_folder / "data", Plan(minutes=1, faces=1, name="private.mp4")))
    session = session_of(results.url)
    page = operator()
    page.goto(f"{origin}{SESSIONS}?q={session}")
    row = page.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Results ready")
    expect(row).to_contain_text("Seminar")
    row.locator("th a").click()
    page.wait_for_url("**/change/**")
    assert_seen_and_legible(page, "light")
    assert_seen_and_legible(page, "dark")
    assert "private.mp4" in results.content()
    assert "private.mp4" not in page.content()
    page.get_by_role("button", name="Wipe now").click()
    page.get_by_role("button", name="Wipe now").click()
    expect(page.locator(".messagelist")).to_contain_text("1 session is gone.")
    assert results.request.get(results.url).status == 404


def test_what_an_operator_acts_on_is_in_view(operator: LogIn, analysed: Planted) -> None:
    page = operator()
    page.goto(f"{page.url}analytics/analysissession/?q={session_of(analysed.url)}")
    edge = page.locator("#changelist .results").evaluate("(node) => node.getBoundingClientRect().right")
    for column in ("state", "jobs", "last_heartbeat", "errors"):
        box = page.locator(f"#result_list tbody .field-{column}").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= edge, column


def test_it_fits_a_phone(operator: LogIn, analysed: Planted) -> None:
    session = session_of(analysed.url)
    page = operator()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(page.url + f"analytics/analysissession/{session}/change/")
    expect(page.locator("[data-figure=series] .main-svg").first).to_be_visible()
    assert_fits(page, 360)


def test_a_visitor_is_shown_the_door(visit: NewVisitor) -> None:
    page = visit().page(SESSIONS)
    expect(page.locator("#id_password")).to_be_visible()
    assert "/admin/login/" in page.url
