"""The webcam page in a real Chromium whose camera plays a real face."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, NewVisitor, portrait

CAMERA: Final = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
WIDTH, HEIGHT = 640, 480
FRAMES: Final = 150
SWAY_PX: Final = 130
SWAY_FRAMES: Final = 50  # there and back: up to 16 pixels from one frame to the next
FACE_AT: Final = (0.47, 0.45)  # the middle of the face in the portrait, as shares of its side
MARK_AT: Final = (250, 20)  # a square that moves with the face, from the portrait's corner
MARK_PX: Final = 40
READY_MS: Final = 30_000
REFUSED: Final = re.compile(r"Failed to load resource: the server responded with a status of 404|WebSocket connection")

READINGS = "() => JSON.parse(document.querySelector('#picture').dataset.faces ?? '[]')"
BOX_AND_MARK = """() => {
  const canvas = document.querySelector("#picture");
  const [face] = JSON.parse(canvas.dataset.faces ?? "[]");
  if (!face) return null;
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0, count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 1] > 180 && data[at] < 90 && data[at + 2] < 90) { sum += (at / 4) % width; count += 1; }
  }
  const shown = canvas.clientWidth / 640;
  return count ? { box: (face.box[0] + face.box[2] / 2) / shown, mark: sum / count / shown, id: face.id } : null;
}"""
TWO_CAMERAS = """
const devices = navigator.mediaDevices;
const [list, open] = [devices.enumerateDevices.bind(devices), devices.getUserMedia.bind(devices)];
const ceiling = { kind: "videoinput", deviceId: "ceiling", label: "Ceiling camera" };
devices.enumerateDevices = async () => [...(await list()), ceiling];
devices.getUserMedia = ({ video: { deviceId, ...video } }) => {
  window.opened = deviceId?.exact;
  return open({ video });
};
"""
NO_CAMERA = """
const refuse = () => Promise.reject(new DOMException("", "%s"));
navigator.mediaDevices.getUserMedia = refuse;
"""


def face_left(index: int) -> int:
    """Where the portrait begins in frame `index`."""
    return 170 + round(SWAY_PX * float(np.sin(2 * np.pi * index / SWAY_FRAMES)))


def frame(index: int) -> NDArray[np.uint8]:
    picture = np.full((HEIGHT, WIDTH, 3), 118, np.uint8)
    left, top = face_left(index), 90
    picture[top : top + 300, left : left + 300] = portrait()
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
    page.check("#agree")
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


def points(page: Page) -> int:
    return int(page.get_attribute("#chart", "data-points") or 0)


def test_a_face_is_read_live_and_stop_gives_its_dashboard(visit: NewVisitor) -> None:
    visitor = visit()
    page = begun(visitor.page("/live/"), "seminar")
    samples: list[Any] = []
    for _ in range(20):
        page.wait_for_timeout(150)
        samples += page.evaluate(READINGS)
    assert len(samples) >= 15
    happy = [face["p"].index(max(face["p"])) == 1 for face in samples]
    assert np.mean(happy) > 0.8
    before = points(page)
    page.wait_for_timeout(1500)
    assert points(page) > before
    assert number(page, "#score") > 1
    assert number(page, "#p50") < 500
    page.click("#stop")
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)
    expect(page.locator("#headline-title")).to_contain_text("seminar")
    assert "there is no video of it" in page.inner_text(".player")
    result = json.loads(page.request.get(page.url.partition("?")[0] + "result.json").text())
    assert result["dominant"] == "Happy"
    assert result["coverage"] > 0.8
    assert result["recording"]["frames_analysed"] > 50


def test_loading_the_page_again_wipes_what_the_tab_had_before(visit: NewVisitor) -> None:
    visitor = visit()
    page = begun(visitor.page("/live/"))
    page.click("#stop")
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)
    results = page.url
    other = visitor.page("/live/")  # another tab of the same browser changes nothing
    assert other.request.get(results).status == 200
    page.goto(visitor.origin + "/live/")
    page.wait_for_timeout(2000)
    assert page.request.get(results).status == 404
    begun(page)
    page.reload()
    expect(page.locator("#consent")).to_be_visible()
    visitor.complaints[:] = [line for line in visitor.complaints if not REFUSED.search(line)]


def test_a_box_lies_over_the_very_frame_that_it_was_found_in(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    pairs = []
    for _ in range(40):
        page.wait_for_timeout(60)
        if pair := page.evaluate(BOX_AND_MARK):
            pairs.append((pair["box"], pair["mark"]))
    boxes, marks = np.array(pairs).T
    assert np.ptp(marks) > SWAY_PX, "the face did not move"
    mirrored = 300 * FACE_AT[0] - (MARK_AT[0] + MARK_PX / 2)  # from the mark to the middle of the face
    apart = boxes - (marks - mirrored)
    assert np.abs(np.median(apart)) < 25
    assert np.abs(apart - np.median(apart)).max() < 16
    assert np.std(apart) < 6  # the face moves up to 16 pixels a frame: a box one frame late would be that far off


def test_nothing_is_read_without_consent(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => { window.asked = true; return Promise.reject() } }"
    )
    page.click("#go")
    assert not page.evaluate("window.asked === true")
    expect(page.locator("#live")).to_be_hidden()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("NotAllowedError", "was not allowed"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "in use by another program"),
        ("SecurityError", "does not allow a camera"),
        ("AbortError", "could not be opened (AbortError)"),
    ],
)
def test_a_camera_that_cannot_be_had_says_why(visit: NewVisitor, error: str, sentence: str) -> None:
    visitor = visit()
    visitor.context.add_init_script(NO_CAMERA % error)
    page = visitor.page("/live/")
    page.check("#agree")
    page.click("#go")
    expect(page.locator("#refusal")).to_contain_text(sentence)
    expect(page.locator("#go")).to_be_enabled()


def test_a_camera_that_is_unplugged_says_so_and_another_can_be_chosen(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    page.evaluate("document.querySelector('#camera').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#trouble")).to_contain_text("unplugged")
    expect(page.locator("#live")).to_have_attribute("data-state", "trouble")
    before = number(page, "#count")
    page.select_option("#cameras", index=0)
    expect(page.locator("#state-text")).to_have_text("Reading")
    expect(page.locator("#trouble")).to_be_hidden()
    after(page, before + 5)


def test_the_camera_can_be_changed_while_it_runs(visit: NewVisitor) -> None:
    visitor = visit()
    visitor.context.add_init_script(TWO_CAMERAS)
    page = begun(visitor.page("/live/"))
    assert page.locator("#cameras option").all_inner_texts()[1:] == ["Ceiling camera"]
    page.select_option("#cameras", index=1)
    until(lambda: page.evaluate("window.opened === 'ceiling'"), page)
    before = number(page, "#count")
    after(page, before + 10)
    expect(page.locator("#state-text")).to_have_text("Reading")


@pytest.mark.parametrize("code", [1011, 1000])
def test_a_closed_connection_is_made_again_and_goes_on_with_the_same_measurement(visit: NewVisitor, code: int) -> None:
    page = visit().context.new_page()
    opened: list[WebSocketRoute] = []

    def proxy(route: WebSocketRoute) -> None:
        route.connect_to_server()
        opened.append(route)

    page.route_web_socket(re.compile("/live/"), proxy)
    page.goto(visit().origin + "/live/")
    begun(page)
    opened[0].close(code=code, reason="test")
    if code == 1011:
        expect(page.locator("#trouble")).to_contain_text("what was measured is kept")
    expect(page.locator("#state-text")).to_have_text("Reading", timeout=READY_MS)
    until(lambda: len(opened) == 2, page)
    assert re.search(r"/live/general/[0-9a-f-]{36}$", opened[1].url)
    before = number(page, "#count")
    after(page, before + 5)
    expect(page.locator("#trouble")).to_be_hidden()


def test_slow_answers_make_the_page_send_less_and_say_so(visit: NewVisitor) -> None:
    page = visit().context.new_page()

    def slow(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def late(message: str | bytes) -> None:
            page.wait_for_timeout(300)
            route.send(message)

        server.on_message(late)

    page.route_web_socket(re.compile("/live/"), slow)
    page.goto(visit().origin + "/live/")
    page.check("#agree")
    page.click("#go")
    expect(page.locator("#sending")).to_contain_text("smaller pictures are sent: 480 pixels", timeout=READY_MS)


def test_the_pace_steps_down_when_slow_and_up_again_when_quick(visit: NewVisitor) -> None:
    levels = (
        visit()
        .page("/live/")
        .evaluate(
            """async () => {
          const { Pace } = await import("/static/js/live-pace.js");
          const pace = new Pace();
          const levels = [];
          let now = 0;
          const run = (ms, seconds) => {
            for (const end = now + 1000 * seconds; now < end; now += Math.max(ms, 33)) pace.add(now, ms);
            levels.push(pace.level);
          };
          run(40, 20); run(400, 4); run(400, 30); run(180, 20); run(40, 12); run(40, 60);
          return levels;
        }"""
        )
    )
    assert levels[0] == 0
    assert levels[1] in (1, 2)
    assert levels[2] == 4
    assert levels[3] == 4  # neither slow nor quick: nothing changes
    assert levels[4] == 2
    assert levels[5] == 0


def test_pause_stops_the_reading_and_going_on_continues_it(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    page.click("#pause")
    expect(page.locator("#state-text")).to_have_text("Paused")
    page.wait_for_timeout(300)
    before = number(page, "#count")
    page.wait_for_timeout(700)
    assert number(page, "#count") == before
    page.click("#pause")
    expect(page.locator("#state-text")).to_have_text("Reading")
    after(page, before)


def test_another_environment_changes_the_score_at_once_and_opens_the_dashboard(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    until(lambda: "interval" in page.inner_text("#band"), page)
    general = page.inner_text("#band")
    page.click("#environments button[value=product_demo]")
    assert page.inner_text("#band") != general
    page.click("#stop")
    page.wait_for_url(re.compile(r"environment=product_demo"))
    expect(page.locator("#headline-title")).to_contain_text("product demo", timeout=READY_MS)


def test_everything_can_be_done_with_the_keyboard(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.focus("#agree")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#state-text")).to_have_text("Reading", timeout=READY_MS)
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#spoken")).to_have_text("Paused")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-dashboard]")).to_be_visible(timeout=READY_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_page_fits_and_complains_of_nothing(visit: NewVisitor, width: int, scheme: str) -> None:
    page = visit(color_scheme=scheme).page("/live/")
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    begun(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    aspect = page.evaluate(
        "(({ clientWidth, clientHeight }) => clientWidth / clientHeight)(document.querySelector('#stage'))"
    )
    assert aspect == pytest.approx(WIDTH / HEIGHT, rel=0.02)
