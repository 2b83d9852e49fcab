"""What a program is told that asks for what cannot be given: a code, a sentence, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from analytics.models import Recording, Status
from analytics.tests.finished import finished, lively
from engageai import tasks
from engageai.api import interface, tokens

pytestmark = pytest.mark.django_db

TOKEN = "first-" * 6


@pytest.fixture
def recording(data_dir: Path, settings: Any) -> Recording:
    from analytics import store

    settings.API_TOKENS = [TOKEN]
    session = store.open_session(tokens.owner_of(f"Bearer {TOKEN}"))
    return finished(data_dir, lively(), 180.0, session=session)


def ask(recording: Recording, rest: str, method: str = "get") -> tuple[int, str]:
    path = f"/api/v1/sessions/{recording.session_id}/recordings/{recording.id}{rest}"
    answer = getattr(Client(), method)(path, headers={"Authorization": f"Bearer {TOKEN}"})
    error = json.loads(answer.content)["error"]
    assert set(error) == {"code", "message"}
    assert error["message"].endswith(".")
    return answer.status_code, error["code"]


def test_results_of_a_recording_that_is_still_analysed_or_has_none(recording: Recording) -> None:
    mine = Recording.objects.filter(id=recording.id)
    for status, code in ((Status.RUNNING, "not-ready"), (Status.QUEUED, "not-ready"), (Status.FAILED, "no-results")):
        mine.update(status=status)
        for rest in ("/result.json", "/why", "/moments", "/everything.zip"):
            assert ask(recording, rest) == (409, code)


def test_scores_of_a_recording_whose_expressions_were_not_read(recording: Recording) -> None:
    recording.session.reads_expressions = False
    recording.session.save()
    Recording.objects.filter(id=recording.id).update(reads_expressions=False)
    for rest in ("/why", "/moments"):
        assert ask(recording, rest) == (409, "no-expressions")


def test_an_annotated_video_that_nobody_asked_for(recording: Recording) -> None:
    assert ask(recording, "/film") == (404, "no-film")
    assert ask(recording, "/film", "delete") == (404, "no-film")
    assert ask(recording, "/film.mp4") == (404, "no-film")


def test_a_stretch_that_there_is_not(recording: Recording) -> None:
    assert ask(recording, "/why?of=paragraph&paragraph=7") == (404, "no-such-stretch")
    assert ask(recording, "/why?of=span&from=20&to=10") == (404, "no-such-stretch")


def test_a_field_that_is_wrong_is_named_and_its_type_is_not(recording: Recording) -> None:
    path = f"/api/v1/sessions/{recording.session_id}/recordings"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    asked = Client().get(f"{path}/{recording.id}/why?environment=party", headers=headers).json()["error"]
    assert asked["message"].startswith("environment: Input should be 'classroom'")
    file = SimpleUploadedFile("a.mp4", b"a film")
    form = {"environment": "seminar", "expressions": "perhaps", "file": file}
    sent = Client().post(path, form, headers=headers).json()["error"]
    assert (sent["code"], sent["message"]) == ("invalid", "expressions: Input should be 'yes' or 'no'.")


def test_a_server_that_has_too_much_to_do_says_when_to_come_back() -> None:
    refusal = interface.refused(tasks.Full())
    assert (refusal.status, refusal.code, refusal.headers) == (503, "busy", {"Retry-After": "60"})


@pytest.mark.parametrize("query", ["of=mood", "at=soon", "at=-1", "environment=party"])
def test_a_question_that_is_none(recording: Recording, query: str) -> None:
    assert ask(recording, f"/why?{query}") == (422, "invalid")
