"""The fragment under a recording: passages in order of attention, papers at the passage that found them, searches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics import store, transcripts
from analytics.models import Recording, TranscriptStatus
from engageai.conftest import Visitor
from engageai.scholarly.tests import answers
from engageai.scholarly.tests.stand_in import Services, body
from engageai.scholarly.tests.talks import PARAGRAPHS, Talk, asked, page, serve_papers

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>')


def test_offline_there_are_searches_and_nothing_is_sent(
    visitor: Visitor, talk: Talk, services: Services, settings: Any
) -> None:
    settings.SCHOLARLY_ONLINE = False
    text = page(visitor, talk(*PARAGRAPHS, may_send_text=False))
    sites = ("Google Scholar", "Semantic Scholar", "arXiv", "DOAJ", "Europe PMC", "CORE")
    assert all(text.count(f">{site}</a>") == 3 for site in sites)
    assert "Nothing was searched for" in text
    assert 'class="paper"' not in text
    assert asked(services) == {"crossref": 0, "arxiv": 0, "openalex": 0, "gemini": 0}


def test_without_consent_nothing_is_sent(visitor: Visitor, talk: Talk, services: Services) -> None:
    text = page(visitor, talk(*PARAGRAPHS, may_search=False))
    assert "Nothing was searched for" in text
    assert asked(services) == {"crossref": 0, "arxiv": 0, "openalex": 0, "gemini": 0}


def test_the_passage_with_the_lowest_attention_comes_first(visitor: Visitor, talk: Talk) -> None:
    text = page(visitor, talk(*PARAGRAPHS))
    order = [
        text.index(words) for words in ("Spaced repetition schedules", "Gradient descent follows", "Peer instruction")
    ]
    assert min(order) == order[0]
    assert text.count("lower than the rest</span>") == 1
    assert "Begins where engagement was measurably lower" in text
    assert 'data-seek="30.000"' in text
    assert "Thank you" not in text


def test_a_passage_that_was_lower_and_left_out_is_not_talked_away(visitor: Visitor, talk: Talk) -> None:
    """The dip is in the second paragraph, which is too short to search for."""
    text = page(visitor, talk(PARAGRAPHS[0], "Thank you.", PARAGRAPHS[3]))
    assert "Thank you" not in text
    assert "Of the passages that are long enough and name a subject to search for, none was measurably lower" in text
    assert "These had the lowest engagement of them" in text


def test_papers_stand_at_the_passage_that_found_them(visitor: Visitor, talk: Talk, services: Services) -> None:
    serve_papers(services)
    text = page(visitor, talk(*PARAGRAPHS))
    spaced, *gradient = (text.index(f"{words}</a></h4>") for words in ("in class", "revisited", "at scale"))
    assert spaced < text.index("Gradient descent follows") < min(gradient)
    assert "DOI 10.1000/spaced" in text
    assert 'href="https://doi.org/10.1000/spaced"' in text
    assert "Ada Lovelace, The Analytical Society" in text
    assert "cited 42 times" in text
    assert "from arXiv" in text
    assert asked(services) == {"crossref": 3, "arxiv": 2, "openalex": 3, "gemini": 0}


def test_only_the_phrases_are_sent(visitor: Visitor, talk: Talk, services: Services) -> None:
    page(visitor, talk(*PARAGRAPHS))
    for name in ("crossref", "arxiv", "openalex"):
        for question in services[name].asked:
            words = question.query.get("query.bibliographic") or question.query.get("search") or ""
            assert len(words.split()) <= 12
            assert "convince one another" not in str(question)
            assert str(visitor.session.id) not in str(question)


def test_what_was_found_is_kept_for_the_session_and_wiped_with_it(
    visitor: Visitor, talk: Talk, services: Services, files: Callable[[], list[str]]
) -> None:
    serve_papers(services)
    recording = talk(*PARAGRAPHS)
    first = page(visitor, recording)
    counts = asked(services)
    assert page(visitor, recording) == first
    page(visitor, recording, "seminar")
    assert asked(services) == counts
    assert any(path.endswith("resources.json") for path in files())
    store.wipe(recording.session_id)
    assert files() == []


def test_titles_and_transcripts_are_text(visitor: Visitor, talk: Talk, services: Services) -> None:
    hostile = '</script><img src=x onerror="alert(1)">'
    work = answers.crossref_work(
        f"Spaced repetition {hostile}", "10.1000/x", abstract=hostile, URL="javascript:alert(1)"
    )
    services["crossref"].reply = body(answers.crossref(work))
    text = page(
        visitor, talk(PARAGRAPHS[0], f"Spaced repetition {hostile} helps. Spaced repetition is the one that works.")
    )
    assert "<img" not in text
    assert "</script>" not in text
    assert "&lt;img src=x onerror=" in text
    assert "javascript:" not in text


def test_every_link_leads_out_without_telling_from_where(visitor: Visitor, talk: Talk, services: Services) -> None:
    serve_papers(services)
    text = page(visitor, talk(*PARAGRAPHS))
    links = [match.group() for match in LINK.finditer(text)]
    assert len(links) > 18
    assert all('rel="noopener noreferrer"' in link for link in links)
    assert all(re.match(r"https?://", match.group(1)) for match in LINK.finditer(text))


def test_it_waits_for_a_transcript_that_is_being_written(visitor: Visitor, talk: Talk, services: Services) -> None:
    recording = talk()
    text = page(visitor, recording)
    assert 'hx-trigger="load delay:3s"' in text
    transcripts.claim(recording.id)
    transcripts.end(recording.id, TranscriptStatus.ABSENT, "This recording has no sound.")
    text = page(visitor, recording)
    assert "there is no transcript" in text
    assert "hx-get" not in text


@pytest.mark.parametrize("texts", [("Thank you.",), ("Well and so it is that we are here as you are.",)])
def test_where_nothing_is_named_nothing_is_searched_for(
    texts: tuple[str, ...], visitor: Visitor, talk: Talk, services: Services
) -> None:
    assert "names a subject" in page(visitor, talk(*texts))
    assert asked(services)["crossref"] == 0


def test_only_its_owner_gets_it(visitor: Visitor, stranger: Visitor, talk: Talk) -> None:
    recording = talk(*PARAGRAPHS)
    address = reverse("scholarly-resources", args=[visitor.session.id, recording.id])
    assert [client.get(address).status_code for client in (stranger.client, Client())] == [404, 404]
    assert visitor.client.get(f"{address}?environment=church").status_code == 404
    Recording.objects.update(status="running")
    assert visitor.client.get(address).status_code == 404


def test_the_kept_file_is_json(visitor: Visitor, talk: Talk, services: Services) -> None:
    serve_papers(services)
    recording = talk(*PARAGRAPHS)
    page(visitor, recording)
    kept = json.loads((store.recording_folder(recording) / "resources.json").read_text())
    assert set(kept) == {"concepts", "failed_at", "answers"}
    assert set(kept["answers"]) == {"crossref", "arxiv", "openalex"}
