"""Services on loopback in the place of the real ones, and no time to lose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from analytics import store, transcripts
from analytics.models import Recording
from engageai.conftest import Visitor
from engageai.scholarly import gate, gemini
from engageai.scholarly.hosts import HOSTS
from engageai.scholarly.tests import answers
from engageai.scholarly.tests.stand_in import Services, body, standing_in
from engageai.scholarly.tests.talks import Talk, room, transcript


@pytest.fixture
def services(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """All of them online, none of them with anything to say."""
    gemini._sdk()  # its first import takes longer than some tests give an answer
    monkeypatch.setattr(gate, "_gates", {})  # ports come back, and with them what is remembered of their last owner
    settings.SCHOLARLY_ONLINE = True
    settings.CROSSREF_MAILTO, settings.OPENALEX_KEY = "library@example.org", "open-key"
    settings.GOOGLE_API_KEY, settings.GEMINI_MODEL = "google-key", "gemini-test"
    settings.SCHOLARLY_CONNECT_S, settings.SCHOLARLY_TOTAL_S, settings.SCHOLARLY_PAGE_S = 1.0, 4.0, 6.0
    settings.SCHOLARLY_INTERVALS_S = {"crossref": 0.0, "arxiv": 0.0, "openalex": 0.0}
    empty = {
        "crossref": body(answers.crossref()),
        "arxiv": body(answers.arxiv(), Content_Type="application/atom+xml"),
        "openalex": body(answers.openalex()),
        "gemini": body(answers.gemini(answers.concepts())),
    }
    with ExitStack() as stack:
        running = {name: stack.enter_context(standing_in(empty[name])) for name in HOSTS}
        settings.SCHOLARLY_STAND_INS = [f"{name}={server.origin}" for name, server in running.items()]
        yield running


@pytest.fixture
def hasty(services: Services, settings: Any) -> None:
    """For tests in which somebody does not answer."""
    settings.SCHOLARLY_CONNECT_S, settings.SCHOLARLY_TOTAL_S, settings.SCHOLARLY_PAGE_S = 0.2, 0.5, 0.8


@pytest.fixture
def talk(visitor: Visitor, clip: Path) -> Talk:
    def given(*texts: str, **row: Any) -> Recording:
        recording = visitor.uploaded(clip)
        store.claim(recording.id)
        store.append(recording.id, room(), 1.0)
        store.finish(recording.id)
        Recording.objects.filter(id=recording.id).update(**{"may_search": True, "may_send_text": False} | row)
        recording.refresh_from_db()
        transcripts.open_for(recording)
        if texts:
            transcripts.claim(recording.id)
            transcripts.save(recording, transcript(*texts), "embedded", "")
        return recording

    return given
