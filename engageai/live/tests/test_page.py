"""The page before the camera: what it says, and whose it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics import store
from analytics.models import AnalysisSession, Recording
from analytics.readings import Readings
from emotion_ml.types import Reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def options(page: Any) -> dict[str, Any]:
    found = re.search(r'<script id="options" type="application/json">(.+?)</script>', page.content.decode())
    assert found
    parsed: dict[str, Any] = json.loads(found[1])
    return parsed


def measured(session: AnalysisSession) -> Recording:
    recording = store.add_live(session, name="Webcam", environment="general")
    store.append(recording.id, Readings.of([Reading(0.0, ())]), 0.0)
    store.finish(recording.id)
    return recording


def test_each_load_of_the_page_is_a_session_of_its_own(client: Client) -> None:
    pages = [client.get(reverse("live-start")) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0]["Cache-Control"] == "no-store"
    assert "camera=(self)" in pages[0]["Permissions-Policy"]
    assert len({options(page)["session"] for page in pages}) == 2
    assert AnalysisSession.objects.count() == 2


def test_the_page_asks_for_consent_and_says_what_is_kept(client: Client) -> None:
    page = client.get(reverse("live-start")).content.decode()
    assert "everyone whom the camera sees knows of it and agrees" in page
    assert "No picture, ever." in page
    assert "In the EU" in page


def test_the_page_tells_its_script_the_limits(client: Client, settings: Any) -> None:
    settings.LIVE_MAX_FPS = 12
    found = options(client.get(reverse("live-start")))
    assert found["socket"] == f"/ws/s/{found['session']}/live/"
    assert (found["max_px"], found["max_bytes"], found["max_fps"]) == (640, 256 * 1024, 12)
    assert found["windows_s"] == {"30s": 30, "60s": 60}


def test_both_ways_in_lead_to_each_other(client: Client) -> None:
    assert reverse("live-start") in client.get(reverse("upload-start")).content.decode()
    assert reverse("upload-start") in client.get(reverse("live-start")).content.decode()


def test_a_server_that_died_leaves_finished_measurements(client: Client) -> None:
    client.get(reverse("live-start"))
    session = AnalysisSession.objects.get()
    kept = store.add_live(session, name="Webcam", environment="general")
    store.append(kept.id, Readings.of([Reading(0.0, ())]), 0.0)
    empty = store.add_live(session, name="Webcam", environment="general")
    assert store.requeue_interrupted(2, "restarted") == []
    assert Recording.objects.get(id=kept.id).is_showable
    assert not Recording.objects.filter(id=empty.id).exists()


def test_a_wiped_session_takes_no_new_measurement(client: Client, files: Callable[[], list[str]]) -> None:
    client.get(reverse("live-start"))
    session = AnalysisSession.objects.get()
    store.wipe(session.id)
    with pytest.raises(store.NotFound):
        store.add_live(session, name="Webcam", environment="general")
    assert files() == []
