from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_ml.faces import FaceFinder
from emotion_ml.quality import MAX_YAW_DEG, MIN_SHARPNESS, MIN_SIZE_PX, assess, left_out, sharpness, yaw_deg
from emotion_ml.tests.scenes import Image, face_at, photo, scaled
from emotion_ml.types import Box, Detection, LeftOut, Quality
from emotion_ml.video import frames
from emotion_ml.yunet import YuNet


@pytest.fixture(scope="module")
def face() -> Detection:
    return YuNet().find(photo("astronaut"), 512, 0.6)[0]


def blurred(sigma_64: float, face: Detection) -> Image:
    """The astronaut, blurred by a Gaussian whose sigma is given for a face 64 px wide."""
    sigma = sigma_64 * face.box.width / 64
    return np.asarray(cv2.GaussianBlur(photo("astronaut"), (0, 0), sigma), np.uint8)


def test_a_clear_frontal_face_is_used(face: Detection) -> None:
    quality = assess(photo("astronaut"), face)
    assert quality.size_px == min(face.box.width, face.box.height)
    assert quality.sharpness > 5 * MIN_SHARPNESS
    assert abs(quality.yaw_deg) < 20
    assert left_out(quality) is LeftOut.USED


def test_sharpness_falls_as_blur_grows(face: Detection) -> None:
    values = [assess(blurred(sigma, face), face).sharpness for sigma in (0.3, 1, 2, 3, 4)]
    assert all(later < earlier for earlier, later in pairwise(values))


@pytest.mark.parametrize(("sigma_64", "reason"), [(1, LeftOut.USED), (2, LeftOut.USED), (5, LeftOut.BLURRED)])
def test_only_a_face_blurred_beyond_reading_is_left_out(face: Detection, sigma_64: float, reason: LeftOut) -> None:
    assert left_out(assess(blurred(sigma_64, face), face)) is reason


@pytest.mark.parametrize("light", [0.15, 0.4, 1.0])
def test_a_dark_or_pale_face_is_as_sharp_as_a_well_lit_one(face: Detection, light: float) -> None:
    picture = photo("astronaut")
    dim = (picture * light).astype(np.uint8)
    pale = (picture * light + 255 * (1 - light)).astype(np.uint8)
    for changed in (dim, pale):
        assert sharpness(changed, face.box) == pytest.approx(sharpness(picture, face.box), rel=0.2)


def test_a_sharp_face_of_the_least_size_is_not_called_blurred(face: Detection) -> None:
    factor = MIN_SIZE_PX / face.box.width
    small = scaled(photo("astronaut"), factor)
    box = Box(*(factor * value for value in (face.box.left, face.box.top, face.box.width, face.box.height)))
    assert sharpness(small, box) > MIN_SHARPNESS


def test_grey_and_colour_pictures_are_equally_sharp(face: Detection) -> None:
    picture = photo("astronaut")
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    assert sharpness(grey, face.box) == sharpness(picture, face.box)


def test_a_face_outside_of_the_picture_or_of_one_colour_has_no_sharpness() -> None:
    picture = photo("astronaut")
    assert sharpness(picture, Box(600, 600, 50, 50)) == 0
    assert sharpness(picture, Box(-80, 10, 50, 50)) == 0
    assert sharpness(np.full((100, 100, 3), 90, np.uint8), Box(10, 10, 50, 50)) == 0


def test_yaw_is_the_offset_of_the_nose_and_has_its_sign() -> None:
    assert yaw_deg(face_at(100, 100).key_points) == pytest.approx(0)
    assert yaw_deg(face_at(100, 100, nose=0.25).key_points) == pytest.approx(27.5)
    assert yaw_deg(face_at(100, 100, nose=-0.4).key_points) == pytest.approx(-44)
    assert yaw_deg(face_at(100, 100, nose=3).key_points) == 90


def test_a_tilted_head_is_not_a_turned_one(face: Detection) -> None:
    picture = photo("astronaut")
    centre = face.box.centre
    for tilt_deg in (-25, 25):
        turn = cv2.getRotationMatrix2D(centre, tilt_deg, 1)
        tilted = np.asarray(cv2.warpAffine(picture, turn, picture.shape[1::-1]), np.uint8)
        found = YuNet().find(tilted, 512, 0.6)[0]
        assert abs(yaw_deg(found.key_points) - yaw_deg(face.key_points)) < 20


def test_a_man_in_profile_is_turned_away() -> None:
    picture = photo("camera")
    quality = assess(picture, YuNet().find(picture, 512, 0.6)[0])
    assert quality.yaw_deg > MAX_YAW_DEG
    assert left_out(quality) is LeftOut.TURNED


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (Quality(MIN_SIZE_PX, MIN_SHARPNESS, MAX_YAW_DEG), LeftOut.USED),
        (Quality(MIN_SIZE_PX - 0.1, 1, 0), LeftOut.SMALL),
        (Quality(100, MIN_SHARPNESS / 2, 0), LeftOut.BLURRED),
        (Quality(100, 1, -MAX_YAW_DEG - 1), LeftOut.TURNED),
        (Quality(5, 0, 90), LeftOut.SMALL),
    ],
)
def test_the_first_reason_counts(quality: Quality, reason: LeftOut) -> None:
    assert left_out(quality) is reason


@pytest.mark.parametrize("name", ["single_face.mp4", "swiz3n.mpg", "school.mkv", "head-pose-face-detection-male.gif"])
def test_no_face_of_a_good_recording_is_left_out(shared: Path, name: str) -> None:
    found = 0
    with FaceFinder(1) as finder:
        for frame in frames(shared / "videos" / name, 2):
            for face in finder.find(frame.image):
                assert left_out(assess(frame.image, face)) is LeftOut.USED
                found += 1
    assert found >= 2, "a detector that finds nobody leaves nobody out"
