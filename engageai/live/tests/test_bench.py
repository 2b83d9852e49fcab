"""The load generator measures a real server, and reports in the promised form."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from engageai.live import load, process, protocol
from engageai.live.management.commands import bench_live
from engageai.live.tests.test_protocol import PICTURE


@pytest.mark.slow
def test_a_server_of_its_own_is_measured_with_pages_floods_and_connects(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    call_command("bench_live", "--serve", "--clients=2", "--seconds=2", "--flood=5", "--connects=5", f"--json={out}")
    report: dict[str, Any] = json.loads(out.read_text())
    assert len(report["clients"]) == len(report["alone"]) == 2
    for each in report["clients"] + report["alone"]:
        assert each["results_per_s"] > 0
        assert 0 < each["p50_ms"] <= each["p95_ms"] <= each["p99_ms"]
        assert each["dropped"] >= 0
    assert all(mib > 50 for _, mib in report["server_rss_mib"])
    assert report["flood"]["sent_mib"] >= 5
    assert report["connects"]["times"] == 5


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing listens on port 1 "):
        call_command("bench_live", "--url=http://127.0.0.1:1", f"--json={tmp_path / 'out'}")


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    clip = tmp_path / "notes.mp4"
    clip.write_text("not a film")
    with pytest.raises(CommandError):
        call_command("bench_live", "--serve", f"--clip={clip}", f"--json={tmp_path / 'out'}")


def test_a_flood_consists_of_whole_frames_of_the_largest_size() -> None:
    size = protocol.MAX_BYTES - protocol.HEADER.size
    padded = load._padded(PICTURE, size)
    assert size - 4 <= len(padded) <= size
    assert protocol.jpeg_size(padded) == protocol.jpeg_size(PICTURE)


def test_the_pictures_are_as_a_page_sends_them() -> None:
    for picture in bench_live._pictures(None):
        assert max(protocol.jpeg_size(picture)) <= protocol.MAX_PX


def test_what_a_process_takes_is_read_from_the_system() -> None:
    taken = process.taken_by(os.getpid())
    assert taken.rss_mib > 10
    assert taken.files > 2
    assert taken.threads >= 1


def test_figures_of_no_result_are_none() -> None:
    assert load.Trips().summary(10.0) == {
        "results_per_s": 0.0,
        "p50_ms": None,
        "p95_ms": None,
        "p99_ms": None,
        "dropped": 0,
        "over_time": [
            {"t_s": 5.0, "results_per_s": 0.0, "p50_ms": None, "p95_ms": None, "p99_ms": None},
            {"t_s": 10.0, "results_per_s": 0.0, "p50_ms": None, "p95_ms": None, "p99_ms": None},
        ],
    }
