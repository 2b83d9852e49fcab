"""A webcam where expressions may not be read: faces are counted, nothing is inferred, and a socket cannot demand it."""

from __future__ import annotations

from typing import Any

import pytest

from analytics import store
from analytics.models import AnalysisSession, Recording
from emotion_ml.engine import EmotionEngine
from engageai.conftest import Visitor
from engageai.live import protocol
from engageai.live.tests.cameras import Camera, in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("forbidden")
async def test_faces_are_found_and_counted_and_the_engine_is_never_asked(visitor: Visitor) -> None:
    camera = Camera(visitor, query="purpose=eu&exemption=")
    await camera.connect()
    ready = await camera.receive()
    assert (ready["kind"], ready["expressions"]) == ("ready", False)
    result = await camera.round_trip()
    (face,) = result["faces"]
    assert (face["id"], face["p"], face["left_out"]) == (1, [], 4)
    assert (result["engagement"], result["rolling"]) == (None, None)
    await camera.stop()
    recording = await in_thread(Recording.objects.get)
    assert (recording.purpose, recording.reads_expressions, recording.model_name) == ("eu", False, "")
    assert not (await in_thread(store.load_readings, recording)).used.any()


@pytest.mark.usefixtures("forbidden")
async def test_one_that_goes_on_stays_without_whatever_its_address_says(visitor: Visitor) -> None:
    camera = await Camera(visitor, query="purpose=eu").ready()
    await camera.round_trip()
    await camera.leave()
    again = Camera(visitor, recording=camera.recording, query="purpose=private&expressions=yes")
    await again.connect()
    assert (await again.receive())["expressions"] is False
    assert (await again.round_trip())["faces"][0]["p"] == []
    await again.stop()


@pytest.mark.parametrize(
    ("query", "code"),
    [("purpose=eu&expressions=yes", protocol.PROHIBITED), ("purpose=holiday", protocol.MALFORMED)],
)
async def test_what_may_not_be_read_is_refused_with_a_reason(
    visitor: Visitor, engine: EmotionEngine, query: str, code: int
) -> None:
    camera = await Camera(visitor, query=query).connect()
    closed, reason = await camera.closing()
    assert closed == code
    assert reason
    assert not await in_thread(Recording.objects.exists)


async def test_the_answer_is_kept_with_the_session(visitor: Visitor, engine: EmotionEngine) -> None:
    camera = Camera(visitor, query="purpose=eu&exemption=safety")
    await camera.connect()
    assert (await camera.receive())["expressions"] is True
    assert sum((await camera.round_trip())["faces"][0]["p"]) == pytest.approx(1, abs=1e-3)
    await camera.stop()
    session = await in_thread(AnalysisSession.objects.get, id=visitor.session.id)
    assert (session.purpose, session.exemption, session.reads_expressions) == ("eu", "safety", True)


async def test_a_socket_that_says_nothing_gets_the_default(visitor: Visitor, settings: Any) -> None:
    settings.PURPOSE_DEFAULT = "eu"
    camera = await Camera(visitor).connect()
    assert (await camera.receive())["expressions"] is False
    await camera.stop()
