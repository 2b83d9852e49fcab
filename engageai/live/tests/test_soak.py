"""The soak wears a real server for a moment, and says what it saw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from engageai.live.management.commands import soak


def test_memory_that_grows_is_seen() -> None:
    assert soak.slope_per_h([(float(second), 300 + second / 360) for second in range(60)]) == pytest.approx(10)
    assert soak.slope_per_h([(float(second), 300.0) for second in range(60)]) == 0
    assert soak.slope_per_h([(0.0, 300.0)]) is None


def test_the_first_and_the_last_stretch_are_compared() -> None:
    page = {"results_per_s": 9.0, "over_time": [{"p95_ms": 20.0}, {"p95_ms": 22.0}]}
    slow = {"results_per_s": 8.0, "over_time": [{"p95_ms": None}, {"p95_ms": 40.0}]}
    found = soak.summary(soak.Tally(), [page, slow], 10.0)
    assert (found["p95_ms_first"], found["p95_ms_last"], found["results_per_s"]) == (20.0, 40.0, [9.0, 8.0])


def test_a_server_that_says_no_is_an_error_of_the_soak() -> None:
    with pytest.raises(OSError, match="refused"):
        soak.Tab("http://127.0.0.1:1").load()


@pytest.mark.slow
def test_a_short_soak(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "soak.json"
    call_command("soak", "--minutes=0.1", "--pages=2", f"--clip={clip}", f"--json={out}")
    report: dict[str, Any] = json.loads(out.read_text())
    assert report["errors"] == []
    assert (report["uploads"], len(report["pages"])) == (1, 2)
    assert report["reloads"] >= 1
    assert report["rss_mib_most"] > 50
    assert min(report["results_per_s"]) > 1


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("not a film")
    with pytest.raises(CommandError):
        call_command("soak", f"--clip={tmp_path / 'notes.mp4'}", "--json=-")
