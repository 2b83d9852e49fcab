"""What is known of the network that read a recording: its own figures, those of its other file, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analytics import evaluations, takeaway
from analytics.models import Recording
from analytics.scoring import environment
from analytics.tests.finished import finished, lively, owner, url

ReadBy = Callable[[str], Recording]

EXPORT = "resnet50-five-expressions.int8.onnx"
CHECKPOINT = "resnet50-five-expressions.safetensors"
NAMES = {"a": "one.int8.onnx", "b": "one.safetensors", "c": "other.safetensors"}


def shipped(name: str) -> str:
    lines = (Path(evaluations.__file__).parents[1] / "emotion_ml" / evaluations.HASHES).read_text().splitlines()
    return next(line.split()[0] for line in lines if line.endswith(name))


@pytest.fixture
def read_by(db: None, data_dir: Path) -> ReadBy:
    """A recording that the weights file of this digest read."""
    return lambda sha256: finished(data_dir, lively(), 180.0, model_sha256=sha256)


def page(recording: Recording) -> str:
    answer = owner().get(url("recording-show", recording))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_file_that_was_measured_has_its_own_figures() -> None:
    figures = [{"sha256": "b", "n": 1}, {"sha256": "a", "n": 2}, {"sha256": "a", "n": 3}]
    assert evaluations.chosen(figures, NAMES, "a") == {"sha256": "a", "n": 2}


def test_the_figures_of_the_other_file_of_its_network_are_told_for_what_they_are() -> None:
    figures = [{"sha256": "c", "n": 1}, {"sha256": "a", "n": 2}]
    assert evaluations.chosen(figures, NAMES, "b") == {"sha256": "a", "n": 2, "measured_with": "one.int8.onnx"}


@pytest.mark.parametrize("sha256", ["c", "d", ""])
def test_no_other_network_is_spoken_for(sha256: str) -> None:
    assert evaluations.chosen([{"sha256": "a"}, {"sha256": "e"}], NAMES, sha256) is None


def test_the_page_shows_what_was_measured_of_the_export(read_by: ReadBy) -> None:
    text = page(read_by(shipped(EXPORT)))
    assert "89 % of 3232 test faces" in text
    assert "Measured with" not in text


def test_the_page_of_a_card_shows_the_same_and_says_with_which_file_it_was_measured(read_by: ReadBy) -> None:
    text = page(read_by(shipped(CHECKPOINT)))
    assert "89 % of 3232 test faces" in text
    assert f"<dt>Measured with</dt><dd>{EXPORT} (onnxruntime int8, CPU): the same network" in text


def test_the_page_of_another_network_shows_no_figures(read_by: ReadBy) -> None:
    assert "test faces" not in page(read_by("cd" * 32))


def test_what_is_taken_away_from_a_card_has_the_figures_too(read_by: ReadBy) -> None:
    found = takeaway.material(read_by(shipped(CHECKPOINT)), environment("seminar"))
    assert found.evaluation is not None
    assert found.evaluation["measured_with"] == EXPORT
