"""A walk past every page and main state of the product, for whoever wants to look: axe, or the camera.

Each round opens what it needs and yields a stop: a name, and a page that stands still in that state. Knows the way and
nothing of what is looked for.
"""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from emotion_ml.tests import clips
from engageai import limits, own_server
from tests.browser import lecture
from tests.browser.conftest import CHROMIUM, FACE_UNTIL_S, FLAGS, HEIGHT, WIDTH, at_results, swaying
from tests.browser.live.conftest import CAMERA, FRAMES, begun, frame
from tests.browser.planted import ROOT

READY_MS: Final = 60_000
NO_CAMERA: Final = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
TABLES: Final = "(open) => document.querySelectorAll('details.behind').forEach((each) => (each.open = open))"
FORGED: Final = """(address) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address });
  document.body.append(form);
  form.submit();
}"""
"""A form without the token that the page's own carries."""
SWOLLEN: Final = """(bytes) => {
  const form = Object.assign(document.createElement("form"), { method: "post" });
  form.append(Object.assign(document.createElement("input"), { name: "words", value: "a".repeat(bytes) }));
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True, slots=True)
class House:
    """A server with its data folder, a browser with a camera, and clips to give it."""

    origin: str
    data: Path
    browser: Browser
    clip: Path
    empty_clip: Path
    film: Path


@dataclass(frozen=True, slots=True)
class Stop:
    name: str
    page: Page


Round = Callable[[House], Iterator[Stop]]


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Its own server, whose sessions outlive their pages for an hour."""
    clip, empty = folder / "Monday, rehearsal.mp4", folder / "Empty room.mp4"
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=swaying)
    clips.write(clip, clips.steady(10, FACE_UNTIL_S + 2), look, last_s=Fraction(1, 10))
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=lambda _, *size: swaying(FACE_UNTIL_S, *size))
    clips.write(empty, clips.steady(10, 2.0), look, last_s=Fraction(1, 10))
    film = lecture.film(folder)
    with (
        own_server.serving(folder, MAX_UPLOAD_MIB="64", CLOSED_TAB_S="3600") as server,
        opened_browser(folder) as browser,
    ):
        yield House(server.origin, server.data_dir, browser, clip, empty, film)


@contextmanager
def opened_browser(folder: Path) -> Iterator[Browser]:
    """With a camera that films one face."""
    film = folder / "camera.mjpeg"
    with film.open("wb") as file:
        for index in range(FRAMES):
            jpeg = io.BytesIO()
            Image.fromarray(frame(index)).save(jpeg, "JPEG", quality=90)
            file.write(jpeg.getvalue())
    with sync_playwright() as playwright:
        flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={film}"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@contextmanager
def tab(house: House, path: str = "/") -> Iterator[Page]:
    """A page of a browser of its own."""
    context = house.browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(house.origin + path)
    yield page
    context.close()


def arrival(house: House) -> Iterator[Stop]:
    with tab(house) as page:
        yield Stop("start", page)
        page.select_option("#purpose", "eu")
        yield Stop("start-in-the-eu", page)
        page.select_option("#purpose", "event")
        page.set_input_files("#file", house.clip)
        yield Stop("start-chosen", page)
        page.set_input_files("#file", {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"not a film " * 999})
        page.click("#go")
        expect(page.locator("#refusal")).to_be_visible(timeout=READY_MS)
        yield Stop("start-refused", page)


def sending(house: House) -> Iterator[Stop]:
    with tab(house) as page:
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1024 * 1024}
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        (slow_file := house.clip.with_name("talk.mp4")).write_bytes(bytes(8 * 1024 * 1024))
        page.set_input_files("#file", slow_file)
        page.click("#go")
        expect(page.locator("#sending-count")).to_contain_text("MiB,", timeout=READY_MS)
        yield Stop("start-sending", page)


def progress(house: House) -> Iterator[Stop]:
    with tab(house) as page:
        paths = {
            ending: lecture.seed(page, house.data, house.film, ending) for ending in ("running", "failed", "cancelled")
        }
        for ending, path in paths.items():
            beside = page.context.new_page()
            beside.goto(f"{house.origin}{path}progress/")
            expect(beside.locator(f"[data-status={ending}]")).to_be_visible()
            yield Stop(f"progress-{ending}", beside)


def results(house: House) -> Iterator[Stop]:
    with tab(house) as page:
        path = lecture.seed(page, house.data, house.film)
        page.goto(house.origin + path)
        at_dashboard(page)
        expect(page.locator(".found").first).to_be_visible(timeout=READY_MS)
        expect(page.locator("[data-said-list]")).to_be_visible(timeout=READY_MS)
        expect(page.locator(".paragraph-verdict").first).to_be_visible(timeout=READY_MS)
        page.locator("#next").scroll_into_view_if_needed()
        expect(page.locator("#resources")).to_be_visible(timeout=READY_MS)
        page.locator("[data-moments] [data-seek]").first.click()
        yield Stop("dashboard", page)
        page.evaluate(TABLES, True)
        yield Stop("dashboard-tables", page)
        page.evaluate(TABLES, False)
        page.locator("[data-lab-details] > summary").click()
        expect(page.locator("[data-lab-body]")).to_be_visible(timeout=READY_MS)
        yield Stop("laboratory", page)
        page.locator("[data-lab-details]").evaluate("(details) => { details.open = false; }")
        page.locator("#headline a[data-why]").click()
        expect(page.locator(".why .why-score")).to_be_visible(timeout=READY_MS)
        yield Stop("why", page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        yield Stop("keys", page)
        page.goto(house.origin + "/")  # whoever loads the start page anew is done with the old session
        expect(page.locator("#receipt")).to_be_visible(timeout=READY_MS)
        page.locator("#receipt summary").click()
        yield Stop("receipt", page)


def plain(house: House) -> Iterator[Stop]:
    """What stands by itself where there is no script, and where the analysis was stopped."""
    with tab(house) as page:
        path = lecture.seed(page, house.data, house.film, "partial")
        for name, end in (
            ("plain-why", "why/?of=whole"),
            ("plain-moments", "moments/"),
            ("plain-words", "transcript/"),
        ):
            beside = page.context.new_page()
            beside.goto(house.origin + path + end)
            yield Stop(name, beside)
        page.goto(house.origin + path)
        at_dashboard(page)
        yield Stop("dashboard-partial", page)


def without_faces(house: House) -> Iterator[Stop]:
    with tab(house) as page:
        page.set_input_files("#file", house.empty_clip)
        page.click("#go")
        yield Stop("dashboard-no-faces", at_results(page))


def without_expressions(house: House) -> Iterator[Stop]:
    with tab(house) as page:
        page.select_option("#purpose", "eu")
        page.set_input_files("#file", house.clip)
        page.click("#go")
        at_dashboard(at_results(page))
        yield Stop("dashboard-no-expressions", page)


def webcam(house: House) -> Iterator[Stop]:
    with tab(house, "/live/") as page:
        yield Stop("live-before", page)
        begun(page)
        yield Stop("live-running", page)
        page.click("#stop")
        at_results(page)
        yield Stop("live-results", page)
    with tab(house, "/nothing-here") as page:
        page.context.add_init_script(NO_CAMERA)
        page.goto(house.origin + "/live/")
        page.click("#go")
        expect(page.locator("#refusal")).to_be_visible()
        yield Stop("live-refused", page)


def aside(house: House) -> Iterator[Stop]:
    with tab(house, "/notice/") as page:
        yield Stop("notice", page)
        for name, path in (("compare", "/compare/"), ("api", "/api/v1/docs"), ("error-404", "/nothing-here")):
            page.goto(house.origin + path)
            yield Stop(name, page)
        page.goto(house.origin + "/")
        address = page.locator("#intake").get_attribute("action")
        page.evaluate(FORGED, address)
        expect(page.locator(".message")).to_be_visible()
        yield Stop("error-403", page)


def refusals(house: House) -> Iterator[Stop]:
    """Of a server of its own, which lets a visitor begin once an hour and loses a table of its database."""
    folder = house.data.parent / "strict"
    folder.mkdir()
    with own_server.serving(folder, PAGES_PER_HOUR="1") as server:
        strict = replace(house, origin=server.origin, data=server.data_dir)
        with tab(strict, "/notice/") as page:
            page.evaluate(SWOLLEN, limits.FORM_BYTES)
            expect(page.get_by_role("heading", name="Too large")).to_be_visible()
            yield Stop("error-413", page)
            for _ in range(3):  # the first makes somebody of them, the second is the one of the hour
                page.goto(strict.origin + "/")
            expect(page.get_by_role("heading", name="One moment")).to_be_visible()
            yield Stop("error-429", page)
        with closing(sqlite3.connect(next(server.data_dir.glob("*.sqlite3")))) as database:
            database.execute("ALTER TABLE analytics_analysissession RENAME TO lost")
            database.commit()
        with tab(strict) as page:
            expect(page.get_by_role("heading", name="Something broke")).to_be_visible()
            yield Stop("error-500", page)


def operator(house: House) -> Iterator[Stop]:
    with tab(house) as visitor, tab(house, "/admin/") as page:
        path = lecture.seed(visitor, house.data, house.film)
        yield Stop("admin-login", page)
        name, password = account(house.data)
        page.fill("#id_username", name)
        page.fill("#id_password", password)
        page.click("[type=submit]")
        expect(page.get_by_role("heading", name="Sessions and jobs")).to_be_visible()
        yield Stop("admin", page)
        page.goto(house.origin + "/admin/analytics/analysissession/")
        yield Stop("admin-sessions", page)
        session = path.split("/")[2]
        page.goto(f"{house.origin}/admin/analytics/analysissession/{session}/change/")
        expect(page.locator("[data-figure=series] .main-svg").first).to_be_visible(timeout=READY_MS)
        yield Stop("admin-session", page)


ROUNDS: Final[dict[str, Round]] = {
    each.__name__: each
    for each in (
        *(arrival, sending, progress, results, plain),
        *(without_faces, without_expressions, webcam, aside, refusals, operator),
    )
}


def at_dashboard(page: Page) -> None:
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)


def account(data: Path) -> tuple[str, str]:
    """The name and the password that the documented command makes."""
    command = [sys.executable, "manage.py", "admin_account", "operator"]
    settings = os.environ | {"DATA_DIR": str(data)}
    made = subprocess.run(command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True, check=True)
    name, password = made.stdout.split()
    return name, password
