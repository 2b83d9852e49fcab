"""The real server in a process of its own, and a real Chromium that looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from skimage.data import astronaut
from skimage.transform import resize

from emotion_ml.tests import clips
from engageai import own_server

ROOT: Final = own_server.ROOT
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
]
JOB_MS: Final = 120_000
FACE_UNTIL_S: Final = 6.0
WIDTH, HEIGHT = 480, 360

VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of `origin` keeps its data (data/) and its log."""
    return tmp_path_factory.mktemp("browser-server")


@pytest.fixture(scope="session")
def origin(server_folder: Path) -> Iterator[str]:
    # What one test analysed, others look at when its page has closed.
    with own_server.serving(server_folder, MAX_UPLOAD_MIB="64", CLOSED_TAB_S="3600") as server:
        yield server.origin


@pytest.fixture(scope="module")  # no longer: while its loop runs, Django refuses the database to other tests
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """A browser profile of its own on the product, and what its console complained about."""

    context: BrowserContext
    origin: str
    complaints: list[str] = field(default_factory=list)

    def page(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.on("console", self.listen)
        page.on("pageerror", lambda error: self.complaints.append(f"thrown: {error}"))
        page.goto(path if path.startswith("http") else self.origin + path)
        return page

    def listen(self, message: ConsoleMessage) -> None:
        by_the_test = "Multiple readback operations" in message.text  # the tests read the canvas, the page never does
        if message.type in ("error", "warning") and not by_the_test:
            self.complaints.append(f"{message.type}: {message.text}")

    def analyse(self, clip: Path, environment: str = "seminar") -> Page:
        """Upload by the file picker and follow the progress to the results."""
        page = self.page()
        page.set_input_files("#file", clip)
        page.check(f"input[value={environment}]")
        page.click("#go")
        return at_results(page)


def at_results(page: Page) -> Page:
    expect(page.locator("[data-dashboard]")).to_be_visible(timeout=JOB_MS)
    return page


NewVisitor = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[NewVisitor]:
    """Makes visitors; none of them may have seen an error or a violation of the content policy when the test ends."""
    visitors: list[Visitor] = []

    def made(**options: Any) -> Visitor:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.add_init_script(VIOLATIONS)
        visitors.append(Visitor(context, origin))
        return visitors[-1]

    yield made
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


def swaying(t_s: Fraction | float, width: int, height: int) -> NDArray[np.uint8]:
    """A real face that moves from side to side, and an empty room once it has left."""
    room = np.full((height, width, 3), 118, np.uint8)
    if t_s < FACE_UNTIL_S:
        left = 90 + round(40 * float(np.sin(float(t_s))))
        room[30:330, left : left + 300] = portrait()
    return room


def portrait() -> NDArray[np.uint8]:
    face = astronaut()[0:260, 90:350]  # type: ignore[no-untyped-call]
    return np.asarray(resize(face, (300, 300), preserve_range=True), np.uint8)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds, the last two without a face."""
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=swaying)
    path = tmp_path_factory.mktemp("clips") / "sway <b>1.mp4"
    return clips.write(path, clips.steady(10, 8.0), look, last_s=Fraction(1, 10))


@pytest.fixture(scope="session")
def empty_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of an empty room."""
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=lambda _, width, height: swaying(FACE_UNTIL_S, width, height))
    path = tmp_path_factory.mktemp("clips") / "empty.mp4"
    return clips.write(path, clips.steady(10, 2.0), look, last_s=Fraction(1, 10))
