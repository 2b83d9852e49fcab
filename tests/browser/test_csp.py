"""A walk over every page with the browser as the judge: nothing breaks the content policy, nothing is logged as an
error, and whatever a stranger wrote is text.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Dialog, Page, expect

from analytics import scoring
from analytics.transcript import Word
from emotion_ml.tests import clips
from engageai.content import shape
from tests.browser.conftest import HEIGHT, REFUSED, ROOT, WIDTH, NewVisitor, Visitor, at_dashboard, swaying, unfold
from tests.browser.planted import Plan, plant

PASSWORD: Final = "a walk over every page"
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
def keeper(origin: str, server_folder: Path) -> str:
    """The name of an account on the server of `origin`."""
    account = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "DATA_DIR": str(server_folder / "data")}
    names = ["--noinput", "--username=keeper", "--email=keeper@example.org"]
    command = [sys.executable, "manage.py", "createsuperuser", *names]
    subprocess.run(command, cwd=ROOT, env=os.environ | account, check=True, capture_output=True)
    return "keeper"


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a face, for tests to which its results are all the same."""
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=swaying)
    return clips.write(tmp_path_factory.mktemp("clips") / "short.mp4", clips.steady(10, 2.0), look)


@pytest.fixture
def visitor(visit: NewVisitor) -> Visitor:
    """Whose fixture fails for every complaint of its console: violations of the policy are among them."""
    return visit()


def results_of(visitor: Visitor, clip: Path) -> Page:
    page = at_dashboard(visitor.analyse(clip))
    expect(page.locator("[data-said=done], [data-said=absent]")).to_be_visible()
    return page


def look_at_all_of(page: Page) -> None:
    """Scrolled to its end, with whatever unfolds unfolded."""
    unfold(page)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")


def policy_of(page: Page, path: str, visitor: Visitor) -> str:
    answer = page.goto(path if path.startswith("http") else visitor.origin + path)
    assert answer is not None
    look_at_all_of(page)
    return answer.headers["content-security-policy"]


def test_a_visitor_who_goes_everywhere_meets_no_violation(visitor: Visitor, short_clip: Path) -> None:
    page = results_of(visitor, short_clip)
    look_at_all_of(page)
    results = page.url
    for environment in scoring.NAMES:
        page.locator(f"[data-environment={environment}]").click()
        expect(page.locator(f"[data-environment={environment}]")).to_have_attribute("aria-current", "true")
    page.wait_for_load_state("networkidle")
    for path in (results, f"{results}why/", "/live/", "/notice/", "/compare/", "/"):
        policy = policy_of(page, path, visitor)
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    page.reload()  # of the start page: the session of this tab ends, and its receipt is shown
    look_at_all_of(page)


@pytest.mark.parametrize("path", ["/nowhere/", "/s/00000000-0000-0000-0000-000000000000/recordings/"])
def test_an_error_page_meets_no_violation(path: str, visitor: Visitor) -> None:
    visitor.excuse(REFUSED)
    page = visitor.page()
    policy_of(page, path, visitor)
    expect(page.locator("h1").first).to_be_visible()


@pytest.mark.usefixtures("analysed")
def test_the_keeper_of_the_server_meets_no_violation(visitor: Visitor, keeper: str) -> None:
    page = visitor.page("/admin/")
    page.fill("input[name=username]", keeper)
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
    """A recording whose transcript a test writes, and a page that shows it."""

    def __init__(self, page: Page, path: str, data: Path) -> None:
        self.page = page
        self.path = path
        session, recording = re.findall(r"[0-9a-f-]{36}", path)
        self.file = data / "sessions" / session / recording / "transcript.json"
        assert self.file.exists()

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


def test_whatever_was_said_is_text_in_the_page(visitor: Visitor, server_folder: Path) -> None:
    alerts = dialogs_of(visitor)
    page = visitor.page()
    path = plant(page, server_folder / "data", Plan(minutes=1, faces=1))
    page.goto(visitor.origin + path)
    said = Said(page, path, server_folder / "data")

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.lists(texts, min_size=20, max_size=40))
    def round_trips(spoken: list[str]) -> None:
        said.write(spoken)
        assert said.in_the_page() == spoken

    round_trips()
    said.write(HOSTILE)
    page.goto(page.url)
    expect(page.locator(".sentence")).to_have_count(len(HOSTILE))
    assert page.locator(".sentence").all_text_contents() == HOSTILE
    look_at_all_of(page)
    assert alerts == []


NAMES = ["<img src=x onerror=alert(1)>.mp4", "'><b>{{7*7}}\u05d0\u05d1.mp4", "</title><script>alert(1)</script>.mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_on_every_page(name: str, visitor: Visitor, short_clip: Path, tmp_path: Path) -> None:
    alerts = dialogs_of(visitor)
    file = tmp_path / name.replace("/", "\u2215")
    shutil.copy(short_clip, file)
    page = results_of(visitor, file)
    assert page.locator("h1").first.text_content() == file.name
    assert page.title().startswith(file.name)
    look_at_all_of(page)
    assert page.locator("main b", has_text="{{7*7}}").count() == 0
    assert alerts == []
