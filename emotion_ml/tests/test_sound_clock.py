"""Sound goes where its stamps say, whether they run ahead of its samples or behind them."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_ml.media import sound
from emotion_ml.media.sound import SAMPLE_RATE, Samples


def placed(*pieces: tuple[float, Samples]) -> Samples:
    """Each at the time that its stamp says, as the line has them."""
    line = sound._Line(0.0, 3600.0)
    return np.concatenate([part for time_s, samples in pieces for part in line.put(samples, time_s)])


@pytest.mark.parametrize("piece_s", [10.0, 0.02])
def test_pieces_that_overlap_do_not_add_up(piece_s: float) -> None:
    """Forty parts of 10 s, each beginning half a second before the one before it has ended, in frames of any length."""
    count = round(10.0 / piece_s)
    part = np.full(round(piece_s * SAMPLE_RATE), 0.1, np.float32)
    frames = [(9.5 * row + piece_s * frame, part) for row in range(40) for frame in range(count)]
    assert len(placed(*frames)) / SAMPLE_RATE == pytest.approx(380.5, abs=0.11)


def test_a_clock_that_begins_anew_costs_no_sound() -> None:
    part = np.full(10 * SAMPLE_RATE, 0.1, np.float32)
    assert len(placed((0.0, part), (10.0, part), (0.0, part), (10.0, part))) == 4 * len(part)


def test_a_small_drift_is_left_alone() -> None:
    part = np.full(SAMPLE_RATE, 0.1, np.float32)
    assert len(placed((0.0, part), (0.95, part), (1.91, part))) == 3 * len(part)
