"""What the page says and sends when several things keep it from reading: a pause, the camera, the connection."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import NewVisitor
from tests.browser.live.conftest import after, begun, number, until

UNPLUG: Final = "document.querySelector('#camera').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
STILL_MS: Final = 1500  # many results come in this time, where any come


class Line:
    """The page's sockets, as they are opened, and how many of them the server said it was ready on. What it says can be
    held back, as on a slow connection.
    """

    def __init__(self, page: Page, *, holds: bool = False) -> None:
        self.opened: list[WebSocketRoute] = []
        self.ready = 0
        self.holds = holds
        self._held: list[str | bytes] = []
        page.route_web_socket(re.compile("/live/"), self._proxy)

    def _proxy(self, route: WebSocketRoute) -> None:
        self.opened.append(route)
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            self.ready += '"ready"' in str(message)
            if self.holds:
                self._held.append(message)
            else:
                route.send(message)

        server.on_message(pass_on)

    def let_go(self) -> None:
        self.holds = False
        for message in self._held:
            self.opened[-1].send(message)


def listened(visit: NewVisitor, *, holds: bool = False) -> tuple[Page, Line]:
    page = visit().context.new_page()
    line = Line(page, holds=holds)
    page.goto(visit().origin + "/live/")
    return page, line


def paused_at_once(visit: NewVisitor) -> tuple[Page, Line]:
    """While it still connects, so that nothing is read."""
    page, line = listened(visit, holds=True)
    page.click("#go")
    page.click("#pause")
    until(lambda: line.ready == 1, page)
    line.let_go()
    expect(page.locator("#state-text")).to_have_text("Paused")
    return page, line


def assert_stands_still(page: Page) -> None:
    page.wait_for_timeout(STILL_MS)  # what was on its way when it began has come
    before = number(page, "#count")
    page.wait_for_timeout(STILL_MS)
    assert number(page, "#count") == before


def test_a_pause_outlasts_a_camera_that_was_unplugged(visit: NewVisitor) -> None:
    page = begun(visit().page("/live/"))
    page.click("#pause")
    page.evaluate(UNPLUG)
    expect(page.locator("#state-text")).to_have_text("Not reading")
    page.select_option("#cameras", index=0)
    expect(page.locator("#state-text")).to_have_text("Paused")
    expect(page.locator("#trouble")).to_be_hidden()
    assert_stands_still(page)
    button = page.get_by_role("button", name="Go on")
    before = number(page, "#count")
    button.click()
    expect(page.locator("#state-text")).to_have_text("Reading")
    after(page, before + 5)


def test_a_connection_that_ended_while_the_camera_was_away_is_made_again(visit: NewVisitor) -> None:
    page, line = listened(visit)
    begun(page)
    page.evaluate(UNPLUG)
    line.opened[0].close(code=1000, reason="nothing came for 30 s")
    page.wait_for_timeout(STILL_MS)
    assert len(line.opened) == 1
    before = number(page, "#count")
    page.select_option("#cameras", index=0)
    until(lambda: len(line.opened) == 2, page)
    expect(page.locator("#state-text")).to_have_text("Reading")
    after(page, before + 5)


def test_a_connection_that_is_there_again_does_not_hide_that_the_camera_is_not(visit: NewVisitor) -> None:
    page, line = listened(visit)
    begun(page)
    page.evaluate(UNPLUG)
    line.opened[0].close(code=1011, reason="test")
    until(lambda: line.ready == 2, page)
    page.wait_for_timeout(STILL_MS)
    expect(page.locator("#state-text")).to_have_text("Not reading")
    expect(page.locator("#trouble")).to_have_text(re.compile("^The camera was unplugged"))
    page.select_option("#cameras", index=0)
    expect(page.locator("#state-text")).to_have_text("Reading")
    expect(page.locator("#trouble")).to_be_hidden()


def test_another_camera_does_not_hide_that_the_session_is_gone(visit: NewVisitor) -> None:
    page, line = listened(visit)
    begun(page)
    page.evaluate(UNPLUG)
    line.opened[0].close(code=4404, reason="test")
    expect(page.locator("#trouble")).to_contain_text("has been wiped")
    page.select_option("#cameras", index=0)
    expect(page.locator("#trouble")).not_to_contain_text("unplugged")
    expect(page.locator("#trouble")).to_contain_text("has been wiped")
    expect(page.locator("#state-text")).to_have_text("Not reading")


def test_a_measurement_without_a_result_is_begun_anew(visit: NewVisitor) -> None:
    """The server keeps none, so nobody could go on with it."""
    page, line = paused_at_once(visit)
    line.opened[0].close(code=1000, reason="nothing came for 30 s")
    page.wait_for_timeout(STILL_MS)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#state-text")).to_have_text("Reading")
    assert [re.sub(r"\?.*", "", each.url)[-13:] for each in line.opened] == ["/live/general"] * 2
    after(page, 5)


def test_who_stopped_before_anything_was_read_can_turn_the_camera_on_again(visit: NewVisitor) -> None:
    page, _ = paused_at_once(visit)
    page.click("#stop")
    expect(page.locator("#refusal")).to_contain_text("Nothing was read")
    page.click("#go")
    expect(page.locator("#state-text")).to_have_text("Reading")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    after(page, 5)
