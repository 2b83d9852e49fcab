"""A visitor takes everything away: the ZIP, the report, the charts as pictures, the annotated video."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from emotion_ml.tests import clips
from tests.browser.conftest import HEIGHT, JOB_MS, WIDTH, NewVisitor, assert_fits, at_dashboard, swaying
from tests.browser.planted import Planted

FPS: Final = 10
SECONDS: Final = 3.0
PLAY: Final = """
async (source) => {
  const video = document.createElement("video");
  video.src = source;
  document.body.append(video);
  await new Promise((done, failed) => {
    video.onloadeddata = done;
    video.onerror = () => failed(video.error.message);
  });
  video.volume = 0.01;
  await video.play();
  while (video.currentTime < 1) await new Promise(requestAnimationFrame);
  video.pause();
  return { duration_s: video.duration, width: video.videoWidth, sound: video.webkitAudioDecodedByteCount };
}
"""
DURATION: Final = "() => document.querySelector('[data-stage] video').duration"


@pytest.fixture(scope="module")
def talking_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that moves, with sound."""
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=swaying)
    path = tmp_path_factory.mktemp("clips") / "sway.mp4"
    sound = clips.Sound(SECONDS, clicks_s=(1.0, 2.0))
    return clips.write(path, clips.steady(FPS, SECONDS), look, sound=sound, last_s=Fraction(1, FPS))


@pytest.fixture
def results(visit: NewVisitor, analysed: Planted) -> Page:
    return at_dashboard(visit(storage_state=analysed.cookies).page(analysed.url))


def taken(page: Page, selector: str) -> tuple[str, bytes]:
    """The name and the content of what a click downloads."""
    with page.expect_download() as download:
        page.locator(selector).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_that_words_are_missing_is_said_until_they_have_come_or_will_not(results: Page) -> None:
    """Their end is told by a fragment elsewhere on the page."""
    say = "(at) => at.insertAdjacentHTML('beforeend', '<p data-words-coming>without the words</p>')"
    results.locator(".exports-all").evaluate(say)
    for status in ("waiting", "running", "done", "absent", "failed", "cancelled"):
        tell = "(status) => (document.getElementById('said-place').innerHTML = `<div data-said=\"${status}\"></div>`)"
        results.evaluate(tell, status)
        expect(results.locator("[data-words-coming]")).to_be_visible(visible=status in ("waiting", "running"))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_zip_holds_what_the_page_shows(results: Page) -> None:
    results.locator("[data-environment=classroom]").click()
    expect(results.locator("[data-environment=classroom]")).to_have_attribute("aria-current", "true")
    shown = results.locator(".score-figure").inner_text()
    name, content = taken(results, "#exports a:text('Everything, as one ZIP')")
    assert name.startswith("sway _b_1-")
    assert name.endswith("-classroom-engageai.zip")
    archive = zipfile.ZipFile(io.BytesIO(content))
    manifest = json.loads(archive.read("manifest.json"))
    for each in manifest["members"]:
        assert hashlib.sha256(archive.read(each["name"])).hexdigest() == each["sha256"], each["name"]
    assert manifest["settings"]["environment"] == "classroom"
    result = json.loads(archive.read("result.json"))
    assert f"{result['engagement']['classroom']['score']:.1f}" == shown
    assert len(rows(archive.read("tables/instants.csv"))) == result["recording"]["frames_analysed"]
    assert f"{shown} of 5" in " ".join(
        PdfReader(io.BytesIO(archive.read("report.pdf"))).pages[0].extract_text().split()
    )


@pytest.mark.parametrize("chart", ["series", "environments", "distribution", "lanes"])
def test_each_chart_becomes_a_picture_that_says_what_made_it(chart: str, results: Page, clip: Path) -> None:
    section = results.locator("#exports")
    made_by = section.get_attribute("data-made-by")
    assert made_by is not None
    name, content = taken(results, f"#exports a[data-picture={chart}][data-kind=svg]")
    assert name.endswith(f"-seminar-{chart}.svg")
    words = " ".join(ElementTree.fromstring(content).itertext())
    for part in (made_by, clip.name, "Seminar", "settings "):
        assert part in words
    name, content = taken(results, f"#exports a[data-picture={chart}][data-kind=png]")
    assert name.endswith(f"-seminar-{chart}.png")
    image = Image.open(io.BytesIO(content))
    assert image.width == 2400
    assert len(image.convert("RGB").getcolors(1 << 22) or ()) > 30
    expect(results.locator("[data-export-trouble]")).to_be_hidden()


def test_tables_and_report_are_one_click_each(results: Page) -> None:
    name, content = taken(results, "#exports a:text-is('Readings')")
    assert name.endswith("-seminar-readings.csv")
    assert {row["left_out"] for row in rows(content)} <= {"", "blurred", "small", "turned"}
    name, content = taken(results, "#exports a:text-is('PDF')")
    assert name.endswith("-seminar-report.pdf")
    assert len(PdfReader(io.BytesIO(content)).pages) in (1, 2, 3)


def test_the_annotated_video_is_made_on_demand_and_plays_with_sound(visit: NewVisitor, talking_clip: Path) -> None:
    results = at_dashboard(visit().analyse(talking_clip))
    results.locator("#film-button").click()
    link = results.locator("[data-film-link]")
    expect(link).to_be_visible(timeout=JOB_MS)
    expect(results.locator("[data-film-spoken]")).to_have_text("The video is ready.")
    found: dict[str, Any] = results.evaluate(PLAY, link.get_attribute("href"))
    assert found["duration_s"] == pytest.approx(results.evaluate(DURATION), abs=1 / FPS)
    assert found["width"] == WIDTH
    assert found["sound"] > 0
    name, content = taken(results, "[data-film-link]")
    assert name.endswith("-seminar-annotated.mp4")
    assert content[4:8] == b"ftyp"
    _, content = taken(results, "#film a:text('Everything with it')")
    assert "annotated.mp4" in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_the_section_works_by_keyboard_and_on_a_phone(results: Page) -> None:
    page = results
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator("#film-button")).to_be_visible()
    assert_fits(page, 360)
    sizes = page.locator("#exports a:visible, #exports button:visible").evaluate_all(
        "(all) => all.map((each) => [each.getBoundingClientRect().height, each.textContent])"
    )
    assert [words for height, words in sizes if height < 24 and "Compare" not in words] == []
    link = page.locator("#exports a[data-picture=series][data-kind=svg]")
    link.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith("series.svg")
