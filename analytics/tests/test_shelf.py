"""What a page shows is kept beside the readings, and is what the readings say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as current
from django.test import Client
from django.utils.module_loading import import_string

from analytics import figures, folders, moments, results, shelf, store, timeline
from analytics.models import Recording
from analytics.moments import Kind, Moment
from analytics.occasions import occasions
from analytics.readings import Readings
from analytics.scoring import environment
from analytics.tests.finished import finished, lively, owner, url
from analytics.tests.simulate_correlate import DEMO, FPS
from analytics.tests.synthetic import audience, info, nobody
from analytics.transcript import Paragraph, Sentence

SEMINAR = environment("seminar")
SECONDS = 180.0


@pytest.fixture
def client(db: None) -> Client:
    return owner()


@pytest.fixture
def recording(db: None, data_dir: Path) -> Recording:
    return finished(data_dir, lively(), SECONDS)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often readings were loaded since."""
    loads: list[Recording] = []
    real = store.load_readings

    def load(found: Recording) -> Readings:
        loads.append(found)
        return real(found)

    monkeypatch.setattr(store, "load_readings", load)
    return lambda: len(loads)


def kept(recording: Recording) -> list[str]:
    return sorted(path.name for path in store.recording_folder(recording).glob("*-*.json")) + sorted(
        path.name for path in store.recording_folder(recording).glob("headline.json")
    )


def test_what_is_kept_is_what_the_readings_say(recording: Recording) -> None:
    readings = lively()
    for _ in range(2):
        assert shelf.headline(recording) == results.headline(readings, info(SECONDS))
        assert json.loads(shelf.drawn(recording, SEMINAR)) == figures.figures(readings, info(SECONDS), SEMINAR)
        assert shelf.told(recording, SEMINAR) == moments.find(timeline.instants(readings), SEMINAR)


def test_a_page_reads_it_and_computes_nothing(client: Client, recording: Recording, counted: Callable[[], int]) -> None:
    shelf.fill(recording.id)
    assert kept(recording) == ["figures-seminar.json", "moments-seminar.json", "headline.json"]
    before = counted()
    for name in ("recording-show", "recording-moments"):
        assert client.get(url(name, recording)).status_code == 200
    assert client.get(url("recording-show", recording) + "figures/seminar.json").status_code == 200
    assert counted() == before > 0


def test_it_is_filled_when_an_analysis_ends() -> None:
    assert shelf.fill in [import_string(name) for name in current.AFTER_ANALYSIS]


def test_another_version_or_other_readings_compute_it_anew(
    recording: Recording, settings: Any, counted: Callable[[], int]
) -> None:
    shelf.headline(recording)
    shelf.headline(recording)
    assert counted() == 1
    settings.VERSION = "another"
    shelf.headline(recording)
    assert counted() == 2
    recording.stopped_at_s = 90.0
    assert shelf.headline(recording)["stopped_at_s"] == 90.0
    shelf.headline(recording)
    assert counted() == 3


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"0" * 64 + b"\n{}"])
def test_what_was_not_kept_whole_is_computed_anew(damage: bytes, recording: Recording) -> None:
    whole = shelf.headline(recording)
    (store.recording_folder(recording) / "headline.json").write_bytes(damage)
    assert shelf.headline(recording) == whole


def test_nothing_is_kept_of_a_recording_that_is_wiped_meanwhile(recording: Recording) -> None:
    drawn = shelf.drawn(recording, SEMINAR)
    store.wipe(recording.session_id)
    assert len(shelf.drawn(recording, SEMINAR)) < len(drawn)  # of no readings
    assert not store.recording_folder(recording).exists()
    shelf.fill(recording.id)


def test_a_full_disk_costs_time_and_no_page(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "put", full)
    assert shelf.headline(recording)["peak_faces"] == 3
    assert kept(recording) == []


def test_a_recording_without_expressions_has_no_moments(db: None, data_dir: Path) -> None:
    recording = finished(data_dir, lively(), SECONDS, reads_expressions=False)
    assert shelf.told(recording, SEMINAR).found == ()
    assert "series" in json.loads(shelf.drawn(recording, SEMINAR))


def test_a_recording_without_faces_is_kept_too(db: None, data_dir: Path) -> None:
    recording = finished(data_dir, nobody(np.arange(100) / 5), 20.0)
    shelf.fill(recording.id)
    assert shelf.told(recording, SEMINAR) == moments.Moments((), is_long_enough=False)
    assert json.loads(shelf.drawn(recording, SEMINAR)) == {}


def test_a_stretch_holds_the_exact_values_and_reaches_its_edges(client: Client, recording: Recording) -> None:
    told = client.get(url("recording-show", recording) + "figures/seminar.json?from=20&to=30").json()
    assert set(told) == {"series", "lanes"}
    result = client.get(url("recording-result", recording)).json()
    known = dict(zip((each["t_s"] for each in result["series"]), result["rolling"]["seminar"]["60s"], strict=True))
    parts = [part for part in told["series"]["data"] if part["meta"]["line"] == "60s"]
    drawn = {t_s: value for part in parts for t_s, value in zip(part["x"], part["y"], strict=True)}
    assert min(drawn) <= 20
    assert max(drawn) >= 30
    assert len(drawn) == pytest.approx(52, abs=1)
    for t_s, value in drawn.items():
        assert value == pytest.approx(known[t_s], abs=1e-4)
    assert told["series"]["layout"]["xaxis"]["range"] == [20, 30]
    assert told["lanes"]["layout"]["yaxis"]["categoryarray"] == ["Face 1", "Face 2", "Face 3"]
    spans = [
        (base, base + long) for bar in told["lanes"]["data"] for base, long in zip(bar["base"], bar["x"], strict=True)
    ]
    assert 19 <= min(start for start, _ in spans) <= 20
    assert max(stop for _, stop in spans) >= 30


@pytest.mark.parametrize("query", ["?from=a", "?from=30&to=20", "?from=nan&to=9", "?from=0&to=999", "?from=0&to=inf"])
def test_a_stretch_that_makes_no_sense_is_refused(query: str, client: Client, recording: Recording) -> None:
    answer = client.get(url("recording-show", recording) + "figures/seminar.json" + query)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad-stretch"


def test_moments_are_told_in_words_to_their_owner_alone(db: None, data_dir: Path) -> None:
    times = np.arange(600 * FPS) / FPS
    scores = 3.0 + 0.02 * np.sin(times / 3) - 0.8 * ((times >= 200) & (times < 240))
    share = ((scores - min(DEMO.values)) / (max(DEMO.values) - min(DEMO.values)))[:, None, None]
    values = np.array(DEMO.values)
    high, low = np.eye(5)[[values.argmax(), values.argmin()]]
    noise = np.random.default_rng(0).normal(0, 0.05, share.shape)
    readings = audience(times, (share + noise).clip(0, 1) * high + (1 - (share + noise).clip(0, 1)) * low)
    recording = finished(
        data_dir, readings, 600.0, said=[(195, 204), (205, 238), (239, 260)], environment="product_demo"
    )
    text = owner().get(url("recording-moments", recording)).content.decode()
    assert 'data-kind="dip"' in text
    assert "Part 1." in text
    assert "Part 0." not in text
    assert owner().get(url("recording-moments", recording) + "?environment=church").status_code == 404
    assert Client().get(url("recording-moments", recording)).status_code == 404


def test_where_nothing_stands_out_that_is_said(client: Client, recording: Recording) -> None:
    text = client.get(url("recording-moments", recording)).content.decode()
    assert "No moment stands out." in text


def moment(kind: Kind, start_s: float, end_s: float) -> Moment:
    return Moment(kind, start_s, end_s, start_s, end_s - start_s, 0.5, 0.4, 0.6, 0.01, 1.0)


def test_the_sentence_of_a_moment_is_the_one_that_fills_most_of_it() -> None:
    sentences = (Sentence("One.", 0, 10), Sentence("Two.", 10, 30), Sentence("Three.", 40, 50))
    said = [Paragraph(0, 50, sentences)]
    told = {
        "Two.": moment("dip", 5, 25),
        "Three.": moment("rise", 52, 60),
        "": moment("peak", 31, 39),
    }
    assert [each.said for each in occasions(told.values(), said)] == list(told)
    assert [each.said for each in occasions([moment("fall", 60, 70)], said)] == [""]
    assert [each.said for each in occasions(told.values(), [])] == ["", "", ""]
