"""The operator sees that recordings exist and how far they came, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analytics.models import AnalysisSession, Recording

pytestmark = pytest.mark.django_db

MODELS = ("analysissession", "recording")


@pytest.fixture
def recording() -> Recording:
    session = AnalysisSession.objects.create(owner_hash="a-digest-of-a-secret")
    return Recording.objects.create(session=session, name="Private talk.mp4", environment="general")


@pytest.fixture
def operator() -> Client:
    User.objects.create_superuser("operator", password="pass")
    client = Client()
    assert client.login(username="operator", password="pass")
    return client


@pytest.mark.parametrize("model", MODELS)
def test_it_lists_and_shows(model: str, operator: Client, recording: Recording, data_dir: Path) -> None:
    key = recording.id if model == "recording" else recording.session_id
    for address in (f"/admin/analytics/{model}/", f"/admin/analytics/{model}/{key}/change/"):
        answer = operator.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert str(key) in page
        assert "a-digest-of-a-secret" not in page
        assert "Private talk" not in page


@pytest.mark.parametrize("model", MODELS)
def test_it_neither_adds_nor_changes_nor_deletes(model: str, operator: Client, recording: Recording) -> None:
    key = recording.id if model == "recording" else recording.session_id
    assert operator.get(f"/admin/analytics/{model}/add/").status_code == 403
    assert operator.post(f"/admin/analytics/{model}/{key}/change/", {}).status_code == 403
    assert operator.post(f"/admin/analytics/{model}/{key}/delete/", {"post": "yes"}).status_code == 403
    assert Recording.objects.filter(id=recording.id).exists()


def test_it_is_closed_to_visitors(client: Client) -> None:
    assert client.get("/admin/analytics/recording/").status_code == 302
