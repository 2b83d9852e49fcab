"""Figures that the model card prints, checked against values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotion_ml.training.calibrate import temperature
from emotion_ml.training.dataset import PROTOCOLS, load_protocol, load_training
from emotion_ml.training.evaluate import calibration_error, f1, wilson


def test_wilson_interval_of_a_known_case() -> None:
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert wilson(1.0, 20)[1] <= 1.0


def test_f1_of_a_known_confusion() -> None:
    assert f1(np.array([[8, 2], [4, 6]])) == pytest.approx([2 * 8 / 22, 2 * 6 / 18])


def test_calibration_error_is_the_gap_between_said_and_right() -> None:
    said = np.tile(np.array([0.8, 0.2, 0, 0, 0], dtype=np.float32), (10, 1))
    truth = np.array([0] * 6 + [1] * 4)
    assert calibration_error(said, truth) == pytest.approx(0.2, abs=1e-6)


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 5)) * 2
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    found = temperature((logits * 3).astype(np.float32), np.eye(5, dtype=np.float32)[truth])
    assert found == pytest.approx(3, rel=0.1)


def test_protocols_hold_the_faces_that_the_data_page_counts(shared: Path) -> None:
    data = shared / "data" / "fer2013_ferplus.npz"
    counts = {name: len(load_protocol(data, name, "private")) for name in PROTOCOLS}
    assert counts == {"ferplus-plurality": 3232, "ferplus-strict": 2659, "fer2013": 3006}


def test_no_test_face_is_a_training_face(shared: Path) -> None:
    data = shared / "data" / "fer2013_ferplus.npz"
    train = load_training(data)
    seen = {face.tobytes() for face in train.pixels}
    held_out = load_protocol(data, "fer2013", "public")
    assert not any(face.tobytes() in seen for face in held_out.pixels)
    np.testing.assert_allclose(train.targets.sum(axis=1), 1, atol=1e-6)


def test_missing_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no data file"):
        load_training(tmp_path / "absent.npz")
