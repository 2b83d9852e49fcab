"""A visitor brings a recording and reads its results, in a real browser against the real server and network."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FACE_UNTIL_S, NewVisitor, Visitor, at_dashboard, at_results
from tests.browser.planted import Planted

DROP: Final = """
([content, ...names]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  for (const name of names) dataTransfer.items.add(new File([bytes], name, { type: "video/mp4" }));
  const drop = document.querySelector("#drop");
  for (const type of ["dragenter", "dragover", "drop"]) {
    drop.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}
"""
NO_SOCKETS: Final = "window.WebSocket = class { constructor() { throw new Error('blocked'); } };"
DEAF_SOCKETS: Final = "window.WebSocket = class extends EventTarget {};"
PLAY_FOR_A_WHILE: Final = """
async () => {
  const video = document.querySelector("video");
  video.muted = true;
  await video.play();
  while (video.currentTime < 2) await new Promise(requestAnimationFrame);
  video.pause();
  return video.currentTime;
}
"""
PAINTED: Final = """
([left, top, width, height]) => {
  const canvas = document.querySelector("canvas");
  const scale = canvas.width / Number(document.querySelector("[data-stage]").dataset.width);
  const area = [left, top, width, height].map((value) => Math.round(value * scale));
  const { data } = canvas.getContext("2d").getImageData(...area);
  let painted = 0;
  for (let index = 3; index < data.length; index += 4) painted += data[index] > 0;
  return painted;
}
"""
EVERYWHERE: Final = [0.0, 0.0, 480.0, 360.0]


@pytest.fixture
def owner(visit: NewVisitor, analysed: Planted) -> Visitor:
    return visit(storage_state=analysed.cookies)


@pytest.fixture
def results(owner: Visitor, analysed: Planted) -> Page:
    """Of the clip, in a seminar."""
    return at_dashboard(owner.page(analysed.url))


def result_of(page: Page) -> dict[str, Any]:
    url = page.get_by_role("link", name="Download result.json").get_attribute("href")
    answer = page.request.get(re.sub(r"^(https?://[^/]+).*", rf"\1{url}", page.url))
    found: dict[str, Any] = answer.json()
    return found


def at(result: Any, path: str) -> Any:
    for key in path.split("."):
        result = result[int(key) if isinstance(result, list) else key]
    return result


def assert_same_numbers(page: Page) -> dict[str, Any]:
    """Every number on the page is that of result.json, to the last digit in the markup and rounded for the eye."""
    result = result_of(page)
    shown = page.locator("data[data-from]")
    found = shown.evaluate_all("(all) => all.map((each) => [each.dataset.from, each.value])")
    assert len(found) > 20
    for path, value in found:
        assert float(value) == at(result, path), path
    return result


def score(page: Page) -> str:
    return page.locator(".score-figure").inner_text()


def drawn(page: Page, chart: str) -> list[dict[str, Any]]:
    """The traces as plotly holds them."""
    script = "(node) => node.data.map(({ x, y, values, meta }) => ({ x, y, values, meta }))"
    traces: list[dict[str, Any]] = page.locator(f"[data-chart={chart}]").evaluate(script)
    return traces


@pytest.mark.parametrize("way", ["picker", "drop"])
def test_a_recording_in_and_its_scores_out(way: str, visit: NewVisitor, clip: Path) -> None:
    page = visit().page()
    if way == "picker":
        with page.expect_file_chooser() as chooser:
            page.locator("#drop").click()
        chooser.value.set_files(clip)
    else:
        page.evaluate(DROP, [base64.b64encode(clip.read_bytes()).decode(), clip.name])
    expect(page.locator("#drop-title")).to_have_text(clip.name)
    page.check("input[value=classroom]")
    page.click("#go")
    at_dashboard(page)
    expect(page.locator("h1")).to_have_text(clip.name)
    result = assert_same_numbers(page)
    assert result["recording"]["duration_s"] == pytest.approx(8.0, abs=0.05)
    assert result["coverage"] == pytest.approx(FACE_UNTIL_S / 8.0, abs=0.06)
    band = result["engagement"]["classroom"]
    assert score(page) == f"{band['score']:.1f}"
    assert drawn(page, "distribution")[0]["values"] == pytest.approx(list(result["distribution"].values()), abs=1e-6)
    instants = [each["engagement"] for each in result["series"]]
    (line,) = [trace for trace in drawn(page, "series") if trace["meta"]["line"] == "instant"]
    assert len(line["y"]) == len(instants)
    for value, known in zip(line["y"], instants, strict=True):
        assert value is None if known is None else value == pytest.approx(known["classroom"], abs=1e-4)


def test_of_two_recordings_dropped_at_once_it_says_which_one_is_taken(visit: NewVisitor) -> None:
    page = visit().page()
    page.evaluate(DROP, ["AAAA", "first.mp4", "second.mp4"])
    expect(page.locator("#drop-title")).to_have_text("first.mp4")
    sentence = "One recording is taken at a time: first.mp4 was, and the other file was not."
    expect(page.locator("#drop-only")).to_have_text(sentence)
    expect(page.locator("#spoken")).to_have_text(sentence)
    page.evaluate(DROP, ["AAAA", "third.mp4"])
    expect(page.locator("#drop-only")).to_be_hidden()


@pytest.mark.parametrize("sockets", [NO_SOCKETS, DEAF_SOCKETS], ids=["blocked", "deaf"])
def test_the_progress_arrives_without_a_socket(sockets: str, visit: NewVisitor, clip: Path) -> None:
    visitor = visit()
    visitor.context.add_init_script(sockets)
    at_dashboard(visitor.analyse(clip))


def test_the_whole_way_works_without_javascript(visit: NewVisitor, clip: Path) -> None:
    page = visit(java_script_enabled=False).page()
    page.set_input_files("#file", clip)
    page.check("input[value=product_demo]")
    page.click("#go")
    at_results(page)
    assert_same_numbers(page)
    page.get_by_role("link", name="Classroom").click()
    expect(page.locator("#headline-title")).to_contain_text("classroom")


def test_another_environment_is_shown_without_another_analysis(results: Page) -> None:
    page = results
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    result = result_of(page)
    for name, label in (("product_demo", "Product demo"), ("classroom", "Classroom")):
        page.get_by_role("link", name=label).click()
        expect(page.locator("#headline-title")).to_contain_text(label.lower())
        expect(page).to_have_url(re.compile(f"environment={name}"))
        assert_same_numbers(page)
        assert score(page) == f"{result['engagement'][name]['score']:.1f}"
        page.wait_for_function(
            "(name) => document.querySelector('[data-chart=environments]').data"
            ".find((trace) => trace.meta.colour === 'accent').meta.environment === name",
            arg=name,
        )
        page.wait_for_function(
            "(value) => Math.abs(document.querySelector('[data-chart=series]').data"
            ".findLast((trace) => trace.meta.line === 'cumulative').y.at(-1) - value) < 1e-4",
            arg=result["rolling"][name]["cumulative"][-1],
        )
        page.goto(page.url)
        at_dashboard(page)
        assert score(page) == f"{result['engagement'][name]['score']:.1f}"
    assert [line for line in asked if not line.startswith("GET ")] == []


def wait_until_painted(page: Page, area: list[float], more_than: int) -> None:
    page.wait_for_function(f"([area, least]) => ({PAINTED})(area) > least", arg=[area, more_than])


def wait_until_clear(page: Page) -> None:
    page.wait_for_function(f"(area) => ({PAINTED})(area) === 0", arg=EVERYWHERE)


def test_boxes_follow_the_face_and_leave_with_it(results: Page) -> None:
    t_s = results.evaluate(PLAY_FOR_A_WHILE)
    box = box_at(results, t_s)
    wait_until_painted(results, grown(box, 6), 200)
    inside = [box[0] + box[2] * 0.3, box[1] + box[3] * 0.3, box[2] * 0.4, box[3] * 0.4]
    assert results.evaluate(PAINTED, inside) == 0
    results.evaluate("document.querySelector('video').currentTime = 7")
    expect(results.locator("[data-now-faces]")).to_have_text("No face found")
    wait_until_clear(results)


def box_at(page: Page, t_s: float) -> list[float]:
    boxes = page.locator("[data-dashboard]").get_attribute("data-boxes")
    body = page.request.get(
        re.sub(r"^(https?://[^/]+).*", rf"\1{boxes}?from={t_s - 0.5}&to={t_s + 0.5}", page.url)
    ).json()
    reading = [each for each in body["readings"] if each["t_s"] <= t_s + 0.05][-1]
    found: list[float] = reading["faces"][0]["box"]
    return found


def grown(box: list[float], by_px: float) -> list[float]:
    left, top = max(box[0] - by_px, 0), max(box[1] - by_px, 0)
    return [left, top, box[2] + 2 * by_px, box[3] + 2 * by_px]


def test_the_switch_of_the_boxes_hides_them(results: Page) -> None:
    wait_until_painted(results, EVERYWHERE, 0)
    results.uncheck("[data-boxes-switch]")
    assert results.evaluate(PAINTED, EVERYWHERE) == 0


def test_a_click_on_the_chart_moves_the_video_and_the_cursor(results: Page) -> None:
    chart = results.locator(".chart-time").first
    area = chart.bounding_box()
    assert area is not None
    chart.click(position={"x": area["width"] / 2, "y": area["height"] / 2})
    middle_s = (area["width"] / 2 - 64) / (area["width"] - 80) * 8.0
    assert results.evaluate("document.querySelector('video').currentTime") == pytest.approx(middle_s, abs=0.05)
    cursor = results.locator("[data-slider]").bounding_box()
    assert cursor is not None
    frame_px = (area["width"] - 80) * 0.1 / 8.0  # the cursor stands at the picture on screen
    assert cursor["x"] + cursor["width"] / 2 == pytest.approx(area["x"] + area["width"] / 2, abs=frame_px + 1)
    results.locator("[data-slider]").press("ArrowRight")
    assert results.evaluate("document.querySelector('video').currentTime") == pytest.approx(middle_s + 1, abs=0.15)


def test_the_lanes_take_no_more_room_than_their_chart(results: Page) -> None:
    heights = results.locator("[data-chart=lanes]").evaluate(
        "(node) => [node.clientHeight, node.firstChild.clientHeight]"
    )
    assert heights[0] == heights[1]
    cursor = results.locator(".chart-time:has([data-chart=lanes]) [data-cursor]").bounding_box()
    chart = results.locator("[data-chart=lanes]").bounding_box()
    assert cursor is not None
    assert chart is not None
    assert cursor["y"] + cursor["height"] == pytest.approx(
        chart["y"] + chart["height"] - 32, abs=1
    )  # where the axis is


def test_a_stranger_sees_nothing_of_it(visit: NewVisitor, analysed: Planted) -> None:
    other = visit().context.new_page()
    for url in (analysed.url, *(analysed.url + end for end in ("result.json", "video", "figures/general.json"))):
        answer = other.goto(url)
        assert answer is not None
        assert answer.status == 404
    other.goto(analysed.url)
    expect(other.locator("h1")).to_have_text("Nothing here")


def test_a_recording_without_a_face_is_explained(visit: NewVisitor, empty_clip: Path) -> None:
    page = visit().analyse(empty_clip)
    expect(page.get_by_role("heading", name="No face was found.")).to_be_visible()
    expect(page.locator(".facts")).not_to_contain_text("at once")
    expect(page.locator("[data-chart]")).to_have_count(0)


def test_a_real_talk_gives_the_numbers_of_its_result(visit: NewVisitor, talk: Planted) -> None:
    page = at_dashboard(visit(storage_state=talk.cookies).page(talk.url))
    result = assert_same_numbers(page)
    assert result["recording"]["duration_s"] == pytest.approx(204.9, abs=0.2)
