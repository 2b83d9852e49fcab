"""The line that a film carries: the numbers of the chart, and nothing where there are none."""

from __future__ import annotations

import numpy as np

from analytics import scoring, timeline
from analytics.tests.synthetic import audience, dirichlet
from emotion_ml.overlay import Overlay
from engageai.film import captions


def test_the_score_it_carries_is_that_of_the_chart() -> None:
    instants = timeline.instants(audience(np.arange(600) / 5, dirichlet(600, 2)))
    environment = scoring.environment("classroom")
    found = captions.captions(instants, environment)
    rolling = scoring.score(timeline.rolling(instants, 30.0), environment)
    assert [t_s for t_s, _ in found[:-1]] == list(range(120))
    assert found[0][1] == found[-1][1] == ""
    assert found[60][1].startswith(f"Classroom: {rolling[300]:.1f} of 5 (")


def test_the_score_is_gone_where_readings_have_a_hole() -> None:
    times = np.r_[np.arange(300) / 5, 90 + np.arange(300) / 5]
    found = captions.captions(timeline.instants(audience(times, dirichlet(600, 2))), scoring.environment("classroom"))
    film = Overlay([], found)
    assert film.caption_at(60.0).startswith("Classroom: ")
    assert film.caption_at(70.0) == ""
    assert film.caption_at(100.0).startswith("Classroom: ")
    assert film.caption_at(160.0) == ""
