"""How far a recording has come, as a function of its row and the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.models import Recording
from engageai.upload import progress

START = datetime(2026, 1, 1, tzinfo=UTC)


def running(stage: str, share: float, *, playable: bool = True, **fields: Any) -> Recording:
    return Recording(status="running", stage=stage, progress=share, playable=playable, stage_started_at=START, **fields)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("stage", "share", "playable", "expected"),
    [
        ("queued", 0.0, True, 0.0),
        ("probe", 0.9, True, 0.0),
        ("analyse", 0.5, True, 0.5),
        ("analyse", 0.5, False, 0.25),
        ("playback", 0.5, False, 0.75),
        ("finish", 0.0, False, 1.0),
    ],
)
def test_progress_is_a_share_of_the_passes(stage: str, share: float, playable: bool, expected: float) -> None:
    state = progress.state(running(stage, share, playable=playable), START, "/there/")
    assert (state["progress"], state["percent"]) == (expected, int(expected * 100))
    assert state["url"] is None


def test_the_time_left_is_measured() -> None:
    assert progress.eta_s(running("analyse", 0.25), after(10)) == 30
    assert progress.eta_s(running("analyse", 0.25, playable=False), after(10)) == 70
    assert progress.eta_s(running("playback", 0.5, playable=False), after(10)) == 10


@pytest.mark.parametrize(
    ("recording", "seconds"),
    [
        (running("analyse", 0.0), 10),
        (running("analyse", 0.01), 10),
        (running("analyse", 0.5), 0.5),
        (running("probe", 0.5), 10),
        (running("finish", 1.0), 10),
        (Recording(status="queued", stage="queued"), 10),
        (Recording(status="failed", stage="analyse", progress=0.5, stage_started_at=START), 10),
    ],
)
def test_the_time_left_is_not_guessed(recording: Recording, seconds: float) -> None:
    assert progress.eta_s(recording, after(seconds)) is None


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (None, ""),
        (3, "a few seconds left"),
        (44, "about 45 seconds left"),
        (89, "about 90 seconds left"),
        (150, "about 2 minutes left"),
    ],
)
def test_the_time_left_in_words(left_s: int | None, words: str) -> None:
    assert progress.remaining(left_s) == words


def test_it_waits_for_another_only_where_there_is_one() -> None:
    waiting = Recording(status="queued", stage="queued")
    assert progress.message(waiting) == "Waiting to begin."
    assert progress.message(waiting, is_behind=True) == "Waiting for the recording before this one."
    assert progress.message(running("probe", 0.0), is_behind=True) == "Checking the file."


def test_playback_is_a_stage_only_where_it_is_needed() -> None:
    names = [stage["name"] for stage in progress.stages(running("analyse", 0, playable=False))]
    assert names == ["probe", "analyse", "playback", "finish"]
    assert "playback" not in [stage["name"] for stage in progress.stages(running("analyse", 0))]


def test_what_is_finished_has_every_stage_behind_it_and_says_where_to_go() -> None:
    recording = Recording(status="partial", stage="finish", progress=1.0, playable=True, message="It ends at 0:41.")
    state = progress.state(recording, START, "/there/")
    assert {stage["state"] for stage in state["stages"]} == {"done"}
    assert (state["url"], state["message"], state["progress"]) == ("/there/", "It ends at 0:41.", 1.0)


def test_a_recording_that_is_asked_to_stop_says_so() -> None:
    assert progress.message(running("analyse", 0.5, cancel_requested=True)) == "Stopping."


@pytest.mark.parametrize(("t_s", "shown"), [(0, "0:00"), (41.9, "0:41"), (61, "1:01"), (3723, "1:02:03")])
def test_times_are_written_as_players_write_them(t_s: float, shown: str) -> None:
    assert progress.clock(t_s) == shown
