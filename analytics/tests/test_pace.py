"""A file of one picture a second is not said to have been read five times a second."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from analytics import page, scoring, takeaway
from analytics.exports import report
from analytics.readings import Readings
from analytics.results import headline
from analytics.tests.exported import material
from analytics.tests.finished import finished, owner, url
from analytics.tests.synthetic import audience, dirichlet, info
from analytics.timeline import Floats


def people(times: Floats) -> Readings:
    return audience(times, dirichlet(len(times), 1))


@pytest.mark.parametrize(
    ("times", "own_fps", "asked_fps", "said"),
    [
        (np.arange(0, 60, 0.2), 30.0, 5.0, "5"),
        (np.arange(0, 60, 0.2), 5.0, 5.0, "5"),
        (np.arange(0, 60, 1.0), 1.0, 5.0, "at most 5"),
        (np.r_[np.arange(0, 30, 0.2), np.arange(30, 60, 2.0)], 24.0, 5.0, "at most 5"),  # one of several rates
        (np.r_[np.arange(0, 10, 0.04), np.arange(40, 60, 0.04)], 25.0, 25.0, "25"),  # a camera, paused meanwhile
        (np.array([0.0]), 1.0, 5.0, "at most 5"),
        (np.array([]), 25.0, 5.0, "5"),
    ],
)
def test_what_was_asked_for_is_the_most_where_there_is_less(
    times: Floats, own_fps: float, asked_fps: float, said: str
) -> None:
    assert page.pace(headline(people(times), info(60.0, own_fps)), asked_fps) == said


@pytest.mark.django_db
def test_page_report_and_label_say_so(data_dir: Path) -> None:
    times = np.arange(0, 60, 1.0)
    recording = finished(data_dir, people(times), 60.0, fps=1.0)
    label = takeaway.label(recording, scoring.environment("seminar"))
    assert "at most 5 readings a second" in label.made_with
    text = owner().get(url("recording-show", recording)).content.decode()
    assert "readings, at most 5 a second<" in text
    assert 'data-made-with="at most 5 readings a second' in text
    made = material(people(times), info=info(60.0, 1.0), label=label)
    assert "60 readings, at most 5 a second" in PdfReader(io.BytesIO(report.written(made))).pages[0].extract_text()
