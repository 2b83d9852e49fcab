"""One path from a face to the network's input: framing, greyness, size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from emotion_ml.preprocess import ANCHORS, FACE_PX, crop, prepare, to_grey
from emotion_ml.tests.scenes import photo
from emotion_ml.types import KeyPoints

POINTS = KeyPoints(left_eye=(198, 108), right_eye=(239, 105), nose=(222, 128), mouth=(223, 152))


def _turned(image: np.ndarray, points: KeyPoints, degrees: float, scale: float) -> tuple[np.ndarray, KeyPoints]:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((220, 128), degrees, scale)
    picture = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_AREA)
    moved = [tuple(matrix @ (*point, 1)) for point in (points.left_eye, points.right_eye, points.nose, points.mouth)]
    return picture, KeyPoints(*moved)


def test_eyes_and_mouth_come_to_the_anchors() -> None:
    dots = np.zeros((512, 512, 3), dtype=np.uint8)
    for x, y in (POINTS.left_eye, POINTS.right_eye, POINTS.mouth):
        cv2.circle(dots, (int(x), int(y)), 4, (255, 255, 255), -1)
    face = crop(dots, POINTS, 96).astype(float)
    for x, y in ANCHORS * 96:
        spot = face[int(y) - 9 : int(y) + 10, int(x) - 9 : int(x) + 10]
        rows, columns = np.indices(spot.shape)
        assert abs((rows * spot).sum() / spot.sum() - 9) < 6
        assert abs((columns * spot).sum() / spot.sum() - 9) < 6


@pytest.mark.parametrize(("degrees", "scale"), [(25, 1.0), (-25, 1.0), (0, 0.8), (10, 1.4)])
def test_a_turned_or_nearer_head_gives_the_same_crop(degrees: float, scale: float) -> None:
    straight = crop(photo("astronaut"), POINTS).astype(float)
    turned = crop(*_turned(photo("astronaut"), POINTS, degrees, scale)).astype(float)
    assert np.corrcoef(straight.ravel(), turned.ravel())[0, 1] > 0.97


def test_a_face_at_the_edge_repeats_the_edge_and_does_not_move() -> None:
    image = photo("astronaut")[:, 190:]
    points = KeyPoints((8, 108), (49, 105), (32, 128), (33, 152))
    whole, cut = crop(photo("astronaut"), POINTS).astype(float), crop(image, points).astype(float)
    np.testing.assert_allclose(whole[:, FACE_PX // 2 :], cut[:, FACE_PX // 2 :], atol=2)


def test_key_points_far_outside_the_picture_are_survived() -> None:
    far = KeyPoints((-900, -900), (-800, -900), (-850, -850), (-850, -800))
    assert crop(photo("astronaut"), far).shape == (FACE_PX, FACE_PX)
    same = KeyPoints((5, 5), (5, 5), (5, 5), (5, 5))
    assert crop(photo("astronaut"), same).shape == (FACE_PX, FACE_PX)


def test_fine_texture_of_a_large_face_does_not_alias() -> None:
    checks = np.indices((1024, 1024)).sum(axis=0) % 2 * 255
    points = KeyPoints((330, 400), (690, 400), (510, 600), (510, 770))
    assert crop(checks.astype(np.uint8), points).std() < 8


def test_grey_and_colour_of_the_same_face_give_the_same_input() -> None:
    face = photo("astronaut")[40:190, 150:300]
    np.testing.assert_allclose(prepare(face, 80), prepare(to_grey(face), 80), atol=1e-6)


def test_a_face_is_red_green_blue_and_not_the_other_way_round() -> None:
    red = np.zeros((48, 48, 3), dtype=np.uint8)
    red[..., 0] = 255
    assert to_grey(red).max() == 76
