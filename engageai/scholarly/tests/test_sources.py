"""Each source is asked as it documents, and what it returns becomes papers, or a reason why there are none."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from engageai.scholarly import arxiv, crossref, gate, openalex, sources
from engageai.scholarly.fetch import Unavailable
from engageai.scholarly.papers import Paper
from engageai.scholarly.tests import answers, stand_in
from engageai.scholarly.tests.stand_in import Reply, Services, body, status

PHRASES = ("audience attention", 'facial "expression"')
SOURCES = {source.name: source for source in sources.ALL}


def ask(name: str, limit_s: float = 5.0) -> list[Paper]:
    return sources.ask(SOURCES[name], PHRASES, time.monotonic() + limit_s)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a source is asked for `PHRASES`, what it answers, and which paper that is."""

    path: str
    query: dict[str, str]
    reply: Reply
    paper: Paper


EXCHANGES = {
    "crossref": Exchange(
        "/works",
        {
            "query.bibliographic": 'audience attention facial "expression"',
            "rows": "8",
            "select": "DOI,title,author,issued,container-title,abstract,is-referenced-by-count,URL,link,license,type",
            "mailto": "library@example.org",
        },
        body(answers.crossref(answers.crossref_work("Attention", "10.1000/AB.1"))),
        Paper(
            title="Attention",
            authors=("Ada Lovelace", "The Analytical Society"),
            year=2019,
            venue="Journal of Audience Research",
            doi="10.1000/ab.1",
            url="https://doi.org/10.1000/AB.1",
            open_url="",
            abstract="We measured attention.",
            citations=42,
            sources=("Crossref",),
        ),
    ),
    "arxiv": Exchange(
        "/api/query",
        {
            "search_query": 'all:"audience attention" OR all:"facial expression"',
            "start": "0",
            "max_results": "8",
            "sortBy": "relevance",
            "sortOrder": "descending",
        },
        body(answers.arxiv(answers.arxiv_entry("Faces\n  in rooms"))),
        Paper(
            title="Faces in rooms",
            authors=("Grace Hopper", "Ada Lovelace"),
            year=2024,
            venue="arXiv",
            doi="10.48550/arxiv.2401.01234",
            url="https://arxiv.org/abs/2401.01234v2",
            open_url="https://arxiv.org/abs/2401.01234v2",
            abstract="We look at faces & attention.",
            citations=None,
            sources=("arXiv",),
        ),
    ),
    "openalex": Exchange(
        "/works",
        {
            "search": 'audience attention facial "expression"',
            "per_page": "8",
            "select": "id,doi,display_name,authorships,publication_year,primary_location,open_access,cited_by_count,"
            "abstract_inverted_index",
            "api_key": "open-key",
        },
        body(answers.openalex(answers.openalex_work("Attention", "10.7717/peerj.4375"))),
        Paper(
            title="Attention",
            authors=("Ada",),
            year=2020,
            venue="PeerJ",
            doi="10.7717/peerj.4375",
            url="https://example.org/1",
            open_url="https://example.org/1.pdf",
            abstract="Measuring attention again and again",
            citations=7,
            sources=("OpenAlex",),
        ),
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_it_is_asked_as_it_documents_and_its_answer_is_a_paper(name: str, services: Services) -> None:
    known = EXCHANGES[name]
    services[name].reply = known.reply
    assert ask(name) == [known.paper]
    (asked,) = services[name].asked
    assert (asked.method, asked.path, asked.query) == ("GET", known.path, known.query)


def test_crossref_is_asked_politely(services: Services) -> None:
    ask("crossref")
    (asked,) = services["crossref"].asked
    assert asked.headers["user-agent"].startswith("EngageAI/")
    assert asked.headers["user-agent"].endswith("(mailto:library@example.org)")


def test_openalex_is_not_asked_without_one(settings: Any) -> None:
    settings.OPENALEX_KEY = ""
    assert [source.name for source in sources.available()] == ["crossref", "arxiv"]
    settings.OPENALEX_KEY = "open-key"
    assert [source.name for source in sources.available()] == ["crossref", "arxiv", "openalex"]


@pytest.mark.parametrize("name", SOURCES)
def test_an_empty_answer_is_an_answer(name: str, services: Services) -> None:
    assert ask(name) == []


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (status(401), "our key"),
        (status(429), "enough questions"),
        (status(500), "trouble"),
        (status(302, Location="http://169.254.169.254/"), "elsewhere"),
        (stand_in.cut, "broke"),
        (stand_in.huge, "too large"),
        (stand_in.bomb(), "too large"),
        (body(b"<html>Maintenance</html>"), "no sense"),
        (body(b""), "no sense"),
        (body(b"[" * 100_000), "no sense"),
        (body({"status": "failed", "results": "none", "message": []}), "no sense"),
        (body({"status": "ok", "message-type": "work-list", "message": {"items": [1]}, "results": [[]]}), "no sense"),
    ],
)
def test_what_is_no_answer_says_why(name: str, reply: Reply, reason: str, services: Services) -> None:
    assert_refused_once(name, reply, reason, services)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", SOURCES)
def test_what_comes_too_slowly_says_so(name: str, services: Services) -> None:
    assert_refused_once(name, stand_in.dripping, "in time", services)


def assert_refused_once(name: str, reply: Reply, reason: str, services: Services) -> None:
    services[name].reply = reply
    with pytest.raises(Unavailable, match=reason):
        ask(name)
    assert len(services[name].asked) == 1


def test_it_is_left_alone_after_three_failures(services: Services) -> None:
    services["crossref"].reply = status(500)
    for _ in range(5):
        with pytest.raises(Unavailable):
            ask("crossref")
    assert len(services["crossref"].asked) == 3
    assert ask("arxiv") == []


def test_a_pause_that_it_asks_for_is_kept(services: Services) -> None:
    ahead_s = 0.0
    gate._gates[services["crossref"].origin] = gate.Gate(lambda: time.monotonic() + ahead_s)
    services["crossref"].reply = status(429, Retry_After="30")
    with pytest.raises(Unavailable):
        ask("crossref")
    services["crossref"].reply = body(answers.crossref())
    with pytest.raises(Unavailable, match="left alone"):
        ask("crossref")
    assert len(services["crossref"].asked) == 1
    ahead_s = 30.0
    assert ask("crossref", limit_s=60.0) == []


def test_it_is_asked_at_its_pace(services: Services, settings: Any) -> None:
    settings.SCHOLARLY_INTERVALS_S = {"arxiv": 0.25}
    for _ in range(3):
        ask("arxiv")
    first, _, third = (asked.at_s for asked in services["arxiv"].asked)
    assert third - first >= 0.4  # twice the pace, less what a busy machine shifts


def test_titles_and_abstracts_are_text() -> None:
    work = answers.crossref_work(
        "<i>E. coli</i> &amp; <script>alert(1)</script>\u202e\x07",
        "10.1/x",
        abstract="<jats:p>if p &lt; 0.05</jats:p><jats:p>then <jats:sub>2</jats:sub>\n "
        "<mml:math a='b'><mml:mi>x</mml:mi></mml:math></jats:p>",
    )
    (paper,) = crossref.read(answers.crossref(work))
    assert paper.title == "E. coli & <script>alert(1)</script>"
    assert paper.abstract == "if p < 0.05 then 2 x"


def test_a_link_leads_to_a_page_or_nowhere() -> None:
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil",
        "http://a@b/",
        "",
        None,
        7,
    ):
        work = answers.openalex_work("Attention", None, id=address, primary_location={"landing_page_url": address})
        work["open_access"] = {"is_oa": True, "oa_url": address}
        (paper,) = openalex.read(answers.openalex(work))
        assert (paper.best_url, paper.url, paper.open_url) == ("", "", "")


def test_what_nobody_reads_is_no_paper() -> None:
    kinds = ("component", "peer-review", "grant", "journal", "dataset")
    items = [answers.crossref_work("A", "10.1/x", type=kind) for kind in kinds]
    assert crossref.read(answers.crossref(*items, answers.crossref_work("", "10.1/x"), {"DOI": "10.1/y"})) == []


def test_fields_of_the_wrong_kind_are_empty() -> None:
    odd: dict[str, Any] = {"author": [None, {"given": 3}], "issued": {"date-parts": [[None]]}, "container-title": "x"}
    odd |= {"is-referenced-by-count": -1, "abstract": 5, "link": {}, "license": [3], "DOI": "no", "URL": []}
    (paper,) = crossref.read(answers.crossref(answers.crossref_work("A", "10.1/x", **odd)))
    assert (paper.authors, paper.year, paper.venue, paper.citations, paper.doi) == ((), None, "", None, "")
    odd = {"authorships": [None, {}], "publication_year": True, "primary_location": None, "open_access": 1}
    odd |= {"cited_by_count": "7", "abstract_inverted_index": {"a": [10**9], "b": None}, "id": 5}
    (paper,) = openalex.read(answers.openalex(answers.openalex_work("A", None, **odd)))
    assert (paper.authors, paper.year, paper.venue, paper.citations, paper.abstract) == ((), None, "", None, "")


BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&b;</title></entry></feed>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(encoding: str) -> None:
    document = BILLION_LAUGHS.decode().replace("?>", f' encoding="{encoding}"?>', 1).encode(encoding)
    with pytest.raises(ValueError, match="document type"):
        arxiv.read(document)


def test_an_error_of_arxiv_is_no_paper() -> None:
    """It comes as an entry of a feed, and sometimes with 200."""
    entry = "<entry><id>http://arxiv.org/api/errors#incorrect_id_format</id><title>Error</title></entry>"
    with pytest.raises(ValueError, match="error"):
        arxiv.read(answers.arxiv(entry))


def test_arxiv_says_more_of_a_published_paper() -> None:
    more = "<arxiv:doi>10.1000/Published</arxiv:doi><arxiv:journal_ref>J. Faces 3 (2025)</arxiv:journal_ref>"
    (paper,) = arxiv.read(answers.arxiv(answers.arxiv_entry("A", "math.GT/0309136v1", more)))
    assert (paper.doi, paper.venue) == ("10.1000/published", "J. Faces 3 (2025)")
    (paper,) = arxiv.read(answers.arxiv(answers.arxiv_entry("A", "math.GT/0309136v1")))
    assert paper.doi == "10.48550/arxiv.math.gt/0309136"


def test_half_a_character_is_no_text() -> None:
    """JSON may hold one half of a pair; no file and no address can."""
    half = json.loads('"\\ud800"')
    work = answers.crossref_work(f"A{half}", f"10.1000/{half}", URL=f"https://a.example/{half}", abstract=half)
    (paper,) = crossref.read(answers.crossref(work))
    assert (paper.title, paper.doi, paper.doi_url, paper.url, paper.abstract) == ("A", "", "", "", "")


def test_every_reader_takes_any_json() -> None:
    anything: list[Any] = [None, 1, "x", [], {}, [{}], {"results": {}}, {"message": None, "status": "ok"}]
    for found in anything:
        for source in sources.ALL:
            with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
                source.read(json.dumps(found).encode())
