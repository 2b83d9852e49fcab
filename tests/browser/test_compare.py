"""Two bundles are compared in the browser: offline, checked against their digests, with nothing sent anywhere."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import struct
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from analytics.exports import bundle
from analytics.exports.material import Material
from analytics.readings import Readings
from analytics.results import to_json
from analytics.scoring import environment
from analytics.tests.exported import material, room, unread
from analytics.tests.synthetic import audience, info, one_hot
from emotion_ml.tests.patience import slack
from tests.browser.conftest import NewVisitor, assert_fits

CHECKED_WITHIN_S: Final = 10.0
DROP: Final = """
([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.querySelector("[data-side=B] label").dispatchEvent(
      new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}
"""


def people(emotion: str, seconds: float) -> Readings:
    count = round(seconds * 5)
    rng = np.random.default_rng(len(emotion))
    shares = 0.6 * rng.dirichlet([1, 2, 4, 1, 1], (count, 3)) + 0.4 * one_hot(emotion)
    return audience(np.arange(count) / 5, shares)


@cache
def zipped(found: Material) -> bytes:
    return b"".join(bundle.streamed(found, bundle.members(found)))


@pytest.fixture(scope="module")
def happy() -> Material:
    return material(people("Happy", 120.0), name="happy.mp4", info=info(120.0))


@pytest.fixture(scope="module")
def sad() -> Material:
    return material(people("Sad", 60.0), name="<b>sad</b>.mp4", info=info(60.0), source_sha256="ef" * 32)


@pytest.fixture
def page(visit: NewVisitor) -> Page:
    page = visit().page("/compare/")
    expect(page.locator("[data-compare][data-ready]")).to_be_visible()
    return page


def put(page: Page, side: str, content: bytes, name: str = "bundle.zip") -> None:
    page.set_input_files(f"#file-{side}", {"name": name, "mimeType": "application/octet-stream", "buffer": content})


def assert_refused(page: Page, content: bytes, reason: str, name: str = "bundle.zip") -> None:
    put(page, "A", content, name)
    expect(page.locator("#refusal-A")).to_contain_text(reason)
    expect(page.locator("[data-result]")).to_be_hidden()


def rebuilt(content: bytes, **changed: Callable[[bytes], bytes] | None) -> bytes:
    """The same ZIP with other members in it, or without; the manifest keeps its digests."""
    source, out = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            edit = changed.get(re.sub(r"\W", "_", name), bytes)
            if edit is not None:
                target.writestr(name, edit(source.read(name)))
    return out.getvalue()


def test_two_bundles_are_compared_without_the_server(
    page: Page, happy: Material, sad: Material, tmp_path: Path
) -> None:
    page.wait_for_load_state("networkidle")  # a busy browser asks for the page's icon late
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    paths = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for path, found in zip(paths, (happy, sad), strict=True):
        path.write_bytes(zipped(found))
    page.set_input_files("#file-A", paths)
    expect(page.locator("[data-result]")).to_be_visible(timeout=20_000)
    page.locator("input[value=seminar]").check(force=True)
    a, b = (found.result["engagement"]["seminar"] for found in (happy, sad))
    for side, band in (("A", a), ("B", b)):
        card = page.locator(f"[data-score={side}]")
        expect(card.locator("[data-figure]")).to_have_text(f"{band['score']:.2f}")
        expect(card.locator("[data-band]")).to_have_text(f"95 % interval {band['low']:.2f} to {band['high']:.2f}")
    listed = len(zipfile.ZipFile(paths[0]).namelist()) - 1  # all but the manifest itself
    difference = b["score"] - a["score"]
    low = difference - math.hypot(b["score"] - b["low"], a["high"] - a["score"])
    high = difference + math.hypot(b["high"] - b["score"], a["score"] - a["low"])
    signed = [f"{value:+.2f}".replace("-", "\u2212") for value in (difference, low, high)]
    expect(page.locator("[data-difference]")).to_have_text(signed[0])
    expect(page.locator("[data-difference-band]")).to_have_text(f"95 % interval {signed[1]} to {signed[2]}")
    expect(page.locator("[data-verdict]")).to_have_text("A is higher, and the interval leaves out 0.")
    expect(page.locator("[data-side=B] [data-name]")).to_have_text("<b>sad</b>.mp4")
    expect(page.locator("[data-side=A] [data-facts]")).to_contain_text(f"all {listed} files checked")
    assert asked == []


def test_it_opens_with_the_environment_of_the_first_bundle_until_one_is_chosen(
    page: Page, happy: Material, sad: Material
) -> None:
    put(page, "B", zipped(replace(sad, label=replace(sad.label, environment=environment("product_demo")))))
    put(page, "A", zipped(happy))
    expect(page.locator("[data-result]")).to_be_visible()
    expect(page.locator("input[value=seminar]")).to_be_checked()
    score = happy.result["engagement"]["seminar"]["score"]
    expect(page.locator("[data-score=A] [data-figure]")).to_have_text(f"{score:.2f}")
    page.locator("input[value=general]").check(force=True)
    put(page, "B", zipped(sad))
    expect(page.locator("[data-side=B] [data-facts]")).to_contain_text("files checked")
    expect(page.locator("input[value=general]")).to_be_checked()


def test_one_recording_twice_is_not_taken_for_two(page: Page, happy: Material) -> None:
    put(page, "A", zipped(happy))
    put(page, "B", zipped(replace(happy, name="again.mp4", readings=people("Sad", 120.0))))
    expect(page.locator("[data-verdict]")).to_contain_text("These are the same recording: ")
    expect(page.locator("[data-difference]")).not_to_have_text("\N{EN DASH}")
    expect(page.locator("[data-difference-band]")).to_have_text("")


def test_nothing_is_said_any_more_of_a_file_that_is_no_longer_there(page: Page, happy: Material, sad: Material) -> None:
    put(page, "A", zipped(happy))
    put(page, "B", zipped(sad))
    expect(page.locator("[data-spoken]")).to_have_text("A is higher, and the interval leaves out 0.")
    put(page, "B", b"nonsense", "nonsense.zip")
    expect(page.locator("#refusal-B")).to_be_visible()
    expect(page.locator("[data-spoken]")).to_have_text("")


def ends(page: Page) -> list[float]:
    """Where the two lines end, as shares of the axis."""
    script = """(paths) => paths.map((path) => {
      const box = path.getBBox();
      const svg = path.ownerSVGElement;
      return (box.x + box.width - 40) / (svg.clientWidth - 60);
    })"""
    found: list[float] = page.locator(".compare-line").evaluate_all(script)
    return found


def test_lines_are_laid_over_each_other_from_the_start_or_as_shares(page: Page, happy: Material, sad: Material) -> None:
    put(page, "A", zipped(happy))
    put(page, "B", zipped(sad))
    expect(page.locator(".compare-line")).to_have_count(2)
    assert ends(page) == pytest.approx([1.0, 0.5], abs=0.01)
    page.get_by_label("As a share of each recording").check()
    assert ends(page) == pytest.approx([1.0, 1.0], abs=0.01)
    page.get_by_text("As a table").click()
    expect(page.locator("[data-table] tr")).to_have_count(11)


def test_what_was_made_differently_is_flagged(page: Page, happy: Material) -> None:
    def coarser(content: bytes) -> bytes:
        result = json.loads(content)
        result["settings"]["analysis_fps"] = 2.0
        result["model"]["sha256"] = "ef" * 32
        result["version"] = "0.9"
        return to_json(result)

    put(page, "A", to_json(happy.result), "result.json")
    put(page, "B", coarser(to_json(happy.result)), "other.json")
    expect(page.locator("[data-caution]")).to_contain_text("Made differently (network, most readings a second)")
    differing = page.locator("tr[data-differs] th")
    expect(differing).to_have_text(["Version", "Network", "Most readings a second"])
    expect(page.locator("[data-verdict]")).to_have_text("The interval holds 0: the two cannot be told apart.")
    expect(page.locator("[data-side=A] [data-facts]")).not_to_contain_text("checked")


def test_a_file_is_dropped_on_its_side(page: Page, happy: Material) -> None:
    content = base64.b64encode(zipped(happy)).decode()
    page.evaluate(DROP, [content, "dropped.zip"])
    expect(page.locator("[data-side=B] [data-name]")).to_have_text("happy.mp4")
    expect(page.locator("[data-side=A] [data-name]")).to_have_text("Drop a bundle here")


def test_a_changed_result_is_refused(page: Page, happy: Material) -> None:
    changed = rebuilt(zipped(happy), result_json=lambda content: content.replace(b'"Happy"', b'"Heppy"', 1))
    assert_refused(page, changed, "its digest differs from the manifest")


def test_each_changed_or_missing_file_is_named(page: Page, happy: Material) -> None:
    one = rebuilt(zipped(happy), tables_readings_csv=lambda content: content.replace(b"1", b"2", 1))
    assert_refused(page, one, "bundle.zip: tables/readings.csv in this bundle is not the one that it was made with")
    two = rebuilt(zipped(happy), README_txt=bytes.upper, charts_series_svg=bytes.upper)
    assert_refused(page, two, "bundle.zip: charts/series.svg, README.txt in this bundle are not those that")
    assert_refused(
        page, rebuilt(zipped(happy), report_pdf=None), "bundle.zip: report.pdf in this bundle is not the one"
    )


@pytest.mark.slow
def test_a_bundle_of_two_hours_is_checked_while_one_looks(page: Page) -> None:
    long = zipped(material(people("Happy", 7200.0), name="long.mp4", info=info(7200.0)))
    began_s = time.monotonic()
    put(page, "A", long)
    expect(page.locator("[data-side=A] [data-facts]")).to_contain_text("files checked")
    took_s = time.monotonic() - began_s
    print(f"{len(long) / 2**20:.1f} MiB checked in {took_s:.2f} s")
    assert took_s < CHECKED_WITHIN_S * slack()


def test_a_later_form_of_bundle_is_refused_by_name(page: Page, happy: Material) -> None:
    newer = rebuilt(
        zipped(happy), manifest_json=lambda text: text.replace(b'"format_version": 1', b'"format_version": 2')
    )
    assert_refused(page, newer, "This bundle is of form 2, made by EngageAI 1.2.3; this page reads form 1.")


def test_what_is_no_result_is_refused_with_a_reason(page: Page, happy: Material) -> None:
    whole = zipped(happy)
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("holiday.txt", "sun")
    short = json.loads(to_json(happy.result))
    short["series"] = short["series"][:-1]
    cases = {
        b"": "neither a bundle (ZIP) nor a result.json",
        b"\x89PNG\r\n\x1a\n0000": "neither a bundle (ZIP) nor a result.json",
        whole[: len(whole) // 2]: "not a ZIP, or it was cut off",
        other.getvalue(): "not a bundle of EngageAI",
        b'{"a": ': "not readable",
        b'{"a": 1}': "it has no version, model",
        json.dumps(short).encode(): "its lines and its times differ in length",
    }
    for row, (content, reason) in enumerate(cases.items()):
        assert_refused(page, content, f"file {row}: ", f"file {row}")  # and not what was said of the one before
        expect(page.locator("#refusal-A")).to_contain_text(reason)


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(page: Page, happy: Material) -> None:
    content = bytearray(zipped(happy))
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"result.json"))
    (size,) = struct.unpack_from("<I", content, entry + 24)
    struct.pack_into("<I", content, entry + 24, size // 2)
    assert_refused(page, bytes(content), "larger than it says")


def test_a_recording_without_expressions_has_nothing_to_compare(page: Page) -> None:
    notice = {"purpose": "work", "exemption": None, "expressions": False}
    found = material(unread(room()), reads_expressions=False, notice=notice)
    assert_refused(page, zipped(found), "no score to compare")


def test_a_good_file_takes_the_place_of_a_bad_one(page: Page, happy: Material) -> None:
    assert_refused(page, b"nonsense", "neither a bundle (ZIP) nor a result.json")
    put(page, "A", zipped(happy))
    expect(page.locator("#refusal-A")).to_be_hidden()
    expect(page.locator("[data-side=A] [data-name]")).to_have_text("happy.mp4")


def test_it_fits_a_phone_and_a_keyboard(page: Page, happy: Material, sad: Material) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    put(page, "A", zipped(happy))
    put(page, "B", zipped(sad))
    expect(page.locator("[data-result]")).to_be_visible()
    assert_fits(page, 360)
    page.locator("input[value=classroom]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[value=product_demo]")).to_be_checked()
    scores: dict[str, Any] = happy.result["engagement"]
    expect(page.locator("[data-score=A] [data-figure]")).to_have_text(f"{scores['product_demo']['score']:.2f}")
