"""What a webcam page is promised: the newest frame is read, and all that was read is kept."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from analytics import store
from analytics.models import AnalysisSession, Recording, Status
from emotion_ml.engine import EmotionEngine
from engageai import metrics
from engageai.conftest import Visitor
from engageai.live import protocol
from engageai.live.tests.cameras import Camera, in_thread
from engageai.live.tests.conftest import Gated

pytestmark = pytest.mark.django_db(transaction=True)


async def until(condition: Any, limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


def dropped() -> float:
    return metrics.registry.get_sample_value("engageai_frames_dropped_total") or 0.0


async def test_a_frame_is_answered_with_its_id_its_faces_and_its_score(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    result = await camera.round_trip()
    assert (result["kind"], result["id"], result["t_s"], result["size"]) == ("result", 1, 0.0, [320, 240])
    (face,) = result["faces"]
    assert face["id"] == 1
    assert sum(face["p"]) == pytest.approx(1, abs=1e-3)
    assert set(result["engagement"]) == {"classroom", "product_demo", "seminar", "general"}
    assert set(result["rolling"]["general"]) == {"30s", "60s", "cumulative", "low", "high"}
    assert all(value >= 0 for value in result["timings"].values())
    await camera.stop()


async def test_a_frame_without_a_face_has_no_score(visitor: Visitor, engine: EmotionEngine) -> None:
    from engageai.live.tests.test_protocol import jpeg

    camera = await Camera(visitor).ready()
    result = await camera.round_trip(jpeg(320, 240))
    assert (result["faces"], result["engagement"]) == ([], None)
    await camera.stop()


async def test_while_the_engine_is_slow_only_the_newest_frame_waits(visitor: Visitor, gated: Gated) -> None:
    camera = await Camera(visitor).ready()
    await camera.send()
    await until(lambda: gated.asked == 1)
    before = dropped()
    for _ in range(5):
        await camera.send()
    await until(lambda: dropped() == before + 4)  # all have been read
    gated.gate.release()
    assert (await camera.receive())["id"] == 1
    newest = await camera.send()
    gated.gate.release()
    result = await camera.receive()
    assert (result["id"], result["dropped"]) == (newest, 5)
    await camera.leave()


async def test_no_result_is_sent_before_the_last_one_was_taken(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    await camera.send()
    await camera.send()
    assert (await camera.receive())["id"] == 1
    assert await camera.communicator.receive_nothing(0.2)
    assert (await camera.round_trip())["id"] == 3
    await camera.stop()


async def test_stop_ends_with_a_recording_of_all_that_was_measured(
    visitor: Visitor, engine: EmotionEngine, data_dir: Any
) -> None:
    camera = await Camera(visitor, environment="seminar").ready()
    for _ in range(6):
        await camera.round_trip()
    url = (await camera.stop())["url"]
    recording = await in_thread(Recording.objects.get)
    assert (recording.status, recording.environment, recording.is_live) == (Status.DONE, "seminar", True)
    assert (recording.width, recording.height) == (320, 240)
    assert recording.duration_s == pytest.approx(0.2)
    assert recording.analysis_fps == pytest.approx(25)
    assert len((await in_thread(store.load_readings, recording)).times) == 6
    answer = await in_thread(visitor.client.get, url)
    assert answer.status_code == 200
    result = (await in_thread(visitor.client.get, url + "result.json")).json()
    assert result["recording"]["frames_analysed"] == 6
    assert result["engagement"]["seminar"]["score"] is not None


@pytest.mark.parametrize("frames", [1, 2])
async def test_the_shortest_measurements_have_a_dashboard_too(
    visitor: Visitor, engine: EmotionEngine, frames: int
) -> None:
    camera = await Camera(visitor).ready()
    for _ in range(frames):
        await camera.round_trip()
    url = (await camera.stop())["url"]
    for page in ("", "figures/general.json", "boxes.json?from=0&to=5", "result.json"):
        assert (await in_thread(visitor.client.get, url + page)).status_code == 200


async def test_a_page_that_goes_leaves_a_finished_recording(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    await camera.leave()
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def test_stop_before_the_first_frame_leaves_nothing(visitor: Visitor, engine: EmotionEngine, files: Any) -> None:
    camera = await Camera(visitor).ready()
    assert (await camera.stop())["url"] is None
    assert not await in_thread(Recording.objects.exists)
    assert files() == []


async def test_a_broken_connection_goes_on_where_it_ended(visitor: Visitor, engine: EmotionEngine) -> None:
    first = await Camera(visitor).ready()
    for _ in range(3):
        await first.round_trip()
    await first.leave()
    again = await Camera(visitor, recording=first.recording).ready()
    assert again.recording == first.recording
    result = await again.round_trip()
    assert result["t_s"] > 0.08
    assert result["faces"][0]["id"] == 2  # who sits there now may be somebody else
    await again.stop()
    recording = await in_thread(Recording.objects.get)
    times = (await in_thread(store.load_readings, recording)).times.tolist()
    assert len(times) == 4
    assert times == sorted(times)
    assert recording.status == Status.DONE


async def test_a_newer_socket_takes_a_measurement_over(visitor: Visitor, engine: EmotionEngine) -> None:
    first = await Camera(visitor).ready()
    await first.round_trip()
    second = await Camera(visitor, recording=first.recording).ready()
    assert (await first.closing())[0] == protocol.SUPERSEDED
    await second.round_trip()
    await second.stop()
    assert (await in_thread(Recording.objects.get)).status == Status.DONE


async def test_a_wipe_ends_the_measurement_and_nothing_of_it_comes_back(
    visitor: Visitor, engine: EmotionEngine, files: Any
) -> None:
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    await in_thread(store.wipe, visitor.session.id)
    await camera.send()
    assert (await camera.closing())[0] == 4404
    assert files() == []
    assert not await in_thread(AnalysisSession.objects.filter(id=visitor.session.id).exists)


async def test_an_engine_that_fails_closes_the_socket_and_keeps_what_was_measured(
    visitor: Visitor, engine: EmotionEngine, caplog: pytest.LogCaptureFixture
) -> None:
    camera = await Camera(visitor).ready()
    await camera.round_trip()
    await in_thread(engine.close)
    await camera.send()
    code, reason = await camera.closing()
    assert (code, reason) == (protocol.BROKEN, "a fault on our side")
    assert (await in_thread(Recording.objects.get)).status == Status.DONE
