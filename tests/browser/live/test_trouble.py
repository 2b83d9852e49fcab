"""What the page says and does when the camera, the connection or the visitor is not as it would like."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import NewVisitor
from tests.browser.live.conftest import after, begun, number, until

TWO_CAMERAS: Final = """
const devices = navigator.mediaDevices;
const [list, open] = [devices.enumerateDevices.bind(devices), devices.getUserMedia.bind(devices)];
const ceiling = { kind: "videoinput", deviceId: "ceiling", label: "Ceiling camera" };
devices.enumerateDevices = async () => [...(await list()), ceiling];
devices.getUserMedia = ({ video: { deviceId, ...video } }) => {
  window.opened = deviceId?.exact;
  return open({ video });
};
"""
HEAR: Final = """() => {
  const trouble = document.querySelector("#trouble");
  window.told = [];
  const listener = new MutationObserver(() => window.told.push(trouble.textContent));
  listener.observe(trouble, { childList: true });
}"""
"""What is said of a trouble that is soon over."""
NO_CAMERA: Final = """
const refuse = () => Promise.reject(new DOMException("", "%s"));
navigator.mediaDevices.getUserMedia = refuse;
"""


def test_the_camera_is_not_touched_before_the_button_that_says_what_it_agrees_to(visit: NewVisitor) -> None:
    page = visit().page("/live/")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => { window.asked = true; return Promise.reject() } }"
    )
    page.locator(".choices label").first.click()
    assert not page.evaluate("window.asked === true")
    expect(page.locator("#live")).to_be_hidden()
    page.click("#go")
    page.wait_for_function("window.asked === true")


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
    page.evaluate(HEAR)
    opened[0].close(code=code, reason="test")
    until(lambda: len(opened) == 2, page)
    expect(page.locator("#state-text")).to_have_text("Reading")
    told = page.evaluate("window.told.join(' ')")
    assert ("what was measured is kept" in told) == (code == 1011)
    assert re.search(r"/live/general/[0-9a-f-]{36}(\?.*)?$", opened[1].url)
    before = number(page, "#count")
    after(page, before + 5)
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_session_that_was_wiped_during_an_outage_is_said_to_be_gone(visit: NewVisitor, server_folder: Path) -> None:
    visitor = visit()
    page = visitor.context.new_page()
    opened: list[WebSocketRoute] = []
    is_out = False

    def proxy(route: WebSocketRoute) -> None:
        if is_out:
            route.close(code=1011)
        else:
            opened.extend([route, route.connect_to_server()])

    page.route_web_socket(re.compile("/live/|/presence$"), proxy)
    page.goto(visitor.origin + "/live/")
    begun(page)
    session = page.locator("script[data-session]").get_attribute("data-session") or ""
    is_out = True
    for route in opened:
        route.close(code=1011)
    expect(page.locator("#trouble")).to_contain_text("what was measured is kept")
    with sqlite3.connect(server_folder / "data" / "db.sqlite3", timeout=10) as database:
        key = session.replace("-", "")
        database.execute("UPDATE analytics_analysissession SET ending_at = '2020-01-01' WHERE id = ?", [key])
    expect(page.locator("#trouble")).to_contain_text("has been wiped")
    expect(page.locator("#live")).to_have_attribute("data-state", "trouble")
    expect(page.locator("#session-gone")).to_be_visible()
    assert page.evaluate("document.querySelector('#camera').srcObject === null")
    page.wait_for_timeout(1500)
    expect(page.locator("#trouble")).not_to_contain_text("Trying again")


def test_what_was_measured_and_dropped_is_counted_over_gaps_and_connections(visit: NewVisitor) -> None:
    shown = (
        visit()
        .page("/live/")
        .evaluate(
            """async () => {
          const { Link } = await import("/static/js/live-link.js");
          const { Panel } = await import("/static/js/live-panel.js");
          const emotions = JSON.parse(document.getElementById("emotions").textContent);
          const panel = new Panel(document.getElementById("live"), emotions);
          let made = null;
          const Real = window.WebSocket;
          window.WebSocket = class extends EventTarget {
            constructor() {
              super();
              made = this;
            }
            close() {}
          };
          const read = { rate: 1, p50: 1, p95: 1 };
          const link = new Link("/ws/nowhere", 1e6, {
            ready: () => {}, stopped: () => {}, silent: () => {}, lost: () => {},
            result: (message) => panel.show(message, "general", read, 1, { settled: true }),
          });
          const say = (message) => made.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
          const result = (t_s, dropped) => say({ kind: "result", id: 1, t_s, faces: [], engagement: null, dropped });
          const shown = [];
          const note = () => shown.push(["elapsed", "dropped"].map((id) => document.getElementById(id).textContent));
          link.open();
          result(0, 0);
          result(1, 3);
          result(25, 4); // nobody looked at the page in between
          note();
          link.open();
          result(26, 0);
          note();
          result(27, 5);
          note();
          window.WebSocket = Real;
          return shown;
        }"""
        )
    )
    assert shown == [["0:03", "4"], ["0:04", "4"], ["0:05", "9"]]


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
    page.click("#go")
    expect(page.locator("#sending")).to_contain_text(re.compile(r"smaller pictures are sent: (480|320|240) pixels"))


def test_no_camera_is_left_running_by_a_change_of_mind(visit: NewVisitor) -> None:
    """Two cameras asked for one right after the other, and a close while the browser still asks its visitor."""
    left = (
        visit()
        .page("/live/")
        .evaluate(
            """async () => {
          const { Camera } = await import("/static/js/live-camera.js");
          const given = [];
          const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (...wanted) => {
            const stream = await real(...wanted);
            given.push(stream);
            await new Promise((resolve) => setTimeout(resolve, 100));
            return stream;
          };
          const tracks = () => given.flatMap((each) => each.getTracks());
          const running = () => tracks().filter((each) => each.readyState === "live").length;
          const camera = new Camera(document.createElement("video"), () => {});
          const [first, second] = await Promise.all([camera.open(), camera.open()]);
          const afterTwo = running();
          camera.close();
          const late = camera.open();
          camera.close();
          return { first, second, afterTwo, late: await late, given: given.length, afterClose: running() };
        }"""
        )
    )
    assert left == {"first": False, "second": True, "afterTwo": 1, "late": False, "given": 3, "afterClose": 0}


def test_a_pause_or_stop_while_connecting_leaves_no_socket_open(visit: NewVisitor) -> None:
    """A session has few sockets: one that is forgotten counts until the page is closed."""
    visitor = visit()
    visitor.excuse("closed before the connection is established")
    left = visitor.page("/live/").evaluate(
        """async () => {
          const { Link } = await import("/static/js/live-link.js");
          const made = [];
          const Real = window.WebSocket;
          window.WebSocket = class extends Real {
            constructor(...given) {
              super(...given);
              made.push(this);
            }
          };
          const link = new Link(JSON.parse(document.getElementById("options").textContent).socket + "general", 1e6, {
            ready: () => {}, result: () => {}, stopped: () => {}, silent: () => {}, lost: () => {},
          });
          link.open();
          link.open(); // paused, then gone on with
          const asked = link.stop();
          await new Promise((resolve) => setTimeout(resolve, 1500));
          return { made: made.length, open: made.filter((each) => each.readyState < Real.CLOSING).length, asked };
        }"""
    )
    assert left == {"made": 2, "open": 0, "asked": False}


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
