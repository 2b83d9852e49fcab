"""The ZIP holds what it says it holds, down to the last byte, and the same again the next time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from analytics.exports import bundle, pictures, png, svg, tables
from analytics.exports.bundle import Member
from analytics.exports.material import Material
from analytics.exports.scene import Line
from analytics.readings import Readings
from analytics.results import to_json
from analytics.tests.exported import AT, SHA256, material, room, spoken, unread
from analytics.tests.synthetic import audience, dirichlet, info

SVG = "{http://www.w3.org/2000/svg}"


def made(found: Material) -> bytes:
    return b"".join(bundle.streamed(found, bundle.members(found)))


@pytest.fixture(scope="module")
def found() -> Material:
    return material(transcript=spoken("Hello.", "And now, the data.", "Bye."))


@pytest.fixture(scope="module")
def archive(found: Material) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(made(found)))


def manifest_of(archive: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return found


def test_the_manifest_names_every_member_with_its_size_and_digest(archive: zipfile.ZipFile) -> None:
    listed = manifest_of(archive)["members"]
    assert [each["name"] for each in listed] == [name for name in archive.namelist() if name != "manifest.json"]
    assert archive.namelist()[-1] == "manifest.json"
    for each in listed:
        content = archive.read(each["name"])
        assert each["bytes"] == len(content)
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
    assert archive.testzip() is None


def test_everything_is_in_it(found: Material, archive: zipfile.ZipFile) -> None:
    assert set(archive.namelist()) == {
        "README.txt",
        "result.json",
        "report.pdf",
        "manifest.json",
        *(f"tables/{table.file}" for table in tables.available(found)),
        *(
            f"charts/{name}.{kind}"
            for name in ("series", "environments", "distribution", "faces")
            for kind in ("svg", "png")
        ),
    }
    assert archive.read("result.json") == to_json(found.result)
    assert archive.read("report.pdf").startswith(b"%PDF-")


def test_the_manifest_says_what_made_it(found: Material, archive: zipfile.ZipFile) -> None:
    manifest = manifest_of(archive)
    assert (manifest["format"], manifest["format_version"], manifest["version"]) == ("engageai-bundle", 1, "1.2.3")
    assert manifest["model"] == {"name": "resnet50", "sha256": SHA256, "backend": "onnxruntime int8"}
    assert manifest["created"] == "2026-11-22T10:30:14+00:00"
    assert manifest["settings"] == found.label.settings
    assert manifest["settings"]["environments"]["seminar"]["Happy"] == found.environment.values[1]
    assert manifest["recording"]["sha256"] == "cd" * 32


def test_the_same_recording_gives_the_same_bytes(found: Material) -> None:
    again = material(transcript=spoken("Hello.", "And now, the data.", "Bye."))
    assert made(found) == made(again)
    assert made(material(environment_name="classroom")) != made(material())


def test_members_are_dated_by_the_analysis(archive: zipfile.ZipFile) -> None:
    assert {each.date_time for each in archive.infolist()} == {AT.timetuple()[:6]}


def test_it_is_sent_while_it_is_written(found: Material) -> None:
    asked: list[str] = []

    def members() -> Any:
        for name in ("one", "two"):
            asked.append(name)
            yield Member(name, "", [bytes(range(256)) * 4096])

    pieces = bundle.streamed(found, members())
    next(pieces)
    assert asked == ["one"]
    assert zipfile.ZipFile(io.BytesIO(made(found))).testzip() is None


def test_a_member_of_unknown_size_may_pass_two_gigabytes(found: Material) -> None:
    whole = b"".join(bundle.streamed(found, [Member("film.mp4", "", [b"film"], is_large=True)]))
    assert zipfile.ZipFile(io.BytesIO(whole)).read("film.mp4") == b"film"


@pytest.mark.parametrize("name", pictures.MAKERS)
def test_a_chart_says_in_words_what_it_shows_and_what_made_it(name: str, found: Material) -> None:
    scene = pictures.labelled(found, pictures.MAKERS[name])
    root = ElementTree.fromstring(svg.painted(scene))
    words = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    for part in ("talk.mp4", "EngageAI 1.2.3", SHA256[:12], "Seminar", found.label.settings_id, scene.title):
        assert part in words
    assert root.find(f"{SVG}desc") is not None
    assert {each.tag for each in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "desc", "polyline", "polygon", "rect", "circle", "text")
    }
    image = Image.open(io.BytesIO(png.painted(scene)))
    assert image.size == (round(2 * scene.width), round(2 * scene.height))
    assert len(image.getcolors(1 << 20) or range(1 << 20)) > 20
    assert image.text["Title"] == scene.title  # type: ignore[attr-defined]


def test_the_line_of_the_chart_lies_where_the_scores_are(found: Material) -> None:
    scene = pictures.series(found)
    green = [shape for shape in scene.shapes if isinstance(shape, Line) and shape.colour == "#0b6b5e"]
    values = [value for value in found.result["rolling"]["seminar"]["30s"] if value is not None]
    drawn = [y for shape in green for _, y in shape.points if len(shape.points) > 2]
    low, high, top, bottom = 2.0, 4.0, 26.0, 276.0
    back = [high - (y - top) / (bottom - top) * (high - low) for y in drawn]
    assert min(back) == pytest.approx(min(values), abs=1e-6)
    assert max(back) == pytest.approx(max(values), abs=1e-6)


def test_a_name_cannot_break_a_picture() -> None:
    found = material(name='</text><script>alert(1)</script>&\x07"\u05d0\u05d1.mp4')
    content = svg.painted(pictures.labelled(found, pictures.series))
    assert b"<script" not in content
    ElementTree.fromstring(content)
    png.painted(pictures.labelled(found, pictures.series))


def test_the_chart_of_what_stopped_early_is_described_as_of_what_was_read() -> None:
    assert " over 2:00, read as" in pictures.series(material()).summary
    stopped = pictures.series(material(info=info(7200.0), stopped_at_s=120.0))
    assert " over the first 2:00 of 2:00:00, read as" in stopped.summary


def test_a_recording_without_expressions_has_one_chart_of_presence() -> None:
    found = material(unread(room()), reads_expressions=False)
    archive = zipfile.ZipFile(io.BytesIO(made(found)))
    assert [name for name in archive.namelist() if name.startswith("charts/")] == [
        "charts/presence.svg",
        "charts/presence.png",
    ]
    assert b"Happy" not in archive.read("charts/presence.svg") + archive.read("manifest.json")
    assert manifest_of(archive)["recording"]["reads_expressions"] is False
    assert json.loads(archive.read("result.json"))["distribution"] is None


def test_presence_is_drawn_to_the_end_as_it_was_seen() -> None:
    """A face in view to the last instant stays on its line; where the file has a hole, the line has one."""
    found = unread(audience(np.arange(300) / 5, dirichlet(300, 1)))
    lines = [each for each in pictures.presence(_unread(found)).shapes if isinstance(each, Line) and each.width == 1.6]
    assert len({y for each in lines for _, y in each.points}) == 1
    times = np.where(np.arange(300) < 150, np.arange(300) / 5, np.arange(300) / 5 + 30)
    holed = unread(audience(times, dirichlet(300, 1)))
    drawn = [each for each in pictures.presence(_unread(holed)).shapes if isinstance(each, Line) and each.width == 1.6]
    assert len(drawn) == len(lines) + 1


def _unread(readings: Readings) -> Material:
    return material(readings, reads_expressions=False)


def test_a_table_without_a_row_is_in_it_as_the_page_offers_it() -> None:
    found = material(audience(np.arange(60) / 5, dirichlet(60, 1)))
    assert found.moments.found == ()
    archive = zipfile.ZipFile(io.BytesIO(made(found)))
    assert archive.read("tables/moments.csv").count(b"\r\n") == 1
    assert b"tables/moments.csv" in archive.read("README.txt")


def test_a_recording_without_anything_is_still_a_bundle() -> None:
    archive = zipfile.ZipFile(io.BytesIO(made(material(Readings.of([])))))
    assert archive.testzip() is None
    assert "report.pdf" in archive.namelist()
