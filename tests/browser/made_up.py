"""Readings of people who never were, in which it is known what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.readings import Readings
from analytics.tests.synthetic import audience, autoregressive
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut

FPS: Final = 5
DIP_S: Final = (200.0, 240.0)
PEAK_S: Final = (400.0, 440.0)
HOLE_S: Final = (60.0, 120.0)  # of a recording cut short
AWAY: Final = (0.7, 0.78)  # of a recording of waves: nobody is there


def moods(duration_s: float, faces: int) -> Readings:
    """People who change their expression every few seconds and share a mood, which sinks once and rises once."""
    rng, times = np.random.default_rng(7), instants(duration_s)
    own = autoregressive(rng, len(times), (faces, len(EMOTIONS)), 3.0, 1 / FPS)
    shared = autoregressive(rng, len(times), (1, len(EMOTIONS)), 2.0, 1 / FPS)
    mood = np.zeros(len(times))
    mood[(times >= DIP_S[0]) & (times < DIP_S[1])] = -3.0
    mood[(times >= PEAK_S[0]) & (times < PEAK_S[1])] = 3.0
    logits = 1.2 * own + 0.3 * shared + mood[:, None, None] * np.array([0.0, 1.0, 0.0, -1.0, 0.5])
    made = people(rng, times, np.exp(logits), lambda shape: rng.random(shape) < 0.95)
    return replace(made, boxes=places(made.track))


def waves(duration_s: float, faces: int) -> Readings:
    """People who swing between expressions slowly and by chance, and leave for a while."""
    rng, times = np.random.default_rng(4), instants(duration_s)
    slow = np.stack([np.sin(times / period) for period in (97, 61, 43, 149, 31)], axis=1)
    weights = np.exp(slow[:, None] + 0.4 * rng.standard_normal((len(times), faces, len(EMOTIONS))))
    away = (times > AWAY[0] * times[-1]) & (times < AWAY[1] * times[-1])
    return people(rng, times, weights, lambda shape: np.broadcast_to(~away[:, None], shape).copy())


def cut_short(duration_s: float, faces: int) -> Readings:
    """People whose recording has a hole and was read no further than its middle."""
    times = instants(duration_s)
    read = times[(times < HOLE_S[0]) | ((times >= HOLE_S[1]) & (times < duration_s / 2))]
    weights = np.random.default_rng(5).gamma(2.0, size=(len(read), faces, len(EMOTIONS)))
    return audience(read, weights / weights.sum(axis=2, keepdims=True))


def instants(duration_s: float) -> NDArray[np.float64]:
    return np.arange(int(duration_s * FPS)) / FPS


def people(
    rng: np.random.Generator,
    times: NDArray[np.float64],
    weights: NDArray[np.float64],
    present: Callable[[tuple[int, ...]], NDArray[np.bool_]],
) -> Readings:
    """With their weights of each expression, some of them left out now and then."""
    shape = weights.shape[:2]
    left_out = rng.choice([LeftOut.USED, LeftOut.BLURRED, LeftOut.TURNED], shape, p=[0.92, 0.05, 0.03])
    return audience(times, weights / weights.sum(axis=2, keepdims=True), present(shape), left_out)


def places(track: NDArray[np.int32]) -> NDArray[np.float32]:
    """Rows of eight seats in a picture of 1280 x 720."""
    row, seat = (track - 1) // 8, (track - 1) % 8
    wide, high = np.full(len(track), 110), np.full(len(track), 130)
    return np.stack([30 + seat * 155, 25 + row * 170, wide, high], axis=1).astype(np.float32)
