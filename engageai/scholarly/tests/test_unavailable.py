"""Whatever a service does, there is a page, in time, that says who is unavailable and why."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

import pytest

from analytics import store
from emotion_ml.tests.patience import slack
from engageai.conftest import Visitor
from engageai.scholarly import patience
from engageai.scholarly.tests import answers, stand_in
from engageai.scholarly.tests.stand_in import Services, body, status
from engageai.scholarly.tests.talks import PARAGRAPHS, Talk, asked, page, serve_papers

pytestmark = pytest.mark.django_db


def test_what_failed_is_asked_again(visitor: Visitor, talk: Talk, services: Services) -> None:
    services["crossref"].reply = status(500)
    recording = talk(*PARAGRAPHS)
    assert "Crossref is unavailable" in page(visitor, recording)
    serve_papers(services)
    text = page(visitor, recording)
    assert "unavailable" not in text
    assert "10.1000/spaced" in text


FAILURES = {
    "401": status(401),
    "429": status(429, Retry_After="60"),
    "500": status(500),
    "redirect": status(302, Location="http://169.254.169.254/"),
    "drip": stand_in.dripping,
    "silence": stand_in.silent,
    "cut": stand_in.cut,
    "wrong JSON": body(b"{"),
    "100 MiB": stand_in.huge,
    "bomb": stand_in.bomb(),
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", FAILURES)
def test_in_every_failure_there_is_a_page_in_time(
    name: str, visitor: Visitor, talk: Talk, services: Services, settings: Any
) -> None:
    for service in services.values():
        service.reply = FAILURES[name]
    recording = talk(*PARAGRAPHS, may_send_text=True)
    for label in ("Gemini", "Crossref"):  # the time that Gemini takes may leave the papers to a second request
        start_s = time.monotonic()
        text = page(visitor, recording)
        assert time.monotonic() - start_s < settings.SCHOLARLY_PAGE_S + slack()
        assert f"{label} is unavailable" in text
    assert all(f"{label} is unavailable" in text for label in ("arXiv", "OpenAlex"))
    assert "Spaced repetition" in text
    assert text.count(">Google Scholar</a>") == 3
    assert 'class="paper"' not in text


@pytest.mark.usefixtures("hasty")
def test_a_hanging_name_resolution_costs_no_more_than_the_page(
    visitor: Visitor, talk: Talk, services: Services, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(3))
    recording, start_s = talk(*PARAGRAPHS), time.monotonic()
    assert "Crossref is unavailable: it did not answer in time" in re.sub(r"</?strong>", "", page(visitor, recording))
    assert time.monotonic() - start_s < settings.SCHOLARLY_PAGE_S + slack()


@pytest.mark.usefixtures("hasty")
def test_one_source_that_fails_does_not_hide_another(visitor: Visitor, talk: Talk, services: Services) -> None:
    serve_papers(services)
    services["arxiv"].reply = stand_in.silent
    text = page(visitor, talk(*PARAGRAPHS))
    assert "arXiv is unavailable" in text
    assert "10.1000/spaced" in text
    assert "Crossref is unavailable" not in text


def test_the_breaker_opens_after_three(visitor: Visitor, talk: Talk, services: Services) -> None:
    services["crossref"].reply = status(500)
    recording = talk(*PARAGRAPHS)
    for _ in range(5):
        assert "Crossref is unavailable" in page(visitor, recording)
    assert len(services["crossref"].asked) == 3


def test_concepts_of_gemini_lead_the_search(visitor: Visitor, talk: Talk, services: Services) -> None:
    named = answers.concepts(_0=["stochastic optimisation"], _1=["distributed practice"], _3=["active learning"])
    services["gemini"].reply = body(answers.gemini(named))
    recording = talk(*PARAGRAPHS, may_send_text=True)
    text = page(visitor, recording)
    while "Papers are being looked for" in text:
        text = page(visitor, recording)
    assert "Phrases named by Gemini" in text
    assert "distributed practice" in text
    assert services["crossref"].asked[0].query["query.bibliographic"] == "distributed practice"
    page(visitor, recording, "seminar")
    assert len(services["gemini"].asked) == 1


def test_an_answer_of_gemini_that_departs_is_not_used(visitor: Visitor, talk: Talk, services: Services) -> None:
    services["gemini"].reply = body(answers.gemini(answers.concepts(_1=["<img src=x onerror=alert(1)>"])))
    text = page(visitor, talk(*PARAGRAPHS, may_send_text=True))
    assert "Gemini is unavailable" in text
    assert "The phrases were found here instead." in text
    assert "onerror" not in text


@pytest.mark.usefixtures("hasty")
def test_when_concepts_took_long_the_papers_follow(visitor: Visitor, talk: Talk, services: Services) -> None:
    serve_papers(services)
    services["gemini"].reply = stand_in.silent
    recording = talk(*PARAGRAPHS, may_send_text=True)
    first = page(visitor, recording)
    assert 'hx-trigger="load"' in first
    assert asked(services)["crossref"] == 0
    second = page(visitor, recording)
    assert "hx-get" not in second
    assert "10.1000/spaced" in second
    assert len(services["gemini"].asked) == 1


def test_a_damaged_file_of_what_was_found_is_forgotten(visitor: Visitor, talk: Talk, services: Services) -> None:
    serve_papers(services)
    recording = talk(*PARAGRAPHS)
    for damage in (
        "{",
        "[]",
        '{"concepts": 1}',
        '{"concepts": {}, "failed_at": 0, "answers": {"crossref": {"x": [{}]}}}',
    ):
        (store.recording_folder(recording) / "resources.json").write_text(damage)
        assert "10.1000/spaced" in page(visitor, recording)


def test_nothing_that_was_said_is_logged(
    visitor: Visitor, talk: Talk, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    services["arxiv"].reply = status(500)
    services["gemini"].reply = status(500)
    with caplog.at_level(logging.DEBUG):
        page(visitor, talk(*PARAGRAPHS, may_send_text=True))
    text = caplog.text.lower()
    assert "arxiv: it has trouble of its own" in text
    assert not any(word in text for word in ("repetition", "gradient", "open-key", "google-key"))


def test_work_that_breaks_is_a_reason_too() -> None:
    def broken() -> Any:
        yield "one"
        raise ZeroDivisionError

    found = [str(item) for _, item in patience.collect({"job": broken}, time.monotonic() + 5)]
    assert found == ["one", "something went wrong here"]
