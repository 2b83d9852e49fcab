"""The operator sees how sessions fare and what they take up, wipes, cancels and requeues, and changes nothing else."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import store, transcripts
from analytics.models import AnalysisSession, Recording, Stage, Status, Transcript, TranscriptStatus
from analytics.readings import Readings
from analytics.templatetags import reading
from analytics.tests.synthetic import audience, dirichlet, info

pytestmark = pytest.mark.django_db

SESSIONS = "/admin/analytics/analysissession/"
RECORDINGS = "/admin/analytics/recording/"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def operator() -> Client:
    User.objects.create_superuser("operator", password="pass")
    client = Client()
    assert client.login(username="operator", password="pass")
    return client


@pytest.fixture
def watcher() -> Client:
    """Staff who may look and do nothing."""
    user = User.objects.create_user("watcher", password="pass", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    assert client.login(username="watcher", password="pass")
    return client


def readings(count: int = 50, faces: int = 3) -> Readings:
    return audience(np.arange(count) / 5, dirichlet(count, faces))


def sent(data_dir: Path, session: AnalysisSession | None = None, **fields: Any) -> Recording:
    upload = data_dir / "incoming" / f"upload-{uuid.uuid4()}"
    upload.write_bytes(b"x" * 2048)
    fields = {"name": "Private talk.mp4", "environment": "seminar", "sha256": "ab" * 32} | fields
    return store.add_recording(session or store.open_session("owner"), upload, info(10), 9, **fields)


@pytest.fixture
def waiting(data_dir: Path) -> Recording:
    return sent(data_dir)


@pytest.fixture
def running(data_dir: Path) -> Recording:
    recording = sent(data_dir)
    store.claim(recording.id)
    store.enter(recording.id, Stage.ANALYSE)
    store.append(recording.id, readings(), 0.42)
    return Recording.objects.get(id=recording.id)


@pytest.fixture
def done(data_dir: Path) -> Recording:
    recording = sent(data_dir)
    store.claim(recording.id)
    store.append(recording.id, readings(), 1.0)
    store.finish(recording.id)
    return Recording.objects.get(id=recording.id)


def act(client: Client, address: str, action: str, *rows: Any, **more: str) -> Any:
    form = {"action": action, "index": "0", "_selected_action": [str(row) for row in rows], **more}
    return client.post(address, form, follow=True)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def listed(client: Client, query: str) -> set[str]:
    answer = client.get(f"{SESSIONS}?{query}")
    assert answer.status_code == 200
    return {str(session.id) for session in answer.context["cl"].result_list}


def test_the_list_says_how_a_session_fares(operator: Client, running: Recording) -> None:
    AnalysisSession.objects.update(created_at=timezone.now() - timedelta(minutes=12), purpose="event")
    text = page(operator, SESSIONS)
    for said in ("12 min", "Working", "Seminar", "Event, talk or product demo", "analysis: analyse 42 %", "0 s ago"):
        assert said in text, said
    assert '<td class="field-faces">3</td>' in text
    size = sum(path.stat().st_size for path in store.recording_folder(running).iterdir())
    assert f'<td class="field-on_disk">{reading.size(size)}</td>' in text


def test_failures_are_told_in_the_visitors_words(operator: Client, running: Recording) -> None:
    store.fail(running.id, "This file is damaged from its very beginning.")
    text = page(operator, SESSIONS)
    assert "Has failures" in text
    assert "This file is damaged from its very beginning." in text


def test_a_hundred_sessions_cost_no_query_each(
    operator: Client, data_dir: Path, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        sent(data_dir)
    with django_assert_max_num_queries(14):
        page(operator, SESSIONS)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=working", "running"),
        ("state=ready", "done"),
        ("state=empty", "empty"),
        ("environment=classroom", "done"),
        ("purpose=eu", "empty"),
        ("reads_expressions__exact=0", "empty"),
        ("age=old", "done"),
        ("q=classroom", "done"),
    ],
)
def test_it_is_searched_and_narrowed_down(
    operator: Client, running: Recording, done: Recording, query: str, found: str
) -> None:
    empty = store.open_session("another")
    AnalysisSession.objects.filter(id=empty.id).update(purpose="eu", reads_expressions=False)
    AnalysisSession.objects.filter(id=done.session_id).update(created_at=timezone.now() - timedelta(hours=1))
    Recording.objects.filter(id=done.id).update(environment="classroom")
    ids = {"running": running.session_id, "done": done.session_id, "empty": empty.id}
    assert listed(operator, query) == {str(ids[found])}


def test_an_id_finds_its_session(operator: Client, running: Recording, done: Recording) -> None:
    assert listed(operator, f"q={done.session_id}") == {str(done.session_id)}
    assert listed(operator, f"q={done.id}") == {str(done.session_id)}


def test_a_session_has_a_page_with_its_charts_while_it_lives(operator: Client, done: Recording) -> None:
    text = page(operator, f"{SESSIONS}{done.session_id}/change/")
    address = f"{SESSIONS}{done.session_id}/figures/{done.id}.json"
    assert f'data-figures="{address}"' in text
    assert {"series", "lanes"} <= set(operator.get(address).json())
    store.wipe(done.session_id)
    assert operator.get(address).status_code == 404
    assert operator.get(f"{SESSIONS}{done.session_id}/change/").status_code == 302


def test_a_session_without_expressions_has_no_score_there(operator: Client, done: Recording) -> None:
    Recording.objects.update(reads_expressions=False)
    figures = operator.get(f"{SESSIONS}{done.session_id}/figures/{done.id}.json").json()
    assert [trace["name"] for trace in figures["series"]["data"]] == ["Faces"]
    assert "Faces in view over time" in page(operator, f"{SESSIONS}{done.session_id}/change/")


def test_what_is_the_visitors_is_not_shown(operator: Client, running: Recording) -> None:
    AnalysisSession.objects.update(owner_hash="a-digest-of-a-secret")
    for address in (
        SESSIONS,
        RECORDINGS,
        f"{SESSIONS}{running.session_id}/change/",
        f"{RECORDINGS}{running.id}/change/",
    ):
        text = page(operator, address)
        assert str(running.id)[:8] in text or str(running.session_id) in text
        assert "Private talk" not in text
        assert "a-digest-of-a-secret" not in text


def test_nothing_is_added_changed_or_deleted(operator: Client, done: Recording) -> None:
    for address, key in ((SESSIONS, done.session_id), (RECORDINGS, done.id)):
        assert operator.get(f"{address}add/").status_code == 403
        assert operator.post(f"{address}{key}/change/", {"environment": "general"}).status_code == 403
        assert operator.post(f"{address}{key}/delete/", {"post": "yes"}).status_code == 403
        assert "delete_selected" not in page(operator, address)
    done.refresh_from_db()
    assert done.environment == "seminar"


def test_accounts_are_not_made_here(operator: Client) -> None:
    assert operator.get("/admin/auth/user/").status_code == 404


def test_a_wipe_asks_first_and_leaves_nothing(
    operator: Client, done: Recording, waiting: Recording, data_dir: Path
) -> None:
    asked = act(operator, SESSIONS, "wipe_now", done.session_id)
    assert "Nobody can bring it back" in asked.content.decode()
    assert AnalysisSession.objects.count() == 2
    answer = act(operator, SESSIONS, "wipe_now", done.session_id, sure="yes")
    assert "1 session is gone." in answer.content.decode()
    assert [session.id for session in AnalysisSession.objects.all()] == [waiting.session_id]
    assert [folder.name for folder in (data_dir / "sessions").iterdir()] == [str(waiting.session_id)]


def test_jobs_are_cancelled(operator: Client, waiting: Recording, running: Recording) -> None:
    answer = act(operator, SESSIONS, "cancel_jobs", waiting.session_id, running.session_id)
    assert "2 jobs cancelled." in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    assert store.cancel_is_requested(running.id)


def test_a_running_analysis_is_requeued_and_its_former_worker_can_no_longer_write(
    operator: Client, running: Recording
) -> None:
    answer = act(operator, RECORDINGS, "requeue", running.id)
    assert "1 job requeued." in answer.content.decode()
    with pytest.raises(store.Gone):
        store.append(running.id, readings(), 0.5, attempt=running.attempts)
    again = store.claim(running.id)
    assert again is not None
    assert (again.attempts, again.readings_bytes, again.faces) == (running.attempts + 1, 0, 0)
    with pytest.raises(store.Gone):
        store.append(running.id, readings(), 0.5, attempt=running.attempts)
    assert store.source_path(again).is_file()


def test_a_transcript_that_failed_is_requeued(operator: Client, done: Recording) -> None:
    transcripts.open_for(done)
    transcripts.claim(done.id)
    transcripts.end(done.id, TranscriptStatus.FAILED, "No words.")
    assert "No words." in page(operator, SESSIONS)
    answer = act(operator, SESSIONS, "requeue_jobs", done.session_id)
    assert "1 job requeued." in answer.content.decode()
    row = Transcript.objects.get()
    assert (row.status, row.note, row.cancel_requested) == (TranscriptStatus.WAITING, "", False)
    assert transcripts.claim(done.id) is not None


def test_what_cannot_be_requeued_is_said(operator: Client, running: Recording, done: Recording) -> None:
    store.fail(running.id, "Damaged.")
    answer = act(operator, RECORDINGS, "requeue", running.id, done.id)
    assert "of a failed analysis no file is left" in answer.content.decode()


def test_who_may_only_look_is_offered_nothing_and_refused(watcher: Client, running: Recording) -> None:
    for address in (SESSIONS, f"{SESSIONS}{running.session_id}/change/"):
        text = page(watcher, address)
        assert "wipe_now" not in text
        assert "requeue" not in text
    act(watcher, SESSIONS, "wipe_now", running.session_id, sure="yes")
    act(watcher, SESSIONS, "cancel_jobs", running.session_id)
    running.refresh_from_db()
    assert (running.status, running.cancel_requested) == (Status.RUNNING, False)


def test_staff_without_rights_see_no_figures(done: Recording) -> None:
    User.objects.create_user("trainee", password="pass", is_staff=True)
    client = Client()
    client.login(username="trainee", password="pass")
    address = reverse("admin:analytics_session_figures", args=[done.session_id, done.id])
    assert client.get(address).status_code == 403
    assert client.get(SESSIONS).status_code == 403
