"""The numbers of the server are for its owner, say what happened, and name nobody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from engageai import health
from engageai.conftest import Visitor, start_server
from engageai.own_server import Server
from engageai.tests.guest import Guest, eventually, get, recordings

TOKEN = "a token of sixteen letters"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_read_them(peer: str) -> None:
    assert health.may_read(peer, {})


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "192.168.1.4", "8.8.8.8", "", "localhost", "2001:db8::1", "::ffff:8.8.8.8"]
)
def test_no_other_may(peer: str) -> None:
    assert not health.may_read(peer, {})
    assert not health.may_read(peer, {"X-Forwarded-For": "127.0.0.1"})


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_comes_through_a_proxy_on_this_machine_is_not_of_this_machine(name: str) -> None:
    assert not health.may_read("127.0.0.1", {name: "anything"})


@pytest.mark.parametrize(("name", "value"), [("HTTPS", True), ("TRUSTED_PROXIES", ["127.0.0.1"])])
def test_where_a_proxy_is_declared_only_the_token_counts(name: str, value: Any, settings: Any) -> None:
    setattr(settings, name, value)
    settings.METRICS_TOKEN = TOKEN
    assert not health.may_read("127.0.0.1", {})
    assert health.may_read("10.0.0.1", {"Authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", f"bearer\u00e9 {TOKEN}"]
)
def test_a_wrong_token_is_no_token(given: str, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert not health.may_read("10.0.0.1", {"Authorization": given})


def test_without_a_token_in_the_settings_none_is_right() -> None:
    assert not health.may_read("10.0.0.1", {"Authorization": "Bearer "})


@pytest.mark.django_db
def test_others_find_nothing_there(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    refused = Client(REMOTE_ADDR="10.0.0.1").get("/metrics")
    assert (refused.status_code, refused.content) == (404, Client(REMOTE_ADDR="10.0.0.1").get("/nowhere").content)
    allowed = Client(REMOTE_ADDR="10.0.0.1").get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert allowed.status_code == 200
    assert allowed.headers["Content-Type"].startswith("text/plain; version=")


def numbers(server: Server) -> dict[str, float]:
    response, body = get(server, "/metrics")
    assert response.status == 200
    return {name: float(value) for name, value in re.findall(r"^(engageai_\S+) (\S+)$", body.decode(), re.MULTILINE)}


def test_a_visit_from_upload_to_wipe_shows_in_the_numbers(tmp_path: Path, clip: Path) -> None:
    server = start_server(tmp_path, ANALYSIS_FPS="10")
    before = numbers(server)
    assert before["engageai_sessions"] == before["engageai_wipes_total"] == before["engageai_uploads_total"] == 0

    guest = Guest(server)
    with guest.socket("presence"):
        eventually(lambda: numbers(server)['engageai_sockets{kind="presence"}'] == 1)
        assert numbers(server)["engageai_sessions"] == 1
        guest.upload(clip)
        eventually(lambda: recordings(server)[0][0] == "done")
        job = 'engageai_job_seconds_count{end="done",kind="analysis"}'
        eventually(lambda: job in numbers(server))  # counted once the task has returned, a little after its row says so
        after = numbers(server)
    assert after["engageai_uploads_total"] == 1
    assert after["engageai_upload_bytes_total"] == clip.stat().st_size
    assert after['engageai_results_total{source="recording"}'] == 20
    assert after["engageai_faces_read_total"] == 20
    assert after["engageai_inference_seconds_count"] >= 3
    assert after['engageai_recordings{status="done"}'] == 1
    assert after[job] == 1
    assert after['engageai_engine_state{state="ready"}'] == 1
    assert after["engageai_disk_free_bytes"] > 0
    eventually(lambda: numbers(server)['engageai_sockets{kind="presence"}'] == 0)

    get(server, "/nowhere", **guest.headers)
    assert numbers(server)['engageai_refused_total{code="not-found"}'] == 1
    assert server.stop() == 0


@pytest.mark.django_db
def test_a_wipe_is_counted(visitor: Visitor) -> None:
    from analytics import store
    from engageai import metrics

    before = metrics.registry.get_sample_value("engageai_wipes_total") or 0.0
    store.wipe(visitor.session.id)
    assert metrics.registry.get_sample_value("engageai_wipes_total") == before + 1


@pytest.mark.django_db
def test_no_label_holds_what_came_from_outside(visitor: Visitor, clip: Path) -> None:
    marker = "mArKeR"
    visitor.upload(clip, name=f"{marker}.mp4", environment=marker)
    visitor.client.get(f"/{marker}?{marker}={marker}", headers={"User-Agent": marker, "X-Request-ID": marker})
    body = Client().get("/metrics").content.decode()
    assert "engageai_refused_total" in body
    assert marker not in body
    assert str(visitor.session.id) not in body
