from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.readings import Readings
from analytics.results import headline, summarise, to_json
from analytics.scoring import ENVIRONMENTS
from analytics.tests.synthetic import audience, dirichlet, info, nobody, one_hot
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut

NAMES = [environment.name for environment in ENVIRONMENTS]
READ = [LeftOut.USED, LeftOut.SMALL, LeftOut.BLURRED, LeftOut.TURNED]
VALUES = {environment.name: np.array(environment.values) for environment in ENVIRONMENTS}


@dataclass(frozen=True)
class Network:
    name: str = "resnet50-5"
    sha256: str = "ab" * 32
    backend: str = "onnxruntime int8"


def result(readings: Readings, duration_s: float | None = None) -> dict[str, Any]:
    """What is written, read back; NaN and infinity fail here."""
    end_s = duration_s if duration_s is not None else (float(readings.times[-1]) + 0.2 if len(readings.times) else 10.0)
    written = to_json(summarise(readings, info(end_s), Network(), version="1.2.3"))
    found: dict[str, Any] = json.loads(written, parse_constant=pytest.fail)
    return found


def room(count: int = 900, faces: int = 4, seed: int = 0) -> Readings:
    """Three minutes with people coming and going, some of whose faces do not count, and a stretch without anybody."""
    rng = np.random.default_rng(seed)
    present = rng.random((count, faces)) < 0.8
    present[300:500] = False
    left_out = rng.choice(READ, (count, faces), p=[0.7, 0.1, 0.1, 0.1])
    return audience(np.arange(count) / 5, dirichlet(count, faces, seed), present, left_out)


def vector(shares: dict[str, float]) -> NDArray[np.float64]:
    return np.array([shares[emotion] for emotion in EMOTIONS])


def test_the_result_has_the_promised_form() -> None:
    found = result(room())
    assert found["version"] == "1.2.3"
    assert found["model"] == {"name": "resnet50-5", "sha256": "ab" * 32, "backend": "onnxruntime int8"}
    assert found["recording"] == {
        "duration_s": 180,
        "fps": 30,
        "width": 1280,
        "height": 720,
        "frames_analysed": 900,
        "first_s": 0,
        "last_s": 179.8,
    }
    assert list(found["distribution"]) == list(EMOTIONS)
    assert list(found["engagement"]) == list(found["rolling"]) == list(found["environments"]) == NAMES
    assert set(found["engagement"]["seminar"]) == {"score", "low", "high"}
    assert set(found["series"][0]) == {"t_s", "faces", "probabilities", "engagement"}
    assert list(found["rolling"]["general"]) == ["30s", "60s", "cumulative"]
    assert all(len(line) == 900 for lines in found["rolling"].values() for line in lines.values())
    assert {"id", "first_s", "last_s", "readings", "distribution"} <= set(found["tracks"][0])


def test_the_mean_of_the_series_is_the_distribution_and_engagement_is_linear_in_it() -> None:
    found = result(room())
    given = [row for row in found["series"] if row["probabilities"] is not None]
    mean = np.mean([vector(row["probabilities"]) for row in given], axis=0)
    np.testing.assert_allclose(mean, vector(found["distribution"]), rtol=0, atol=1e-7)
    for name in NAMES:
        score = found["engagement"][name]["score"]
        assert score == pytest.approx(vector(found["distribution"]) @ VALUES[name], abs=1e-6)
        assert score == pytest.approx(np.mean([row["engagement"][name] for row in given]), abs=1e-6)
        assert score == pytest.approx(sum(found["decomposition"][name].values()), abs=1e-6)
        assert score == pytest.approx(found["rolling"][name]["cumulative"][-1], abs=1e-6)
        assert found["engagement"][name]["low"] < score < found["engagement"][name]["high"]


def test_instants_without_a_face_that_counts_are_null_and_lines_break_there() -> None:
    found = result(room())
    gap = found["series"][300:500]
    assert all(row["probabilities"] is None and row["engagement"] is None and row["faces"] == 0 for row in gap)
    line = found["rolling"]["classroom"]["30s"]
    assert all(value is None for value in line[430:500])
    assert all(value is not None for value in line[10:400])


def test_a_recording_without_faces_says_so_and_nothing_more() -> None:
    found = result(nobody(np.arange(50) / 5))
    assert found["coverage"] == found["detection_rate"] == found["peak_faces"] == 0
    assert found["distribution"] is found["dominant"] is found["confidence"] is None
    assert found["engagement"] == found["decomposition"] == dict.fromkeys(NAMES)
    assert found["tracks"] == []
    assert [row["faces"] for row in found["series"]] == [0] * 50
    assert set(found["rolling"]["general"]["cumulative"]) == {None}


def test_a_recording_whose_faces_are_all_left_out_counts_them_without_scoring() -> None:
    left_out = np.full((50, 2), LeftOut.SMALL)
    left_out[:, 1] = LeftOut.TURNED
    found = result(audience(np.arange(50) / 5, dirichlet(50, 2), left_out=left_out))
    assert (found["coverage"], found["detection_rate"], found["peak_faces"]) == (0, 1, 2)
    assert found["left_out"] == {"small": 50, "blurred": 0, "turned": 50}
    assert found["distribution"] is None
    assert [(track["readings"], track["used"], track["distribution"]) for track in found["tracks"]] == [
        (50, 0, None),
        (50, 0, None),
    ]


def test_a_recording_cut_before_its_first_reading_is_still_a_result() -> None:
    found = result(nobody([]))
    assert found["recording"]["frames_analysed"] == 0
    assert found["series"] == found["tracks"] == found["rolling"]["general"]["30s"] == []
    assert found["detection_rate"] is None


def test_tracks_summarise_each_face() -> None:
    times = np.arange(100) / 5
    probabilities = np.tile(np.stack([one_hot("Happy"), one_hot("Sad")]), (100, 1, 1))
    present = np.ones((100, 2), np.bool_)
    present[:, 1] = (times >= 4) & (times < 6)
    happy, sad = result(audience(times, probabilities, present))["tracks"]

    assert (happy["id"], happy["first_s"], happy["last_s"], happy["readings"]) == (1, 0, 19.8, 100)
    assert (sad["id"], sad["first_s"], sad["last_s"], sad["readings"]) == (2, 4, 5.8, 10)
    np.testing.assert_allclose(vector(sad["distribution"]), one_hot("Sad"), atol=1e-6)
    assert sad["engagement"]["general"] == pytest.approx(one_hot("Sad") @ VALUES["general"], abs=1e-6)


def test_two_runs_write_the_same_bytes() -> None:
    """The reference code drew its series at random: two runs correlated at .01 (A1)."""
    written = [to_json(summarise(room(seed=7), info(180), Network(), version="1")) for _ in range(2)]
    assert written[0] == written[1]
    assert written[0].endswith(b"}\n")
    assert to_json(json.loads(written[0])) == written[0]


def test_readings_that_went_through_a_file_give_the_same_bytes() -> None:
    readings = room()
    loaded = Readings.from_bytes(readings.to_bytes())
    one, two = (to_json(summarise(found, info(180), Network(), version="1")) for found in (readings, loaded))
    assert one == two


def test_the_headline_is_the_result_without_its_series() -> None:
    readings = room()
    whole = summarise(readings, info(180), Network(), version="1")
    assert headline(readings, info(180)) == {
        key: whole[key] for key in whole if key not in ("version", "model", "notice", "settings", "series", "rolling")
    }


def test_every_number_is_a_plain_one() -> None:
    def leaves(found: object) -> list[object]:
        if isinstance(found, dict):
            return [leaf for value in found.values() for leaf in leaves(value)]
        return [leaf for value in found for leaf in leaves(value)] if isinstance(found, list) else [found]

    kinds = {type(leaf) for leaf in leaves(summarise(room(), info(180), Network(), version="1"))}
    assert kinds == {str, int, float, type(None)}


def test_confidence_is_the_mean_of_the_most_probable_expression() -> None:
    """The reference code drew its confidences from uniform(0.8, 1) (A2)."""
    probabilities = np.stack(
        [[one_hot("Happy", 0.9), one_hot("Sad", 0.5)], [one_hot("Angry", 0.4), one_hot("Sad", 0.3)]]
    )
    present = np.array([[True, True], [True, False]])
    assert result(audience([0, 0.2], probabilities, present))["confidence"] == pytest.approx((0.7 + 0.4) / 2, abs=1e-6)


@pytest.mark.parametrize("fps", [24, 25, 30000 / 1001, 50, 60000 / 1001, 60])
def test_times_and_duration_are_those_of_the_recording(fps: float) -> None:
    """The reference code's clock assumed 30 fps (A3), its duration counted half seconds (A4), its rate frames (A5)."""
    times = np.ceil(np.arange(0, 60, 0.2) * fps - 1e-9) / fps
    present = (times < 30)[:, None]
    written = to_json(summarise(audience(times, dirichlet(300, 1), present), info(60.0, fps), Network(), version="1"))
    found = json.loads(written)
    assert found["recording"]["duration_s"] == 60
    assert found["series"][-1]["t_s"] == pytest.approx(59.8, abs=0.05)
    assert found["detection_rate"] == 0.5
    assert found["coverage"] == pytest.approx(0.5, abs=0.005)
    assert found["rolling_full_from_s"] == {"30s": pytest.approx(30, abs=0.05), "60s": None}


def test_scores_are_not_clipped_and_differ_between_environments() -> None:
    """The reference code clipped Surprise to 5 and Angry to 1, and gave two environments nearly one table (A9)."""
    scores = {}
    for emotion in EMOTIONS:
        found = result(audience(np.arange(20) / 5, np.tile(one_hot(emotion, 1.0), (20, 1, 1))))
        scores[emotion] = [found["engagement"][name]["score"] for name in NAMES]
        assert all(1 < score < 5 for score in scores[emotion])
        assert found["dominant"] == emotion
    table = np.array(list(scores.values()))
    for one in range(4):
        for other in range(one):
            assert (np.abs(table[:, one] - table[:, other]) >= 0.4 - 1e-6).sum() >= 2


def planted(seed: int = 0) -> tuple[Readings, NDArray[np.float64], float]:
    """Five faces for 80 s, neutral and happy in turn, 20 s each, noisy, sometimes missing; the truth; the first change.

    Nobody is seen from 50 to 53 s, and the pictures come at uneven times.
    """
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.15, 0.25, 400))
    times = times[times < 80]
    happy = (times // 20) % 2 == 1
    logits = np.log(np.where(happy[:, None], one_hot("Happy"), one_hot("Neutral")))[:, None]
    noisy = np.exp(logits + rng.normal(0, 0.8, (len(times), 5, 5)) + rng.normal(0, 0.5, (1, 5, 5)))
    present = (rng.random((len(times), 5)) < 0.7) & ~((times > 50) & (times < 53))[:, None]
    truth = np.where(happy, one_hot("Happy") @ VALUES["product_demo"], one_hot("Neutral") @ VALUES["product_demo"])
    return audience(times, noisy / noisy.sum(axis=-1, keepdims=True), present), truth, 20.0


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_schedule_comes_back(seed: int) -> None:
    """The reference code's correlation with the truth was -.02, and its true step of 1.93 became 0.00 (A1)."""
    readings, truth, change_s = planted(seed)
    found = result(readings, 80.0)
    times = np.array([row["t_s"] for row in found["series"]])
    np.testing.assert_allclose(times, readings.times, atol=1e-8)
    known = np.array([row["engagement"] is not None for row in found["series"]])
    values = np.array([row["engagement"]["product_demo"] for row in found["series"] if row["engagement"] is not None])
    assert np.corrcoef(values, truth[known])[0, 1] >= 0.9

    first = times[known] < 40
    assert abs(change_point(times[known][first], values[first]) - change_s) <= 1.0

    line = np.array(found["rolling"]["product_demo"]["30s"], np.float64)
    expected = np.array([truth[(times > now - 30) & (times <= now)].mean() for now in times])
    drawn = np.isfinite(line)
    assert drawn.mean() > 0.95
    assert np.corrcoef(line[drawn], expected[drawn])[0, 1] >= 0.9


def change_point(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Where splitting a series in two explains most of it."""
    splits = range(5, len(values) - 5)
    gain = [s * (len(values) - s) * (values[:s].mean() - values[s:].mean()) ** 2 for s in splits]
    return float(times[splits[int(np.argmax(gain))]])


def test_a_partial_analysis_covers_only_what_it_saw() -> None:
    found = result(audience(np.arange(100) / 5, dirichlet(100, 1)), duration_s=200.0)
    assert found["coverage"] == pytest.approx((19.8 + 2) / 200)
    assert found["detection_rate"] == 1


def test_what_is_not_a_number_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"score": math.nan})


def test_of_a_partial_analysis_coverage_is_of_the_part_that_was_analysed() -> None:
    readings = audience(np.arange(100) / 5, dirichlet(100, 1))
    whole = headline(readings, info(180))
    partial = headline(readings, info(180), stopped_at_s=20.0)
    assert whole["coverage"] == pytest.approx(22 / 180, abs=0.01)  # the last reading is taken to hold for 2 s
    assert (partial["coverage"], partial["stopped_at_s"]) == (1.0, 20.0)
