"""A Chromium whose camera plays a real face, and the steps that every test of the webcam page begins with."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, portrait

CAMERA: Final = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
WIDTH, HEIGHT = 640, 480
FRAMES: Final = 150
SWAY_PX: Final = 130
SWAY_FRAMES: Final = 50  # there and back: up to 16 pixels from one frame to the next
FACE_TOP: Final = 90
FACE_PX: Final = 300  # side of the portrait
FACE_AT: Final = (0.47, 0.45)  # the middle of the face in the portrait, as shares of its side
MARK_AT: Final = (250, 20)  # a square that moves with the face, from the portrait's corner
MARK_PX: Final = 40
READY_MS: Final = 30_000


def face_left(index: int) -> int:
    """Where the portrait begins in frame `index`."""
    return 170 + round(SWAY_PX * float(np.sin(2 * np.pi * index / SWAY_FRAMES)))


def frame(index: int) -> NDArray[np.uint8]:
    picture = np.full((HEIGHT, WIDTH, 3), 118, np.uint8)
    left, top = face_left(index), FACE_TOP
    picture[top : top + FACE_PX, left : left + FACE_PX] = portrait()
    x, y = left + MARK_AT[0], top + MARK_AT[1]
    picture[y : y + MARK_PX, x : x + MARK_PX] = (20, 230, 20)
    return picture


@pytest.fixture(scope="session")
def camera_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    with path.open("wb") as file:
        for index in range(FRAMES):
            jpeg = io.BytesIO()
            Image.fromarray(frame(index)).save(jpeg, "JPEG", quality=90)
            file.write(jpeg.getvalue())
    return path


@pytest.fixture(scope="module")
def browser(camera_file: Path) -> Iterator[Browser]:
    """As everywhere here, with a camera."""
    with sync_playwright() as playwright:
        flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={camera_file}"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


def begun(page: Page, environment: str = "general") -> Page:
    page.check(f"input[value={environment}]")
    page.click("#go")
    expect(page.locator("#state-text")).to_have_text("Reading", timeout=READY_MS)
    return after(page, 5)


def after(page: Page, results: float) -> Page:
    """Once there are more than so many."""
    until(lambda: number(page, "#count") > results, page)
    return page


def until(condition: Callable[[], bool], page: Page) -> None:
    """Playwright's own waiting evaluates text in the page, which its policy forbids."""
    end = time.monotonic() + READY_MS / 1000
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        page.wait_for_timeout(50)


def number(page: Page, selector: str) -> float:
    return float(page.inner_text(selector))
