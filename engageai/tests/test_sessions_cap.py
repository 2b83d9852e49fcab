"""So many sessions are open and no more, of one visitor and of all; whoever comes too late is told so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from analytics import store
from analytics.models import AnalysisSession

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("path", ["/", "/live/"])
def test_one_page_too_many_of_a_visitor(path: str, client: Client, settings: Any) -> None:
    settings.MAX_SESSIONS_PER_VISITOR = 2
    assert [client.get(path).status_code for _ in range(2)] == [200, 200]
    refusal = client.get(path, headers=JSON)
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (429, "too-many-sessions")
    assert refusal["Retry-After"] == "60"
    assert "too many of these pages open" in client.get(path, headers=HTML).content.decode()
    assert AnalysisSession.objects.count() == 2
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/live/"])
def test_one_page_too_many_of_all(path: str, settings: Any) -> None:
    settings.MAX_SESSIONS = 2
    assert [Client().get(path).status_code for _ in range(2)] == [200, 200]
    refusal = Client().get(path, headers=JSON)
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (503, "busy")
    assert AnalysisSession.objects.count() == 2


def test_a_session_that_ends_makes_room(client: Client, settings: Any) -> None:
    settings.MAX_SESSIONS = 1
    assert client.get("/").status_code == 200
    assert client.get("/").status_code == 503
    store.wipe(AnalysisSession.objects.get().id)
    assert client.get("/").status_code == 200
