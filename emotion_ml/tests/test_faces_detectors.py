from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from emotion_ml.blazeface import BlazeFace
from emotion_ml.tests.scenes import Image, astronaut, audience, close_up, photo
from emotion_ml.types import Detection
from emotion_ml.yunet import WEIGHTS, YuNet, free_input_size

EYES = ((204, 101), (247, 103))
"""The astronaut's pupils, read off the picture: left and right as one looks at it."""


@pytest.fixture(scope="module")
def yunet() -> YuNet:
    return YuNet()


@pytest.fixture(scope="module")
def blazeface() -> Iterator[BlazeFace]:
    detector = BlazeFace()
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def near() -> Image:
    """The astronaut's head and shoulders: her face is large enough for both detectors."""
    return np.ascontiguousarray(photo("astronaut")[:256, 96:352])


def opencv(image: Image, least_score: float) -> np.ndarray:
    height, width = image.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(WEIGHTS), "", (width, height), least_score, 0.3)
    _, rows = detector.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return np.asarray(rows)


def as_row(face: Detection) -> list[float]:
    box, points = face.box, face.key_points
    return [box.left, box.top, box.width, box.height, *points.left_eye, *points.right_eye, *points.nose, *points.mouth]


@pytest.mark.parametrize("size", [(512, 512), (640, 352), (500, 333)])
def test_yunet_is_decoded_as_opencv_decodes_it(yunet: YuNet, size: tuple[int, int]) -> None:
    picture = np.asarray(cv2.resize(audience([astronaut()], 30, 80, 0)[0][:900, :900], size), np.uint8)
    theirs = opencv(picture, 0.6)
    ours = sorted(yunet.find(picture, max(size), 0.6), key=lambda face: -face.score)
    theirs = theirs[np.argsort(-theirs[:, -1])]
    assert len(ours) == len(theirs) >= 3
    mouths = (theirs[:, 10:12] + theirs[:, 12:14]) / 2
    assert np.allclose([as_row(face) for face in ours], np.column_stack([theirs[:, :10], mouths]), atol=1)
    assert np.allclose([face.score for face in ours], theirs[:, -1], atol=1e-3)


def test_yunet_gives_the_same_box_at_every_input_size(yunet: YuNet) -> None:
    picture = photo("astronaut")
    boxes = [yunet.find(picture, px, 0.6)[0].box for px in (320, 500, 512, 960)]
    assert all(box.overlap(boxes[2]) > 0.8 for box in boxes)


def test_a_file_that_is_not_the_known_network_is_refused() -> None:
    with pytest.raises(ValueError, match="YuNet"):
        free_input_size(b"something else")


def test_both_detectors_put_the_eye_at_the_left_of_the_picture_first(
    yunet: YuNet, blazeface: BlazeFace, near: Image
) -> None:
    for face, shift in ((yunet.find(photo("astronaut"), 512, 0.6)[0], 0), (blazeface.find(near)[0], 96)):
        points = face.key_points
        for seen, true in zip((points.left_eye, points.right_eye), EYES, strict=True):
            assert np.hypot(seen[0] + shift - true[0], seen[1] - true[1]) < 8
        assert points.left_eye[0] < points.nose[0] < points.right_eye[0]
        assert points.left_eye[1] < points.nose[1] < points.mouth[1]


def test_a_mirrored_picture_has_mirrored_points(yunet: YuNet, blazeface: BlazeFace, near: Image) -> None:
    width = near.shape[1]
    for find in (lambda image: yunet.find(image, 256, 0.6), blazeface.find):
        plain, mirrored = find(near)[0].key_points, find(near[:, ::-1])[0].key_points
        assert abs(width - mirrored.right_eye[0] - plain.left_eye[0]) < 6
        assert abs(width - mirrored.left_eye[0] - plain.right_eye[0]) < 6


def test_both_detectors_draw_about_the_same_box_and_points(yunet: YuNet, blazeface: BlazeFace, near: Image) -> None:
    ours, theirs = yunet.find(near, 256, 0.6)[0], blazeface.find(near)[0]
    assert ours.box.overlap(theirs.box) > 0.75
    eyes = ours.key_points.right_eye[0] - ours.key_points.left_eye[0]
    assert np.abs(np.array(as_row(ours))[4:] - as_row(theirs)[4:]).max() < 0.25 * eyes


def test_a_view_with_gaps_is_read_as_what_it_shows(blazeface: BlazeFace) -> None:
    wide = np.repeat(close_up(), 2, axis=1)
    assert blazeface.find(wide[:, ::2]) == blazeface.find(close_up())


def test_small_faces_are_not_reported_by_mediapipe(blazeface: BlazeFace) -> None:
    assert blazeface.find(audience([astronaut()], 12, 120, 0)[0]) == []


def test_detectors_shared_between_threads_answer_as_in_one(yunet: YuNet, blazeface: BlazeFace) -> None:
    pictures = [close_up(x=x) for x in (0.3, 0.4, 0.5, 0.6)] * 5

    def find(image: Image) -> tuple[list[Detection], list[Detection]]:
        return yunet.find(image, 640, 0.6), blazeface.find(image)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(find, pictures)) == [find(picture) for picture in pictures]


def test_closing_twice_is_harmless() -> None:
    detector = BlazeFace()
    detector.close()
    detector.close()
