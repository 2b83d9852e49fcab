"""Pictures of every page and main state in light, dark and phone width: `make screenshots` puts them into screenshots/.

`python -m tests.browser.screenshots [round ...]`; with --docs the pictures of the documents are made anew as well.
Every face in them is scikit-image's, every reading of the lecture is made up.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.sync_api import Page

from engageai import own_server
from tests.browser import walk

ROOT: Final = own_server.ROOT
COLOURS_IN_DOCS: Final = 160
"""Of a picture's palette: it keeps each below 150 kB."""


SETTLE_MS: Final = 600  # charts are drawn again for a new width, thumbnails are taken


@dataclass(frozen=True, slots=True)
class View:
    name: str
    scheme: Literal["light", "dark"]
    width: int
    height: int


VIEWS: Final = (
    View("light", "light", 1280, 800),
    View("dark", "dark", 1280, 800),
    View("phone", "light", 360, 740),
    View("projector", "light", 1920, 1080),
)
ON_PROJECTOR: Final = {"start", "dashboard", "live-running", "laboratory"}
DOCUMENTED: Final = {
    "start": ("tour/1-start.png", None),
    "progress-running": ("tour/2-progress.png", None),
    "dashboard": ("tour/3-results.png", None),
    "why": ("tour/4-why.png", None),
    "laboratory": ("tour/5-laboratory.png", "#laboratory"),
    "receipt": ("tour/6-receipt.png", None),
    "live-running": ("tour/7-webcam.png", None),
}
"""Stop -> (file below docs/, the part of the page that it shows; None: what one sees first)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="*", choices=[[], *walk.ROUNDS], default=[])
    parser.add_argument("--docs", action="store_true", help="make the pictures of docs/ anew")
    asked = parser.parse_args()
    out = ROOT / "screenshots"
    if not asked.rounds:
        shutil.rmtree(out, ignore_errors=True)
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, walk.house(Path(folder)) as found:
        for name in asked.rounds or walk.ROUNDS:
            for stop in walk.ROUNDS[name](found):
                if asked.docs and stop.name in DOCUMENTED:
                    document(stop)
                shoot(stop, out)
                print(stop.name, flush=True)


def shoot(stop: walk.Stop, out: Path) -> None:
    for view in VIEWS:
        if view.name != "projector" or stop.name in ON_PROJECTOR:
            see(stop.page, view)
            whole = not stop.page.locator("dialog[open]").count()
            stop.page.screenshot(path=out / f"{stop.name}.{view.name}.png", full_page=whole)
    see(stop.page, VIEWS[0])


def see(page: Page, view: View) -> None:
    page.emulate_media(color_scheme=view.scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": view.width, "height": view.height})
    page.wait_for_timeout(SETTLE_MS)


def document(stop: walk.Stop) -> None:
    name, part = DOCUMENTED[stop.name]
    target = ROOT / "docs" / name
    target.parent.mkdir(exist_ok=True)
    # Tall enough that the results show the answer, the video and the lines.
    stop.page.set_viewport_size({"width": 1280, "height": 1330 if stop.name == "dashboard" else 800})
    stop.page.evaluate("scrollTo(0, 0)")
    stop.page.wait_for_timeout(SETTLE_MS)
    picture = stop.page.locator(part).screenshot() if part else stop.page.screenshot()
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS_IN_DOCS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


if __name__ == "__main__":
    main()
