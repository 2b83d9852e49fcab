from __future__ import annotations

from pathlib import Path

import pytest

from analytics import store
from analytics.models import Recording
from engageai.conftest import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    return visitor.uploaded(clip)


def test_what_waits_is_cancelled_at_once(visitor: Visitor, recording: Recording) -> None:
    answer = visitor.client.post(visitor.url("upload-cancel", recording))
    assert (answer.status_code, answer["Location"]) == (303, visitor.url("upload-progress", recording))
    recording.refresh_from_db()
    assert recording.status == "cancelled"
    assert not store.source_path(recording).exists()
    assert "Cancelled" in visitor.client.get(answer["Location"]).content.decode()


def test_what_runs_is_asked_to_stop(visitor: Visitor, recording: Recording) -> None:
    store.claim(recording.id)
    answer = visitor.client.post(visitor.url("upload-cancel", recording), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Stopping." in answer.content.decode()
    recording.refresh_from_db()
    assert (recording.status, recording.cancel_requested) == ("running", True)


def test_a_program_is_told_the_state(visitor: Visitor, recording: Recording) -> None:
    answer = visitor.client.post(visitor.url("upload-cancel", recording), headers={"Accept": "application/json"})
    assert answer.json()["status"] == "cancelled"


def test_it_takes_more_than_a_link(visitor: Visitor, recording: Recording) -> None:
    assert visitor.client.get(visitor.url("upload-cancel", recording)).status_code == 405
    recording.refresh_from_db()
    assert recording.status == "queued"
