"""Pictures of every kind that people keep: read as they look, and cropped ones in their proportions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emotion_ml import photo
from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import FaceFinder
from emotion_ml.tests import scenes


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "swapped.tif"])
def test_grey_of_16_bits_looks_as_its_8_bits_do(tmp_path: Path, name: str) -> None:
    grey = np.asarray(Image.fromarray(scenes.photo("astronaut")).convert("L"))
    order = ">u2" if name == "swapped.tif" else "<u2"
    Image.fromarray((grey.astype(np.uint16) * 257).astype(order)).save(tmp_path / name)
    np.testing.assert_array_equal(photo.load(tmp_path / name), np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_grey_without_an_agreed_white_is_refused(tmp_path: Path, kind: type) -> None:
    Image.fromarray(np.ones((40, 40), kind)).save(tmp_path / "deep.tif")
    with pytest.raises(photo.NotAPicture, match="32 bits of grey"):
        photo.load(tmp_path / "deep.tif")


def test_a_cropped_face_that_is_no_square_is_not_squeezed() -> None:
    narrow = np.ascontiguousarray(scenes.photo("astronaut")[60:180, 183:267])
    whole = np.concatenate([narrow[:, :1].repeat(18, axis=1), narrow, narrow[:, -1:].repeat(18, axis=1)], axis=1)
    with EmotionEngine.create() as engine, FaceFinder() as finder:
        (found,) = photo.predict(narrow, engine, finder, cropped=True)
        expected, squeezed = engine.probabilities([whole, narrow])
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)
    assert np.abs(expected - squeezed).max() > 1e-4
    assert (found.box.width, found.box.height) == (84, 120)
