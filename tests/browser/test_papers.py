"""What to read next, in a real browser: with consent and stand-ins for the services, papers with their DOI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import av
import pytest
from playwright.sync_api import Browser, expect

from engageai.conftest import start_server
from engageai.scholarly.tests import answers
from engageai.scholarly.tests.stand_in import Handler, StandIn, body, standing_in
from tests.browser import lecture
from tests.browser.conftest import HEARD_MS, WIDE, Visitor, assert_fits, at_what_to_read

EXCERPT_S: Final = 34.0
HOSTILE: Final = "<img src=x onerror=alert(1)>"


def on_what_was_asked(handler: Handler) -> None:
    """One work about whatever it was asked for."""
    words = parse_qs(urlsplit(handler.path).query)["query.bibliographic"][0]
    work = answers.crossref_work(f"On {words} {HOSTILE}", "10.1000/asked", type="journal-article")
    body(answers.crossref(work))(handler)


@dataclass(frozen=True, slots=True)
class Services:
    """A server that searches at stand-ins."""

    origin: str
    data_dir: Path
    crossref: StandIn
    arxiv: StandIn


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A server of its own, which searches at stand-ins."""
    with ExitStack() as stack:
        crossref = stack.enter_context(standing_in(on_what_was_asked))
        arxiv = stack.enter_context(standing_in(body(b"<broken")))
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("SCHOLARLY_ONLINE", "True")
        environment.setenv("SCHOLARLY_STAND_INS", f"crossref={crossref.origin},arxiv={arxiv.origin}")
        server = start_server(tmp_path_factory.mktemp("papers"))
        stack.callback(server.process.wait, 30)
        stack.callback(server.process.terminate)
        yield Services(server.origin, server.data_dir, crossref, arxiv)


@pytest.fixture(scope="module")
def excerpt(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first sentences of the talk."""
    path = tmp_path_factory.mktemp("clips") / "talk.mp4"
    with av.open(shared / "videos" / "talk.mp4") as source, av.open(path, "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.dts * packet.time_base < EXCERPT_S:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return path


@pytest.fixture
def visitor(browser: Browser, services: Services) -> Iterator[Visitor]:
    context = browser.new_context()
    visitor = Visitor(context, services.origin)
    yield visitor
    context.close()
    assert visitor.complaints == []


def test_papers_appear_with_their_doi(visitor: Visitor, services: Services, excerpt: Path) -> None:
    page = visitor.page()
    page.set_input_files("#file", excerpt)
    page.locator("input[name=may_search]").check()
    page.click("#go")
    expect(page.locator("[data-said=done]")).to_be_visible(timeout=HEARD_MS)
    place = at_what_to_read(page)
    paper = place.locator(".paper").first
    expect(paper).to_contain_text("DOI 10.1000/asked")
    expect(paper.locator("h4 a")).to_have_attribute("href", "https://doi.org/10.1000/asked")
    expect(paper).to_contain_text(HOSTILE)
    expect(paper.locator("img")).to_have_count(0)
    expect(place).to_contain_text("arXiv is unavailable: its answer makes no sense")
    expect(place.get_by_role("link", name="Google Scholar").first).to_have_attribute("href", re.compile(r"\?q=."))
    assert_fits(page, WIDE)
    assert services.crossref.asked[0].path == "/works"


def test_who_does_not_agree_gets_searches(visitor: Visitor, services: Services, excerpt: Path) -> None:
    before = len(services.crossref.asked), len(services.arxiv.asked)
    page = visitor.page()
    page.goto(services.origin + lecture.seed(page, services.data_dir, excerpt))
    place = at_what_to_read(page)
    expect(place).to_contain_text("Nothing was searched for")
    expect(place.locator(".paper")).to_have_count(0)
    assert (len(services.crossref.asked), len(services.arxiv.asked)) == before
