"""A walk over every page with the browser as the judge: nothing breaks the content policy, nothing is logged as an
error, and whatever a stranger wrote is text.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Dialog, Page, expect

from analytics.transcript import Word
from engageai.conftest import Server, start_server
from engageai.content import shape
from tests.browser.conftest import ROOT, NewVisitor, Visitor, at_results

PASSWORD: Final = "a walk over every page"
EXPECTED: Final = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
READY_MS: Final = 30_000
HOSTILE: Final = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}{%debug%}",
    "&lt;b&gt;&amp;amp;",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "\u2066\u05d0\u05d1\u2069",
    "\u200b\ufeff",
    "`${alert(1)}`",
    "\\u003cscript\\u003e",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("walk"))
    account = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "DATA_DIR": str(server.data_dir)}
    names = ["--noinput", "--username=keeper", "--email=keeper@example.org"]
    command = [sys.executable, "manage.py", "createsuperuser", *names]
    subprocess.run(command, cwd=ROOT, env=os.environ | account, check=True, capture_output=True)
    yield server
    server.process.terminate()
    server.process.wait(20)


@pytest.fixture
def visitor(visit: NewVisitor, server: Server) -> Visitor:
    """Whose fixture fails for every complaint of its console: violations of the policy are among them."""
    made = visit()
    made.origin = server.origin
    return made


def results_of(visitor: Visitor, clip: Path) -> Page:
    page = visitor.page()
    page.set_input_files("#file", clip)
    page.click("#go")
    page.wait_for_url(re.compile("/progress/|/recordings/"))
    at_results(page)
    expect(page.locator("[data-dashboard][data-ready]")).to_be_visible(timeout=READY_MS)
    expect(page.locator("[data-said=done], [data-said=absent]")).to_be_visible(timeout=READY_MS)
    return page


def look_at_all_of(page: Page) -> None:
    """Scrolled to its end, with whatever unfolds unfolded."""
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")


def policy_of(page: Page, path: str, visitor: Visitor) -> str:
    answer = page.goto(path if path.startswith("http") else visitor.origin + path)
    assert answer is not None
    look_at_all_of(page)
    return answer.headers["content-security-policy"]


def test_a_visitor_who_goes_everywhere_meets_no_violation(visitor: Visitor, clip: Path) -> None:
    page = results_of(visitor, clip)
    look_at_all_of(page)
    results = page.url
    for environment in page.locator("input[name=environment], [data-environment]").all()[:4]:
        if environment.is_visible():
            environment.click()
    page.wait_for_load_state("networkidle")
    for path in (results, f"{results}why/", "/live/", "/notice/", "/compare/", "/"):
        policy = policy_of(page, path, visitor)
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    page.reload()  # of the start page: the session of this tab ends, and its receipt is shown
    look_at_all_of(page)


@pytest.mark.parametrize("path", ["/nowhere/", "/s/00000000-0000-0000-0000-000000000000/recordings/"])
def test_an_error_page_meets_no_violation(path: str, visitor: Visitor) -> None:
    page = visitor.page()
    policy_of(page, path, visitor)
    expect(page.locator("h1").first).to_be_visible()
    visitor.complaints[:] = [line for line in visitor.complaints if not EXPECTED.search(line)]


def test_the_keeper_of_the_server_meets_no_violation(visitor: Visitor, clip: Path) -> None:
    results_of(visitor, clip)
    page = visitor.page("/admin/")
    page.fill("input[name=username]", "keeper")
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    expect(page.locator("a[href='/admin/analytics/analysissession/']").first).to_be_visible()
    lists = {link.get_attribute("href") for link in page.locator("a[href^='/admin/analytics/']").all()}
    for path in sorted(filter(None, lists)):
        policy_of(page, path, visitor)
    policy_of(page, "/admin/analytics/analysissession/", visitor)
    page.locator("#result_list tbody tr a").first.click()
    expect(page.locator("h1, h2").first).to_be_visible()
    look_at_all_of(page)


def dialogs_of(visitor: Visitor) -> list[str]:
    """What any script of a stranger would have shown; filled as it happens."""
    found: list[str] = []

    def note(dialog: Dialog) -> None:
        found.append(dialog.message)
        dialog.dismiss()

    visitor.context.on("dialog", note)
    return found


class Said:
    """A recording without sound, whose transcript a test writes, and a page that shows it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.path = page.url.split("?")[0].replace(server.origin, "")
        session, recording = re.findall(r"[0-9a-f-]{36}", self.path)
        self.file = server.data_dir / "sessions" / session / recording / "transcript.json"
        with closing(sqlite3.connect(server.data_dir / "db.sqlite3", timeout=20)) as database, database:
            done = "UPDATE analytics_transcript SET status = 'done' WHERE recording_id = ?"
            assert database.execute(done, [recording.replace("-", "")]).rowcount == 1

    def write(self, texts: list[str]) -> None:
        words = [Word(text, 2.0 * index, 2.0 * index + 0.2, 1.0) for index, text in enumerate(texts)]
        response = shape.build(words, language="en", duration_s=8.0, model="fake", sha256="0" * 64)
        response["results"]["channels"][0]["alternatives"][0]["paragraphs"]["paragraphs"] = [
            {"start": word.start_s, "end": word.end_s, "sentences": [sentence(word)]} for word in words
        ]
        part = self.file.with_name("transcript.test")
        part.write_text(json.dumps(response), encoding="utf-8")
        part.replace(self.file)

    def in_the_page(self) -> list[str]:
        """What the fragment's sentences are, once the browser has parsed them into the page as htmx does."""
        script = """async (path) => {
          const answer = await fetch(path);
          const place = document.createElement("div");
          document.body.append(place);
          place.innerHTML = await answer.text();
          const texts = [...place.querySelectorAll(".sentence")].map((each) => each.textContent);
          await new Promise((resolve) => setTimeout(resolve, 0));
          place.remove();
          return texts;
        }"""
        return list(self.page.evaluate(script, f"{self.path}transcript/"))


def sentence(word: Word) -> dict[str, Any]:
    return {"text": word.text, "start": word.start_s, "end": word.end_s}


texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30),
    st.tuples(st.sampled_from(HOSTILE), st.sampled_from(HOSTILE)).map("".join),
)


def test_whatever_was_said_is_text_in_the_page(visitor: Visitor, server: Server, clip: Path) -> None:
    alerts = dialogs_of(visitor)
    page = results_of(visitor, clip)
    said = Said(page, server)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(texts, min_size=20, max_size=40))
    def round_trips(spoken: list[str]) -> None:
        said.write(spoken)
        assert said.in_the_page() == spoken

    round_trips()
    said.write(HOSTILE)
    page.goto(page.url)
    expect(page.locator(".sentence")).to_have_count(len(HOSTILE), timeout=READY_MS)
    assert page.locator(".sentence").all_text_contents() == HOSTILE
    look_at_all_of(page)
    assert alerts == []


NAMES = ["<img src=x onerror=alert(1)>.mp4", "'><b>{{7*7}}\u05d0\u05d1.mp4", "</title><script>alert(1)</script>.mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_on_every_page(name: str, visitor: Visitor, clip: Path, tmp_path: Path) -> None:
    alerts = dialogs_of(visitor)
    file = tmp_path / name.replace("/", "\u2215")
    shutil.copy(clip, file)
    page = results_of(visitor, file)
    assert page.locator("h1").first.text_content() == file.name
    assert page.title().startswith(file.name)
    look_at_all_of(page)
    assert page.locator("main b", has_text="{{7*7}}").count() == 0
    assert alerts == []
