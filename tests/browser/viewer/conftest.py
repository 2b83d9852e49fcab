"""The recording that the tests of the viewer look at, and its page in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import NewVisitor, at_dashboard
from tests.browser.planted import Planted, film, planted

MINUTES: Final = 10


@pytest.fixture(scope="module")
def recording(browser: Browser, origin: str, server_folder: Path, once: dict[str, Planted]) -> Planted:
    if "moods" not in once:
        video = film(server_folder / "clock.mp4", MINUTES)
        with planted(browser, origin, server_folder / "data", minutes=MINUTES, faces=6, video=video) as made:
            once["moods"] = made
    return once["moods"]


@pytest.fixture
def open_page(visit: NewVisitor) -> Callable[..., Page]:
    def opened(made: Planted, **options: Any) -> Page:
        return at_dashboard(visit(storage_state=made.cookies, **options).page(made.url))

    return opened


@pytest.fixture
def page(open_page: Callable[..., Page], recording: Planted) -> Page:
    page = open_page(recording)
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    return page
