"""Every operation of the interface, out of its own document: its token is answered, everybody else sees nothing."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any, get_args

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from analytics import explain, purposes, scoring, store, transcripts
from analytics.exports import pictures, tables
from analytics.models import Recording, Transcript, TranscriptStatus
from analytics.readings import Readings
from analytics.tests.synthetic import info
from analytics.transcript import ENGLISH_ONLY
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading
from engageai import env
from engageai.api import shapes, tokens
from engageai.api.documentation import prose
from engageai.api.interface import api
from engageai.api.operations import recordings
from engageai.conftest import Visitor
from engageai.content import shape
from engageai.content.tests.fakes import words as spoken

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN, OTHER = "first-" * 6, "second-" * 6
VALUES = {"name": "settings", "kind": "txt", "environment": "general"}
CHART = {"name": "series", "kind": "svg"}
LATER = ("/film", "/film.mp4", "/transcript.{kind}")
"""What even its owner has not got until it was made."""
OPERATIONS = [(path, method) for path, methods in api.get_openapi_schema()["paths"].items() for method in methods]
OWNED = [(path, method) for path, method in OPERATIONS if "{session_id}" in path]


@pytest.fixture(autouse=True)
def on(settings: Any, waiting_jobs: None) -> None:
    settings.API_TOKENS = [TOKEN, OTHER]


def ask(path: str, method: str, token: str = TOKEN, data: Any = None, **client: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"} if token else {}
    return getattr(Client(**client), method)(path, data, headers=headers)


def address(path: str, recording: Recording) -> str:
    values = VALUES | (CHART if "/charts/" in path else {})
    return path.format(session_id=recording.session_id, recording_id=recording.id, **values)


@pytest.fixture
def recording(data_dir: Path) -> Recording:
    upload = data_dir / "incoming" / str(uuid.uuid4())
    upload.write_bytes(b"a film")
    session = store.open_session(tokens.owner_of(f"Bearer {TOKEN}"))
    found = store.add_recording(session, upload, info(2.0), 9, name="talk.mp4", environment="seminar")
    store.claim(found.id)
    face = Face(1, Box(40, 40, 90, 90), (0.1, 0.6, 0.1, 0.1, 0.1), Quality(90, 0.5, 0), LeftOut.USED)
    store.append(found.id, Readings.of([Reading(k / 5, (face,)) for k in range(10)]), 1.0)
    store.finish(found.id)
    return Recording.objects.get(id=found.id)


@pytest.mark.parametrize(("path", "method"), OWNED)
def test_a_stranger_sees_what_he_would_see_if_it_did_not_exist(path: str, method: str, recording: Recording) -> None:
    missing = Recording(id=uuid.uuid4(), session_id=uuid.uuid4())
    theirs, nothing = (ask(address(path, each), method, OTHER) for each in (recording, missing))
    if theirs.status_code == 422:  # an upload without a file: so it is for everybody
        upload = {"environment": "seminar", "file": SimpleUploadedFile("a.mp4", b"a film")}
        theirs = ask(address(path, recording), method, OTHER, upload)
        upload["file"] = SimpleUploadedFile("a.mp4", b"a film")
        nothing = ask(address(path, missing), method, OTHER, upload)
    assert (theirs.status_code, theirs.content) == (nothing.status_code, nothing.content)
    assert theirs.status_code == 404
    assert ask(address(path, recording), method, "").status_code == 401
    assert ask(address(path, recording), method, TOKEN[:-1]).status_code == 401
    assert Recording.objects.filter(id=recording.id, status="done").exists()


@pytest.mark.parametrize(("path", "method"), [each for each in OWNED if not each[0].endswith(LATER)])
def test_its_owner_is_answered(path: str, method: str, recording: Recording) -> None:
    answer = ask(address(path, recording), method)
    assert answer.status_code in ((422,) if (path.endswith("/recordings"), method) == (True, "post") else (200, 202))
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_a_browser_cannot_see_a_program_s_session_nor_the_other_way_round(recording: Recording) -> None:
    visitor = Visitor()
    keys = [recording.session_id, recording.id]
    assert visitor.client.get(reverse("recording-show", args=keys)).status_code == 404
    assert ask(reverse("api:api-session", args=[visitor.session.id]), "get").status_code == 404


def test_no_form_of_another_site_can_act_for_a_program(recording: Recording) -> None:
    """There is no cookie to ride on, and so no token of a form to ask for."""
    path = reverse("api:api-session", args=[recording.session_id])
    assert ask(path, "delete", "", enforce_csrf_checks=True).status_code == 401
    assert ask(path, "delete", enforce_csrf_checks=True).status_code == 200


def test_the_whole_result_is_the_page_s_byte_for_byte(recording: Recording) -> None:
    client = Client()
    session = client.session
    session["owner"] = tokens.owner_of(f"Bearer {TOKEN}")
    session.save()
    keys = [recording.session_id, recording.id]
    for ours, theirs in {"export-api-result": "recording-result", "export-api-report": "export-report"}.items():
        page = client.get(reverse(theirs, args=keys))
        answer = ask(reverse(f"api:{ours}", args=keys), "get")
        assert answer["Content-Disposition"] == page["Content-Disposition"]
        if "result" in ours:
            assert answer.content == page.content


def test_why_is_answered_to_a_program_as_to_a_page_also_beyond_the_end(recording: Recording) -> None:
    """Two hours of which two seconds were analysed."""
    Recording.objects.filter(id=recording.id).update(duration_s=7200.0, stopped_at_s=2.0, status="partial")
    client = Client()
    session = client.session
    session["owner"] = tokens.owner_of(f"Bearer {TOKEN}")
    session.save()
    keys, json_please = [recording.session_id, recording.id], {"Accept": "application/json"}
    mine, theirs = reverse("api:api-why", args=keys), reverse("recording-why", args=keys)
    for query in ({"from": "0", "to": "600"}, {"from": "1", "to": "1.9"}, {"from": "0", "to": "7200"}):
        page = client.get(theirs, {"of": "span", **query}, headers=json_please)
        assert ask(mine, "get", data={"of": "span", **query}).json() == page.json()
    found = ask(mine, "get", data={"of": "span"}).json()
    assert found["score"] == ask(mine, "get").json()["score"] is not None
    assert (found["end_s"], found["readings"]) == (2.0, 10)
    assert found["coverage"] == pytest.approx(1.0)


@pytest.mark.parametrize("status", TranscriptStatus.values)
def test_a_recording_says_how_far_its_words_are(status: str, recording: Recording) -> None:
    path = reverse("api:api-recording", args=[recording.session_id, recording.id])
    assert ask(path, "get").json()["words"] == "waiting", "it is about to be begun"
    transcripts.open_for(recording)
    Transcript.objects.filter(recording_id=recording.id).update(status=status)
    assert ask(path, "get").json()["words"] == status
    assert ask(f"{path}/transcript", "get").json()["status"] == status


def test_a_model_of_one_language_names_none_and_says_so(recording: Recording) -> None:
    transcripts.open_for(recording)
    transcripts.claim(recording.id)
    made = shape.build(spoken("Hello."), language="", duration_s=2.0, model="whisper-tiny.en", sha256="0" * 64)
    transcripts.save(recording, made, "embedded", "A note.")
    found = ask(reverse("api:api-transcript", args=[recording.session_id, recording.id]), "get").json()
    assert (found["language"], found["note"]) == ("", f"A note. {ENGLISH_ONLY}")


def test_what_ended_without_results_has_no_words_to_wait_for(recording: Recording) -> None:
    path = reverse("api:api-recording", args=[recording.session_id, recording.id])
    for status, words in {"queued": "waiting", "running": "waiting", "failed": "absent", "cancelled": "absent"}.items():
        Recording.objects.filter(id=recording.id).update(status=status)
        assert ask(path, "get").json()["words"] == words


def test_waiting_is_for_the_analysis_and_after_it_for_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [("running", "waiting"), ("running", "waiting"), ("done", "waiting"), ("done", "running"), ("done", "done")]
    left = [{"status": status, "words": words} for status, words in looks]

    async def look(*_: Any) -> dict[str, str]:
        return left.pop(0)

    monkeypatch.setattr(recordings, "_look", look)
    monkeypatch.setattr(recordings, "LOOK_S", 0.0)
    keys = (uuid.uuid4(), uuid.uuid4())
    ends = [asyncio.run(recordings.show_recording(HttpRequest(), *keys, 20.0)) for _ in range(2)]
    assert ends == [{"status": "done", "words": "waiting"}, {"status": "done", "words": "done"}]


def test_where_no_token_is_set_the_interface_is_off_and_says_how_to_turn_it_on(settings: Any) -> None:
    settings.API_TOKENS = []
    for token in ("", TOKEN):
        answer = ask("/api/v1/environments", "get", token)
        error = json.loads(answer.content)["error"]
        assert (answer.status_code, error["code"]) == (404, "interface-off")
        assert "API_TOKEN" in error["message"]
    assert "switched off on this server" in Client().get("/api/v1/docs").content.decode()


def test_its_page_sets_code_as_code_and_nothing_else_as_markup() -> None:
    page = Client().get(reverse("api:openapi-view")).content.decode()
    assert "There are results, if only up to <code>stopped_at_s</code>." in page
    assert "`" not in page
    assert prose("a `<b>` & one ` that nothing closes") == "a <code>&lt;b&gt;</code> &amp; one ` that nothing closes"
    assert prose("<b>") == "&lt;b&gt;"


def test_every_page_leads_to_it() -> None:
    address = reverse("api:openapi-view")
    for path in ("/", "/compare/", "/notice/", "/nothing-here"):
        assert f'href="{address}"' in Client().get(path).content.decode(), path


def test_a_short_token_is_refused_when_the_server_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{TOKEN}\n{OTHER}\n")
    monkeypatch.setenv("API_TOKEN_FILE", str(tmp_path / "tokens"))
    assert env.envtokens("API_TOKEN", 32) == [TOKEN, OTHER]
    (tmp_path / "tokens").write_text(f"{TOKEN}, short")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.envtokens("API_TOKEN", 32)
    assert "short" not in str(refusal.value)


def test_the_choices_of_the_document_are_those_that_there_are() -> None:
    assert get_args(shapes.EnvironmentName) == scoring.NAMES
    assert get_args(shapes.PurposeName) == purposes.NAMES
    assert set(get_args(shapes.TableName)) == set(tables.BY_NAME)
    assert set(get_args(shapes.ChartName)) == {*pictures.MAKERS, "presence"}
    assert get_args(shapes.StretchKind) == get_args(explain.Kind)
    assert get_args(shapes.WordsStatus) == tuple(TranscriptStatus.values)
    assert len(OWNED) > 15
