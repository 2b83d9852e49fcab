"""The document of the interface is true: schemathesis asks a real server everything that it says may be asked, and much
that it says may not, and finds no answer that it does not say.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engageai.conftest import Server, face_clip, start_server

TOKEN = "schemathesis-" * 3
PLENTY = "1000000"
EXAMPLES = "4"
WIPE = "DELETE /api/v1/sessions/{session_id}"
SEQUENCE = ("POST /api/v1/sessions", "GET /api/v1/sessions/{session_id}", WIPE)

pytestmark = pytest.mark.slow


def ask(server: Server, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    request = urllib.request.Request(server.origin + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that refuses nothing for being asked often."""
    per_hour = dict.fromkeys(("PAGES_PER_HOUR", "UPLOADS_PER_HOUR", "EXPORTS_PER_HOUR"), PLENTY)
    most = dict.fromkeys(("MAX_SESSIONS", "MAX_SESSIONS_PER_VISITOR", "MAX_QUEUED", "JOB_QUEUE"), PLENTY)
    running = start_server(tmp_path_factory.mktemp("server"), API_TOKEN=TOKEN, **per_hour, **most)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ids(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a recording with results."""
    clip = face_clip(tmp_path_factory.mktemp("clip") / "face.mp4")
    session = ask(server, "POST", "/api/v1/sessions")
    head = b'--edge\r\nContent-Disposition: form-data; name="environment"\r\n\r\nseminar\r\n'
    head += b'--edge\r\nContent-Disposition: form-data; name="file"; filename="face.mp4"\r\n\r\n'
    form = head + clip.read_bytes() + b"\r\n--edge--\r\n"
    recording = ask(server, "POST", f"{session['url']}/recordings", form, "multipart/form-data; boundary=edge")
    end_s = time.monotonic() + 120
    while not recording["is_ready"]:
        assert time.monotonic() < end_s, recording
        recording = ask(server, "GET", f"{recording['url']}?wait=20")
    return {"session_id": session["id"], "recording_id": recording["id"]}


def config(ids: dict[str, str]) -> str:
    """A file may be a file and no video, which the schema of a file cannot say."""
    fine = ["2xx", "401", "403", "404", "409", "422"]
    return f"""
[parameters]
session_id = "{ids["session_id"]}"
recording_id = "{ids["recording_id"]}"

[[operations]]
include-name = "POST /api/v1/sessions/{{session_id}}/recordings"
checks.positive_data_acceptance.expected-statuses = {json.dumps(fine)}
"""


def asked(server: Server, folder: Path, *options: str) -> int:
    """How many operations were asked; fails with what was found to be untrue."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.origin}/api/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {TOKEN}", "--checks", "all", "--max-examples", EXAMPLES]
    command += ["--seed", "1", "--request-timeout", "60", "--generation-database", "none", "--no-color", *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    selected = re.search(r"Operations:\s+(\d+) selected", run.stdout)
    assert selected is not None, run.stdout[-3000:]
    return int(selected[1])


def test_every_answer_is_one_that_the_document_says(server: Server, ids: dict[str, str], tmp_path: Path) -> None:
    """With all checks: statuses, types and shapes of answers, wrong data, wrong methods, wrong tokens; sequences too.

    What wipes a session is asked of sessions that schemathesis opens itself, everything else of one with results.
    """
    (tmp_path / "schemathesis.toml").write_text(config(ids))
    count = asked(server, tmp_path, "--exclude-name", WIPE, "--phases", "examples,coverage,fuzzing", "--workers", "4")
    elsewhere = tmp_path / "sequences"
    elsewhere.mkdir()
    (elsewhere / "schemathesis.toml").write_text("")
    count += asked(server, elsewhere, *(word for name in SEQUENCE for word in ("--include-name", name)))
    paths = ask(server, "GET", "/api/v1/openapi.json")["paths"]
    assert count == sum(len(methods) for methods in paths.values()) + len(SEQUENCE) - 1


def test_the_document_has_an_operation_for_everything_that_is_promised(server: Server) -> None:
    paths = ask(server, "GET", "/api/v1/openapi.json")["paths"]
    recording = "/api/v1/sessions/{session_id}/recordings/{recording_id}"
    named = ("result.json", "tables/{name}.csv", "report.pdf", "everything.zip", "transcript", "moments", "why")
    assert {recording, "/api/v1/sessions", *(f"{recording}/{name}" for name in named)} <= set(paths)
    assert set(paths["/api/v1/sessions/{session_id}"]) == {"get", "delete"}
    assert set(paths[f"{recording}/film"]) == {"get", "post", "delete"}
