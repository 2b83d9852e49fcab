"""kill -9 in the middle of a job loses no truth: the next server takes it up, once, and what was half done is gone."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from engageai.conftest import face_clip, start_server
from engageai.own_server import Server
from engageai.tests.guest import Guest, eventually, recordings, rows, stored

FPS = {"ANALYSIS_FPS": "10"}
LEAVES_RUNNING_S = 45.0


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes a few seconds to analyse."""
    return face_clip(tmp_path_factory.mktemp("clips") / "long.mp4", seconds=60.0)


def kill_in_the_middle(server: Server) -> None:
    eventually(lambda: recordings(server)[0][0] == "running" and recordings(server)[0][2] > 0)
    family = psutil.Process(server.process.pid).children(recursive=True)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(10)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == [], "a child outlived its killed server"
    assert recordings(server)[0][0] == "running"


def test_a_job_whose_server_was_killed_is_done_by_the_next_one(tmp_path: Path, long_clip: Path) -> None:
    server = start_server(tmp_path, **FPS)
    Guest(server).upload(long_clip)
    kill_in_the_middle(server)
    killed_at = time.monotonic()
    (server.data_dir / "incoming" / "half.upload").write_bytes(b"half")

    server = start_server(tmp_path, ANALYSIS_FPS="1")
    eventually(lambda: recordings(server)[0][:2] != ("running", 1))
    left_running_s = time.monotonic() - killed_at
    eventually(lambda: recordings(server)[0][0] not in ("queued", "running"))
    assert left_running_s < LEAVES_RUNNING_S
    assert recordings(server)[0][:2] == ("done", 2)
    eventually(lambda: rows(server, "SELECT status FROM analytics_transcript") == [("absent",)])
    assert stored(server) == ["readings-2.bin", "source"]
    assert server.stop() == 0


def test_a_job_on_which_two_servers_died_is_given_up_with_a_reason(tmp_path: Path, long_clip: Path) -> None:
    server = start_server(tmp_path, **FPS)
    Guest(server).upload(long_clip)
    kill_in_the_middle(server)
    server = start_server(tmp_path, **FPS)
    kill_in_the_middle(server)
    server = start_server(tmp_path, **FPS)
    [(status, message)] = rows(server, "SELECT status, message FROM analytics_recording")
    assert status == "failed"
    assert "restarted twice" in message
    assert stored(server) == []
    assert server.stop() == 0
