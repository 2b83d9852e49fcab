"""A session is one load of the page: real tabs, a real server, and its rows and files looked at on its disk."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from emotion_ml.tests import clips
from emotion_ml.tests.patience import slack
from engageai import own_server
from tests.browser.conftest import HEIGHT, WIDTH, NewVisitor, Visitor, at_results, swaying
from tests.browser.kept import Kept, session_of, until

GONE_MS: Final = 2000  # design.md: nothing is left 2 s after a reload
CLOSED_TAB_S: Final = 4  # more than it takes a busy machine to come from one page to the next
SESSION: Final = re.compile(r"/s/([0-9a-f-]{36})/")
SLOW_UPLOAD: Final = {"offline": False, "downloadThroughput": -1, "uploadThroughput": 50_000, "latency": 0}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a face: here it only matters that there are results."""
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=swaying)
    return clips.write(tmp_path_factory.mktemp("clips") / "short.mp4", clips.steady(10, 2.0), look)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("session-life") / "data"


@pytest.fixture(scope="session")
def origin(data_dir: Path) -> Iterator[str]:
    """A server that waits for a closed tab no longer than a test can, and that is slow enough to be interrupted."""
    settings = {"ANALYSIS_FPS": "30", "CLOSED_TAB_S": str(CLOSED_TAB_S), "SWEEP_EVERY_S": "1"}
    with own_server.serving(data_dir.parent, **settings) as server:
        yield server.origin


@pytest.fixture
def kept(data_dir: Path) -> Kept:
    return Kept(data_dir)


def sent(visitor: Visitor, clip: Path) -> Page:
    """A tab on the progress of a recording, or already on its results."""
    page = visitor.page()
    page.set_input_files("#file", clip)
    page.click("#go")
    page.wait_for_url(SESSION)
    return page


def analysed(visitor: Visitor, clip: Path) -> Page:
    return at_results(sent(visitor, clip))


def gone_after_reload(page: Page, kept: Kept) -> str:
    """Loads the page again; the session that it had, which the page itself has wiped."""
    session = session_of(page)
    assert kept.rows(session)
    with page.expect_response(lambda answer: answer.url.endswith(f"/s/{session}/wipe/")) as wiped:
        page.reload()
    assert wiped.value.ok
    until(lambda: kept.rows(session) == 0 and kept.files(session) == [], page, GONE_MS * slack())
    expect(page.locator(f"script[data-session='{session}']")).to_have_count(0)
    return session


def test_of_two_tabs_one_begins_anew_and_the_other_is_untouched(visit: NewVisitor, clip: Path, kept: Kept) -> None:
    visitor = visit()
    stays, goes = analysed(visitor, clip), analysed(visitor, clip)
    mine = session_of(stays)
    files, rows = kept.files(mine), kept.rows(mine)
    session = gone_after_reload(goes, kept)
    expect(goes).to_have_url(visitor.origin + "/")
    receipt = goes.locator("#receipt")
    expect(receipt).to_be_visible()
    expect(receipt).to_contain_text(re.compile(r"Wiped\. [2-9] files"))
    receipt.locator("summary").click()
    assert re.findall(r"\b[0-9a-f]{64}\b", receipt.inner_text())
    expect(receipt).to_contain_text(session)
    expect(receipt).not_to_contain_text(clip.name)
    assert (kept.files(mine), kept.rows(mine)) == (files, rows)
    stays.bring_to_front()
    for name in ("Classroom", "Seminar"):
        stays.get_by_role("link", name=name).click()
        expect(stays.locator("#headline-title")).to_contain_text(name.lower())
    goes.get_by_role("button", name="Dismiss").click()
    expect(receipt).to_be_hidden()


def test_what_another_tab_still_shows_is_not_wiped_and_that_is_said(visit: NewVisitor, clip: Path, kept: Kept) -> None:
    visitor = visit()
    visitor.excuse("409")  # the browser's own word for what is held
    goes = analysed(visitor, clip)
    session = session_of(goes)
    at_results(visitor.page(goes.url))
    goes.reload()
    expect(goes.locator("#held")).to_contain_text("still open in another tab")
    expect(goes.locator("#receipt")).to_be_hidden()
    assert kept.files(session)


def test_a_page_on_which_nothing_was_done_leaves_no_receipt(visit: NewVisitor, kept: Kept) -> None:
    page = visit().page()
    gone_after_reload(page, kept)
    page.wait_for_timeout(300)
    expect(page.locator("#receipt")).to_be_hidden()
    expect(page.locator("#held")).to_be_hidden()


def test_a_reload_in_the_middle_of_an_upload_leaves_nothing(visit: NewVisitor, tmp_path: Path, kept: Kept) -> None:
    visitor = visit()
    page = visitor.page()
    network = visitor.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW_UPLOAD)
    (tmp_path / "slow.mp4").write_bytes(bytes(4 * 1024 * 1024))
    page.set_input_files("#file", tmp_path / "slow.mp4")
    page.click("#go")
    expect(page.locator("#sending")).to_be_visible()
    gone_after_reload(page, kept)


def test_a_reload_in_the_middle_of_an_analysis_stops_it(visit: NewVisitor, long_clip: Path, kept: Kept) -> None:
    page = sent(visit(), long_clip)
    until(lambda: kept.running(session_of(page)), page)
    gone_after_reload(page, kept)
    expect(page.locator("#receipt")).to_contain_text(re.compile(r"[12] files?"))


def test_a_reload_while_a_version_for_browsers_is_made_stops_that_too(
    visit: NewVisitor, unplayable_clip: Path, kept: Kept
) -> None:
    page = sent(visit(), unplayable_clip)
    until(lambda: any("playback" in path.name for path in kept.files(session_of(page))), page)
    gone_after_reload(page, kept)


@pytest.fixture(scope="session")
def unplayable_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its pictures are large, so that turning them into H.264 takes seconds."""
    look = clips.Look(width=1280, height=720, codec="mpeg4")
    return clips.write(tmp_path_factory.mktemp("clips") / "room.avi", clips.steady(10, 40.0), look)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute in which nobody is to be seen: quick to make, and 900 pictures to read."""
    look = clips.Look(width=640, height=480)
    return clips.write(tmp_path_factory.mktemp("clips") / "long.mp4", clips.steady(30, 30.0), look)


def test_going_back_wipes_nothing_and_offers_what_there_is(visit: NewVisitor, clip: Path, kept: Kept) -> None:
    page = analysed(visit(), clip)
    session, results = session_of(page), page.url
    page.go_back()
    expect(page.locator(".kept")).to_contain_text(clip.name)
    assert session_of(page) == session
    page.locator(".kept a").click()
    at_results(page)
    assert page.url == results
    page.go_back()
    page.go_forward()
    at_results(page)
    assert kept.files(session)
    page.go_back()
    expect(page.locator(".kept")).to_be_visible()
    page.set_input_files("#file", clip)
    page.click("#go")
    at_results(page)
    assert session_of(page) == session
    assert kept.rows(session) == 3


def test_a_copied_tab_does_not_take_the_session_of_the_other_with_it(visit: NewVisitor, clip: Path, kept: Kept) -> None:
    visitor = visit()
    page = analysed(visitor, clip)
    session = session_of(page)
    with page.expect_popup() as opened:
        page.evaluate("() => { window.open('/'); }")  # with a copy of the tab's memory
    copy = opened.value
    copy.on("console", lambda message: None)
    copy.wait_for_load_state()
    assert session_of(copy) != session
    copy.wait_for_timeout(1500)
    assert kept.files(session)
    gone_after_reload(page, kept)


def test_a_closed_tab_is_wiped_and_one_that_is_left_for_a_page_of_ours_is_not(
    visit: NewVisitor, clip: Path, kept: Kept
) -> None:
    visitor = visit()
    page, other = analysed(visitor, clip), visitor.page("/notice/")
    session = session_of(page)
    page.goto(visitor.origin + "/notice/")
    page.wait_for_timeout((CLOSED_TAB_S + 1.5) * 1000)  # and one more look round of the sweep
    assert kept.files(session)
    page.close()
    taken_ms = until(lambda: kept.rows(session) == 0 and kept.files(session) == [], other, 60_000)
    assert taken_ms > CLOSED_TAB_S * 1000 * 0.5


def test_a_page_whose_session_is_wiped_elsewhere_says_so(visit: NewVisitor, clip: Path, kept: Kept) -> None:
    visitor = visit()
    visitor.excuse("404")  # what it still asked for
    page = analysed(visitor, clip)
    session = session_of(page)
    with sqlite3.connect(kept.data_dir / "db.sqlite3", timeout=10) as database:  # as a wipe of another process begins
        key = session.replace("-", "")
        database.execute("UPDATE analytics_analysissession SET ending_at = '2020-01-01' WHERE id = ?", [key])
    expect(page.locator("#session-gone")).to_be_visible()
    url = page.url
    page.locator("[data-environment=classroom]").click()
    expect(page.locator("#session-gone a")).to_be_focused()
    expect(page.locator("[data-trouble]")).to_be_hidden()
    assert page.url == url
    until(lambda: kept.rows(session) == 0 and kept.files(session) == [], page)


def test_a_tab_that_a_full_server_turns_away_comes_back_less_and_less_often(visit: NewVisitor) -> None:
    """Such a server opens the socket, says that it is busy and closes it: that is no success to begin anew from."""
    page = visit().context.new_page()
    asked: list[float] = []
    opened: list[WebSocketRoute] = []

    def taken(route: WebSocketRoute) -> None:
        asked.append(time.monotonic())
        opened.append(route)

    page.route_web_socket(re.compile("/presence$"), taken)
    page.goto(visit().origin)
    for _ in range(60):
        page.wait_for_timeout(100)
        while opened:
            opened.pop().close(code=1013, reason="busy")
    waits_s = np.diff(asked)
    assert 2 <= len(waits_s) <= 4
    assert waits_s[-1] > 1.5 * waits_s[0]


def test_a_reload_where_there_is_room_for_no_other_page_makes_that_room(visit: NewVisitor, tmp_path: Path) -> None:
    """The page that is refused has no session, and must not hold the one that its tab had."""
    visitor = visit()
    visitor.excuse("429|404")  # the refusal, and that what the tab had has gone by itself
    full = {"MAX_SESSIONS_PER_VISITOR": "1", "CLOSED_TAB_S": "1", "SWEEP_EVERY_S": "1"}
    with own_server.serving(tmp_path, **full) as server:
        page = visitor.page(server.origin)
        mine = Kept(server.data_dir)
        session = session_of(page)
        page.reload()
        expect(page.locator("main")).to_contain_text("too many of these pages open")
        until(lambda: mine.rows(session) == 0, page, 20_000)
        page.reload()
        assert session_of(page) != session
        page.close()
