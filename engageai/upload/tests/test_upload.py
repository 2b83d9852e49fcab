from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_tasks import default_task_backend

from analytics import store
from analytics.models import AnalysisSession, Recording
from engageai import tasks
from engageai.conftest import Visitor
from engageai.upload import jobs, views

pytestmark = pytest.mark.django_db

Files = Callable[[], list[str]]


def test_each_load_of_the_start_page_is_a_session_without_a_file(visitor: Visitor, files: Files) -> None:
    again = visitor.client.get("/")
    assert again.context["session"] != visitor.session
    assert AnalysisSession.objects.count() == 2
    assert files() == []


def test_the_start_page_says_the_limits_before_the_upload(client: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_MIB, settings.MAX_MINUTES = 123, 45
    page = client.get("/").content.decode()
    assert "123 MiB" in page
    assert "45 minutes" in page


def test_it_takes_a_recording(visitor: Visitor, clip: Path, files: Files) -> None:
    answer = visitor.upload(clip, "My talk.mp4")
    recording = Recording.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"url": visitor.url("upload-progress", recording)}
    assert (recording.session, recording.name, recording.environment) == (visitor.session, "My talk.mp4", "seminar")
    assert (recording.status, recording.size_bytes) == ("queued", clip.stat().st_size)
    assert recording.info is not None
    assert (recording.info.width, recording.info.height, recording.info.playable) == (320, 240, True)
    assert files() == [f"sessions/{visitor.session.id}/{recording.id}/source"]
    assert store.source_path(recording).read_bytes() == clip.read_bytes()
    assert [result.args for result in default_task_backend.results] == [[str(recording.id)]]  # type: ignore[attr-defined]


def test_a_plain_form_is_led_to_the_progress_page(visitor: Visitor, clip: Path) -> None:
    answer = visitor.upload(clip, json=False)
    assert (answer.status_code, answer["Location"]) == (303, visitor.url("upload-progress", Recording.objects.get()))


def test_a_recording_waits_for_those_that_came_before_it_and_no_other(visitor: Visitor, clip: Path) -> None:
    first, second = visitor.uploaded(clip), visitor.uploaded(clip)
    told = [views.state_of(each)["message"] for each in (first, second)]
    assert told == ["Waiting to begin.", "Waiting for the recording before this one."]
    store.claim(first.id)
    assert views.state_of(second)["message"] == "Waiting for the recording before this one."
    store.finish(first.id)
    assert views.state_of(second)["message"] == "Waiting to begin."


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("%22quotes%22.mp4", '"quotes".mp4'),
        ("50%25 %0D%0Aof%20it.mp4", "50%25   of%20it.mp4"),
        ("../../etc/passwd", "passwd"),
        ("<script>alert(1)</script>.mp4", "script>.mp4"),
        ("a\u202egpj.mp4", "agpj.mp4"),
        ("x" * 300 + ".mp4", None),
        ("naïve 講義.mp4", "naïve 講義.mp4"),
    ],
)
def test_a_name_is_only_ever_text(sent: str, shown: str | None, visitor: Visitor, clip: Path, files: Files) -> None:
    recording = visitor_upload_named(visitor, clip, sent)
    assert shown is None or recording.name == shown
    assert len(recording.name) <= 120
    assert files() == [f"sessions/{visitor.session.id}/{recording.id}/source"]
    assert "<script>alert" not in visitor.client.get(visitor.url("upload-progress", recording)).content.decode()


def visitor_upload_named(visitor: Visitor, clip: Path, name: str) -> Recording:
    assert visitor.upload(clip, name).status_code == 201
    return Recording.objects.get()


def test_one_more_than_may_wait_is_asked_to_wait(visitor: Visitor, clip: Path, files: Files, settings: Any) -> None:
    settings.MAX_QUEUED = 1
    assert visitor.upload(clip).status_code == 201
    answer = visitor.upload(clip)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too-many")
    assert int(answer["Retry-After"]) > 0
    assert Recording.objects.count() == len(files()) == 1


def test_a_server_that_has_too_much_to_do_says_so(
    visitor: Visitor, clip: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        def enqueue(self, *_: object) -> None:
            raise tasks.Full

    monkeypatch.setattr(jobs, "analyse", Busy())
    answer = visitor.upload(clip)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert int(answer["Retry-After"]) > 0
    assert not Recording.objects.exists()
    assert files() == []


def test_an_upload_into_a_wiped_session_is_not_kept(visitor: Visitor, clip: Path, files: Files) -> None:
    store.wipe(visitor.session.id)
    answer = visitor.upload(clip)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    assert files() == []


def test_a_form_from_elsewhere_is_refused(visitor: Visitor, clip: Path, files: Files) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.client.cookies
    data = {"environment": "general", "file": SimpleUploadedFile("talk.mp4", clip.read_bytes())}
    answer = strict.post(f"/s/{visitor.session.id}/recordings/", data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forged")
    assert files() == []
