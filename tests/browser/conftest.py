"""The real server in a process of its own, and a real Chromium that looks at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright
from skimage.data import astronaut
from skimage.transform import resize

from emotion_ml.tests import clips
from engageai import own_server
from tests.browser.planted import Planted, planted

ROOT: Final = own_server.ROOT
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
]
JOB_MS: Final = 120_000
HEARD_MS: Final = 180_000
REFUSED: Final = r"Failed to load resource: the server responded with a status of 4\d\d"
PATIENCE_MS: Final = 30_000  # what is waited for comes much sooner; a machine that does other things may be that slow
NOT_OURS: Final = re.compile(
    "Multiple readback operations"  # the tests read the canvas, the page never does
    "|/presence' failed: WebSocket is closed before the connection"  # a test that is done closes a page just opened
)
NEXT_PICTURES: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
FACE_UNTIL_S: Final = 6.0
WIDTH, HEIGHT = 480, 360
WIDE, HIGH = 1280, 800

VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


expect.set_options(timeout=PATIENCE_MS)


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
    heard: list[str] = field(default_factory=list)
    excused: list[re.Pattern[str]] = field(default_factory=lambda: [NOT_OURS])

    @property
    def complaints(self) -> list[str]:
        return [line for line in self.heard if not any(pattern.search(line) for pattern in self.excused)]

    def excuse(self, pattern: str) -> None:
        """From now on: what a test provokes may be complained of whenever the browser comes to it."""
        self.excused.append(re.compile(pattern))

    def page(self, path: str = "/", width: int = WIDE) -> Page:
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": HIGH})
        page.on("console", self.listen)
        page.on("pageerror", lambda error: self.heard.append(f"thrown: {error}"))
        page.goto(path if path.startswith("http") else self.origin + path)
        return page

    def listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.type}: {message.text}")

    def analyse(self, clip: Path, environment: str = "seminar") -> Page:
        """Upload by the file picker and follow the progress to the results."""
        page = self.page()
        page.set_input_files("#file", clip)
        page.check(f"input[value={environment}]")
        page.click("#go")
        return at_results(page)


def at_results(page: Page) -> Page:
    """All of whose scripts have run: a link is followed by those, not by the browser."""
    expect(page.locator("[data-dashboard]")).to_be_visible(timeout=JOB_MS)
    page.wait_for_load_state()
    return page


def at_dashboard(page: Page) -> Page:
    """With its charts drawn."""
    expect(at_results(page).locator("[data-dashboard][data-ready]")).to_be_visible(timeout=JOB_MS)
    return page


def at_what_to_read(page: Page) -> Locator:
    """Which comes when it comes into view."""
    place = page.locator("#next")
    expect(place).to_be_visible()
    place.scroll_into_view_if_needed()
    expect(place.get_by_role("heading", name="What to read next")).to_be_visible()
    return place


def at_next_picture(page: Page) -> Page:
    """Whatever the page draws in answer to what was done, and puts off until its next picture, is drawn."""
    page.evaluate(NEXT_PICTURES)
    return page


def unfold(page: Page) -> None:
    """Whatever can be, with what is folded in it."""
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => (each.open = true))")


def assert_fits(page: Page, width: int) -> None:
    """Asked again: charts are drawn anew for a new width."""
    page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)


def assert_open_to_everybody(page: Page, part: str) -> None:
    """Axe finds nothing grave there."""
    violations: list[dict[str, Any]] = Axe().run(page, context=part).response["violations"]
    assert [each["id"] for each in violations if each["impact"] in ("serious", "critical")] == []


NewVisitor = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[NewVisitor]:
    """Makes visitors; none of them may have seen an error or a violation of the content policy when the test ends."""
    visitors: list[Visitor] = []

    def made(**options: Any) -> Visitor:
        context = browser.new_context(viewport={"width": WIDE, "height": HIGH}, **options)
        context.add_init_script(VIOLATIONS)
        visitors.append(Visitor(context, origin))
        return visitors[-1]

    yield made
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture(scope="session")
def once() -> dict[str, Planted]:
    """What tests of one file had analysed or planted, for those of the others: a browser is of one file, the server of
    `origin` and its sessions are of all of them.
    """
    return {}


@pytest.fixture(scope="module")
def analysed(browser: Browser, origin: str, clip: Path, once: dict[str, Planted]) -> Planted:
    """The results of `clip` in a seminar, for tests that only look at them."""
    if "analysed" not in once:
        once["analysed"] = results_of(clip, "seminar", "absent", browser.new_context(), origin)
    return once["analysed"]


@pytest.fixture(scope="module")
def talk(browser: Browser, origin: str, shared: Path, once: dict[str, Planted]) -> Planted:
    """The results of a real talk, with what was said: it takes longer than everything that tests look at in it."""
    if "talk" not in once:
        video = shared / "videos" / "talk.mp4"
        once["talk"] = results_of(video, "general", "done", browser.new_context(), origin)
    return once["talk"]


def results_of(clip: Path, environment: str, said: str, context: BrowserContext, origin: str) -> Planted:
    """Once the transcript has come to `said`."""
    page = Visitor(context, origin).analyse(clip, environment)
    expect(page.locator(f"[data-said={said}]")).to_be_visible(timeout=HEARD_MS)
    made = Planted(page.url, context.storage_state())
    context.close()
    return made


@pytest.fixture(scope="module")
def waves(browser: Browser, origin: str, server_folder: Path, once: dict[str, Planted]) -> Planted:
    """Ten minutes of three people with words, for tests that only look at them."""
    if "waves" not in once:
        with planted(
            browser, origin, server_folder / "data", minutes=10, faces=3, readings="waves", paragraph_s=25
        ) as made:
            once["waves"] = made
    return once["waves"]


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
