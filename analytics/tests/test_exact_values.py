"""A recording too long to be drawn reading by reading sends every value of its lines when it is asked for them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from analytics import figures, results
from analytics.scoring import ENVIRONMENTS
from analytics.tests.finished import finished, owner
from analytics.tests.synthetic import audience, dirichlet, info, nobody
from analytics.timeline import Floats

LENGTH_S = 600.0
TIMES = np.r_[np.arange(0, 200, 0.2), np.arange(260, 600, 0.2)]
READINGS = audience(TIMES, dirichlet(len(TIMES), 1))


class Network:
    name = sha256 = backend = ""


def unpacked(found: dict[str, str]) -> dict[str, Floats]:
    """As the page's script has it."""
    lines = {name: np.frombuffer(base64.b64decode(line), "<u2") for name, line in found.items() if name != "t_ms"}
    values = {name: np.where(line > 0, line / figures.UNITS, np.nan) for name, line in lines.items()}
    return values | {"t_s": np.frombuffer(base64.b64decode(found["t_ms"]), "<u4") / 1000}


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda found: found.name)
def test_all_values_are_those_of_the_result(environment: Any) -> None:
    whole = results.summarise(READINGS, info(LENGTH_S), Network(), version="1")
    known: dict[str, list[float | None]] = dict(whole["rolling"][environment.name])
    known["instant"] = [each["engagement"][environment.name] for each in whole["series"]]
    found = unpacked(figures.exact(READINGS, info(LENGTH_S), environment))
    is_read = np.isin(found["t_s"], TIMES.round(3))
    assert found["t_s"][~is_read].tolist() == [201.8]  # the hole
    for name, line in known.items():
        expected = np.array([np.nan if value is None else value for value in line])
        np.testing.assert_allclose(found[name][is_read], expected, atol=5.1e-5)
        assert np.isnan(found[name][~is_read]).all()


def test_the_figure_says_that_it_is_thinned_and_tells_of_the_whole_line() -> None:
    seminar = ENVIRONMENTS[2]
    shape = figures.figures(READINGS, info(LENGTH_S), seminar)["series"]["layout"]["meta"]
    line = unpacked(figures.exact(READINGS, info(LENGTH_S), seminar))["30s"]
    assert shape["thinned"]
    assert shape["told"]["begins"] == [0.8, pytest.approx(line[4])]
    assert shape["told"]["highest"][1] == pytest.approx(np.nanmax(line))
    assert shape["told"]["lowest"][1] == pytest.approx(np.nanmin(line))
    assert shape["told"]["ends"] == [599.8, pytest.approx(line[-1])]
    part = figures.stretch(READINGS, seminar, 300.0, 360.0)["series"]["layout"]["meta"]
    assert not part["thinned"]
    assert 300 <= part["told"]["begins"][0] <= part["told"]["highest"][0] <= part["told"]["ends"][0] <= 360


@pytest.mark.django_db
def test_they_come_to_the_owner_alone_and_nothing_comes_of_nobody(data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S)
    address = f"/s/{recording.session_id}/recordings/{recording.id}/figures/seminar.json?values=all"
    assert owner().get(address).json() == figures.exact(READINGS, info(LENGTH_S), ENVIRONMENTS[2])
    assert Client().get(address).status_code == 404
    assert figures.exact(nobody(TIMES), info(LENGTH_S), ENVIRONMENTS[2]) == {}
