"""A score that rests on less than the lines over time need says so wherever it stands: the number is what was seen."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from pypdf import PdfReader

from analytics import page
from analytics.exports import report
from analytics.readings import Readings
from analytics.tests.exported import material
from analytics.tests.finished import finished, owner, url
from analytics.tests.synthetic import audience, dirichlet, info

LENGTH_S: Final = 600.0
SAID: Final = "This rests on 4 % of the time, less than the 20 % that the lines over time need for a value."


def passing_by(until_s: float = 84.0) -> Readings:
    """Ten minutes with one face, from 1:00 on."""
    times = np.arange(0, LENGTH_S, 0.2)
    return audience(times, dirichlet(len(times), 1), ((times >= 60.0) & (times < until_s))[:, None])


@pytest.mark.parametrize(
    ("coverage", "readings", "said"),
    [
        (0.04, 120, SAID),
        (0.1999, 120, SAID.replace("4 %", "19.9 %")),
        (0.002, 120, SAID.replace("4 %", "under 1 %")),
        (0.5, 1, "This rests on 1 reading, fewer than the 5 that the lines over time need for a value."),
        (0.04, 4, "This rests on 4 readings and 4 % of the time, less than the 5 and 20 % that"),
        (0.2, 5, ""),
    ],
)
def test_what_is_below_the_floor_is_said_in_one_sentence(coverage: float, readings: int, said: str) -> None:
    found = page.about_floor(coverage, readings)
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.django_db
@pytest.mark.parametrize(("until_s", "is_said"), [(84.0, True), (240.0, False)])
def test_headline_and_why_of_the_whole_say_it(until_s: float, is_said: bool, data_dir: Path) -> None:
    recording = finished(data_dir, passing_by(until_s), LENGTH_S)
    browser = owner()
    text = browser.get(url("recording-show", recording)).content.decode()
    assert (SAID in text.split('id="headline"')[1].split("</section>")[0]) is is_said
    assert "score-figure" in text
    asked = browser.get(url("recording-why", recording), {"of": "whole"}, headers={"Accept": "application/json"})
    assert asked.json()["score"] is not None
    assert asked.json()["sentence"].endswith(SAID) is is_said


@pytest.mark.django_db
def test_what_the_whole_says_of_itself_agrees_with_everything_up_to_its_end(data_dir: Path) -> None:
    recording = finished(data_dir, passing_by(), LENGTH_S)
    texts = [
        html.unescape(owner().get(url("recording-why", recording), words).content.decode())
        for words in ({"of": "whole"}, {"of": "cumulative", "at": "599"})
    ]
    assert SAID in texts[0]
    assert "in view 4 % of the time, and a value needs 20 %" in texts[1]


@pytest.mark.parametrize(("until_s", "is_said"), [(84.0, True), (240.0, False)])
def test_so_does_the_report(until_s: float, is_said: bool) -> None:
    made = material(passing_by(until_s), info=info(LENGTH_S))
    text = " ".join(PdfReader(io.BytesIO(report.written(made))).pages[0].extract_text().split())
    assert (SAID in text.replace("\u00a0", " ")) is is_said
