"""A decoder that does not survive a recording costs that recording: a sentence for its sender, and the next passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics import store
from analytics.models import Recording
from emotion_ml import sandbox
from emotion_ml.tests.patience import slack
from emotion_ml.tests.rogue import rogue
from engageai.conftest import Visitor
from engageai.upload import jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engine")]

TOLD_S = 2.0
STALL_S = 0.3
WAYS = ("segfault", "kill", "abort", "allocate", "allocate_natively", "die_midway", "hang", "spin", "flood")


def run(recording: Recording) -> Recording:
    jobs.analyse.call(str(recording.id))
    recording.refresh_from_db()
    return recording


@pytest.mark.parametrize("way", WAYS)
def test_it_is_one_failed_job_with_a_sentence_and_the_next_one_passes(
    way: str, visitor: Visitor, clip: Path, files: Callable[[], list[str]]
) -> None:
    first, second, third = (visitor.uploaded(clip) for _ in range(3))
    with sandbox.replaced(rogue(way, stall_s=STALL_S)):
        run(first)  # begins the process, which is not what is timed
        began_s = time.monotonic()
        run(second)
        assert time.monotonic() - began_s < STALL_S + TOLD_S * slack()
    for recording in (first, second):
        assert recording.status == "failed"
        assert recording.message in {sentence for _, sentence in (sandbox.CRASHED, sandbox.STUCK, sandbox.NO_MEMORY)}
    assert run(third).status == "done"
    assert len(store.load_readings(third).times) == 10
    assert all(f"/{third.id}/" in name for name in files())


@pytest.mark.parametrize("way", ["segfault", "hang"])
def test_at_the_door_it_is_a_refusal_and_nothing_is_kept(
    way: str, visitor: Visitor, clip: Path, files: Callable[[], list[str]]
) -> None:
    patience = {"stall_s": STALL_S} if way == "hang" else {}
    with sandbox.replaced(rogue(way, **patience)):
        answer = visitor.upload(clip)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == {"segfault": "decoder-crashed", "hang": "decoder-stuck"}[way]
    assert not Recording.objects.exists()
    assert files() == []
    assert visitor.upload(clip).status_code == 201


def test_when_it_dies_making_a_version_to_play_the_results_stand(
    visitor: Visitor, unplayable_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = visitor.uploaded(unplayable_clip)
    whole = jobs._make_playable

    def dying(*args: object) -> object:
        with sandbox.replaced(rogue("segfault")):
            return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "_make_playable", dying)
    run(recording)
    assert (recording.status, recording.message) == ("done", jobs.UNPLAYABLE)
    assert len(store.load_readings(recording).times) == 10
    assert not store.has_video(recording)
