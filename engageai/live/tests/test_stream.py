"""How often a stream says that it was read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import numpy as np
import pytest

from analytics.readings import Readings
from analytics.tests.synthetic import nobody
from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import Detectors
from engageai.live import protocol
from engageai.live.stream import Extent, Stream
from engageai.live.tests.cameras import face_jpeg
from engageai.live.tests.conftest import Gated

PAUSE_S = 600.0


def watched(times: Iterable[float], earlier: Readings | None = None, start_s: float = 0.0) -> Extent:
    """Of frames that come at these times; saved in between, as a measurement is."""
    detectors = Detectors()
    stream = Stream(None, detectors, start_s=start_s, earlier=earlier)
    extent = None
    for row, at_s in enumerate(times):
        message = protocol.pack_frame(row + 1, row, 1000 * at_s, face_jpeg())
        assert stream.answer(protocol.parse_frame(message, at_s), 0) is not None
        if row % 7 == 6 and (saved := stream.take_unsaved()):
            extent = saved[1]
    if saved := stream.take_unsaved():
        extent = saved[1]
    stream.close()
    detectors.close()
    assert extent is not None
    return extent


def test_a_pause_is_no_time_in_which_it_was_read_slowly() -> None:
    read = np.arange(20) / 10
    extent = watched([*read, *(read + PAUSE_S)])
    assert extent.fps == pytest.approx(10.0)
    assert extent.duration_s == pytest.approx(PAUSE_S + read[-1])


def test_nor_is_the_time_until_it_went_on() -> None:
    assert watched(np.arange(10) / 10, nobody(np.arange(30) / 10), PAUSE_S).fps == pytest.approx(10.0)


@pytest.mark.parametrize(("times", "rate"), [([0.0], 1.0), ([0.0, 5.0], 0.2), ([0.0, 0.5, 1.0, 1.5], 2.0)])
def test_what_is_read_seldom_or_once_has_a_rate_too(times: list[float], rate: float) -> None:
    assert watched(times).fps == pytest.approx(rate)


def test_what_was_measured_can_be_taken_while_a_network_hangs(gated: Gated) -> None:
    """It is taken in the one thread that asks the database for every socket."""
    detectors = Detectors()
    with EmotionEngine(gated) as engine:
        stream = Stream(engine, detectors)
        frames = [
            protocol.parse_frame(protocol.pack_frame(row, row - 1, 40.0 * row, face_jpeg()), 0.04 * row)
            for row in (1, 2)
        ]
        gated.gate.release()
        assert stream.answer(frames[0], 0) is not None
        hanging = threading.Thread(target=stream.answer, args=(frames[1], 0))
        hanging.start()
        while gated.asked < 2:
            time.sleep(0.005)
        taken: list[object] = []
        saver = threading.Thread(target=lambda: taken.append(stream.take_unsaved()), daemon=True)
        saver.start()
        saver.join(5)
        assert len(taken) == 1
        gated.gate.release()
        hanging.join(10)
        stream.close()
    detectors.close()
