"""A program opens a session, sends a recording, waits, takes the results away and wipes: the printed example itself."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engageai.conftest import ROOT, Server, start_server
from engageai.tests.guest import Guest, stored

TOKEN, OTHER = "first-" * 6, "second-" * 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("api"), API_TOKEN=f"{TOKEN},{OTHER}", PAGES_PER_HOUR="12")
    yield running
    running.stop()


def ask(server: Server, method: str, path: str, token: str = TOKEN, **headers: str) -> tuple[Any, bytes]:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()


def code(body: bytes) -> str:
    error = json.loads(body)["error"]
    assert set(error) == {"code", "message"}
    return str(error["code"])


def test_the_example_of_the_documents_does_what_it_says(server: Server, clip: Path, tmp_path: Path) -> None:
    environment = os.environ | {"API_TOKEN": TOKEN, "ENGAGEAI": server.origin}
    command = [sys.executable, str(ROOT / "examples" / "api_client.py"), str(clip)]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "done 100%" in run.stdout
    assert "words: absent" in run.stdout.splitlines()[-3], "it waits until it is known that the clip is silent"
    assert "'kind': 'recording'" in run.stdout.splitlines()[-1]
    with zipfile.ZipFile(tmp_path / "engageai.zip") as bundle:
        assert bundle.testzip() is None
        assert {"manifest.json", "result.json"} <= {name.rsplit("/", 1)[-1] for name in bundle.namelist()}
    assert stored(server) == []


def test_the_example_stands_in_the_documents_letter_for_letter() -> None:
    example = (ROOT / "examples" / "api_client.py").read_text().strip()
    for document in ("README.md", "docs/api.md"):
        assert example in (ROOT / document).read_text(), document


def test_without_a_token_that_is_known_nothing_is_answered_and_no_body_is_read(server: Server) -> None:
    for token in ("", "wrong-" * 6, TOKEN[:-1], f"{TOKEN}x"):
        answer, body = ask(server, "POST", "/api/v1/sessions", token)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert code(body) == "unauthorized"
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.putrequest("POST", f"/api/v1/sessions/{'0' * 8}-0000-4000-8000-{'0' * 12}/recordings")
        connection.putheader("Content-Length", "3000000")
        connection.endheaders()
        assert connection.getresponse().status == 401


def test_each_token_and_each_browser_has_sessions_of_its_own(server: Server) -> None:
    session = json.loads(ask(server, "POST", "/api/v1/sessions")[1])
    assert ask(server, "GET", session["url"])[0].status == 200
    assert code(ask(server, "GET", session["url"], OTHER)[1]) == "not-found"
    assert ask(server, "DELETE", session["url"], OTHER)[0].status == 404
    guest = Guest(server)
    assert guest.get(f"/s/{session['id']}/")[0].status == 404
    assert ask(server, "GET", f"/api/v1/sessions/{guest.session}")[0].status == 404
    cookie = guest.headers["Cookie"]
    assert ask(server, "GET", f"/api/v1/sessions/{guest.session}", Cookie=cookie)[0].status == 404
    assert ask(server, "GET", f"/api/v1/sessions/{guest.session}", "", Cookie=cookie)[0].status == 401
    assert json.loads(ask(server, "DELETE", session["url"])[1])["session"] == session["id"]
    assert ask(server, "GET", session["url"])[0].status == 404


def test_every_refusal_has_the_one_shape_and_the_headers_of_a_page(server: Server) -> None:
    refused = {
        ("GET", "/api/v1/nothing"): (404, "not-found"),
        ("GET", "/api/nothing"): (404, "not-found"),
        ("PATCH", "/api/v1/environments"): (405, "wrong-method"),
        ("GET", f"/api/v1/sessions/{'0' * 8}-0000-4000-8000-{'0' * 12}"): (404, "not-found"),
    }
    for (method, path), expected in refused.items():
        answer, body = ask(server, method, path, Accept="text/html")
        assert (answer.status, code(body)) == expected, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Request-ID"]
        assert "Set-Cookie" not in answer.headers


def test_opening_sessions_too_often_is_refused_with_the_time_to_wait(server: Server) -> None:
    for _ in range(13):
        answer, body = ask(server, "POST", "/api/v1/sessions", OTHER)
        if answer.status != 201:
            break
    assert (answer.status, code(body)) == (429, "too-often")
    assert int(answer.headers["Retry-After"]) > 0
    assert ask(server, "GET", "/api/v1/environments", OTHER)[0].status == 200
