from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from emotion_ml.faces import CLOSE_FACES, KNOWN, SCOUT_EVERY, SURE, FaceFinder, Mode, mode_for, steady_px
from emotion_ml.tests.scenes import (
    Cutout,
    Image,
    astronaut,
    audience,
    backdrop,
    close_up,
    face_at,
    hits,
    paste,
    photo,
    portrait,
    scaled,
)
from emotion_ml.types import Detection
from emotion_ml.video import frames
from emotion_ml.yunet import YuNet


@pytest.fixture(scope="module")
def shared_finder() -> Iterator[FaceFinder]:
    with FaceFinder(1) as finder:
        yield finder


@pytest.fixture
def finder(shared_finder: FaceFinder) -> FaceFinder:
    shared_finder.reset()
    return shared_finder


def small_faces(count: int, face_px: float = 50) -> Image:
    """The same size as `close_up`, so that it may follow one in a stream."""
    picture = backdrop(640, 360)
    for index in range(count):
        paste(picture, portrait(face_px), (index + 0.5) * 640 / count, 180)
    return picture


def test_of_30_faces_of_60_px_in_1080p_at_least_27_are_found_and_at_most_1_is_false(finder: FaceFinder) -> None:
    for seed in range(3):
        picture, boxes = audience([astronaut()], 30, 60, seed)
        finder.reset()
        found, false = hits(finder.find(picture), boxes)
        assert found >= 27
        assert false <= 1


def test_all_of_12_faces_of_80_px_in_1080p_are_found(finder: FaceFinder) -> None:
    picture, boxes = audience([astronaut()], 12, 80, seed=0)
    assert hits(finder.find(picture), boxes) == (12, 0)


def test_most_of_30_faces_of_40_px_in_1080p_are_found(finder: FaceFinder) -> None:
    picture, boxes = audience([astronaut()], 30, 40, seed=0)
    assert hits(finder.find(picture), boxes)[0] >= 25


def test_30_different_people_of_60_px_in_1080p_are_found(finder: FaceFinder, shared: Path) -> None:
    with tarfile.open(shared / "data" / "colour_faces_96.tar") as tar:
        members = islice((member for member in tar if member.name.endswith(".jpg")), 0, None, 400)
        files = [file for member in members if (file := tar.extractfile(member))]
        people = [Cutout(np.asarray(Picture.open(io.BytesIO(file.read())).convert("RGB")), 96) for file in files]
    picture, boxes = audience(people, 30, 60, seed=1)
    found, false = hits(finder.find(picture), boxes)
    assert found >= 27
    assert false <= 1


def test_between_scouts_an_audience_is_found_just_as_well(finder: FaceFinder) -> None:
    picture, boxes = audience([astronaut()], 30, 60, seed=0)
    finder.find(picture)
    assert finder.mode is Mode.AUDIENCE
    later = np.clip(np.roll(picture, 2, axis=1).astype(int) + 5, 0, 255).astype(np.uint8)
    assert hits(finder.find(later), boxes)[0] >= 29


def test_faces_come_from_left_to_right(finder: FaceFinder) -> None:
    lefts = [face.box.left for face in finder.find(small_faces(4))]
    assert len(lefts) == 4
    assert lefts == sorted(lefts)


def test_a_large_face_is_left_to_mediapipe(finder: FaceFinder) -> None:
    assert len(finder.find(close_up())) == 1
    assert finder.mode is Mode.CLOSE_UP


def test_small_faces_are_left_to_yunet(finder: FaceFinder) -> None:
    assert len(finder.find(small_faces(3))) == 3
    assert finder.mode is Mode.AUDIENCE


def test_when_a_close_up_gives_way_to_an_audience_the_very_next_picture_has_its_faces(finder: FaceFinder) -> None:
    finder.find(close_up())
    assert len(finder.find(small_faces(4))) == 4
    assert finder.mode is Mode.AUDIENCE


def test_a_small_face_that_joins_a_large_one_is_found_by_the_next_scout(finder: FaceFinder) -> None:
    alone, joined = close_up(x=0.35), close_up(x=0.35)
    paste(joined, portrait(40), 590, 100)
    counts = [len(finder.find(picture)) for picture in [alone] + [joined] * SCOUT_EVERY]
    assert counts[0] == 1
    assert counts[-1] == 2
    assert finder.mode is Mode.AUDIENCE


def test_a_picture_without_faces_is_looked_at_by_yunet(finder: FaceFinder) -> None:
    finder.find(close_up())
    assert finder.find(backdrop(640, 360)) == []
    assert finder.mode is Mode.AUDIENCE


def test_a_picture_of_another_size_starts_anew(finder: FaceFinder) -> None:
    finder.find(close_up())
    picture, boxes = audience([astronaut()], 12, 80, seed=0)
    assert hits(finder.find(picture), boxes) == (12, 0)


def test_a_weak_face_is_followed_but_not_believed_at_first_sight(finder: FaceFinder) -> None:
    clear = small_faces(1)
    shades = [np.asarray(clear * fade + 110 * (1 - fade), np.uint8) for fade in np.linspace(0.5, 0.02, 49)]
    scores = [[face.score for face in YuNet().find(shade, 640, 0.2)] for shade in shades]
    weak = next(shade for shade, found in zip(shades, scores, strict=True) if KNOWN + 0.02 < found[0] < SURE)
    assert finder.find(weak) == []
    finder.reset()
    assert len(finder.find(clear)) == len(finder.find(weak)) == 1


def test_the_same_pictures_give_the_same_answers(finder: FaceFinder) -> None:
    pictures = [close_up(x=x) for x in (0.3, 0.4, 0.5)] + [small_faces(n) for n in (3, 2, 1)] + [close_up()] * 6
    first = [finder.find(picture) for picture in pictures]
    finder.reset()
    assert [finder.find(picture) for picture in pictures] == first
    with FaceFinder(2) as other:
        assert [len(other.find(picture)) for picture in pictures] == [len(found) for found in first]


@pytest.mark.parametrize(("width", "height", "face_px"), [(160, 120, 70), (160, 120, 25), (96, 96, 80), (320, 240, 30)])
def test_a_face_in_a_small_picture_is_found(finder: FaceFinder, width: int, height: int, face_px: int) -> None:
    assert len(finder.find(close_up(width, height, face_px))) == 1


@pytest.mark.parametrize("px", [60, 200, 480, 1080])
def test_a_face_that_fills_the_picture_is_found_once(finder: FaceFinder, px: int) -> None:
    tight = np.ascontiguousarray(photo("astronaut")[63:176, 178:268])  # hairline to chin, ear to ear
    picture = scaled(tight, px / 113)
    assert len(finder.find(picture)) == 1
    assert len(finder.find_in_photo(picture)) == 1


def test_a_photo_of_a_huge_face_and_a_small_one_has_both(finder: FaceFinder) -> None:
    picture = close_up(1920, 1080, 900, x=0.35)
    paste(picture, portrait(60), 1800, 200)
    heights = [face.box.height for face in finder.find_in_photo(picture)]
    assert len(heights) == 2
    assert heights[0] > 700
    assert heights[1] < 90


def test_a_photo_leaves_the_stream_as_it_was(finder: FaceFinder) -> None:
    finder.find(close_up())
    finder.find_in_photo(small_faces(3))
    assert finder.mode is Mode.CLOSE_UP


def test_pictures_without_faces_have_none(finder: FaceFinder) -> None:
    rng = np.random.default_rng(0)
    noise = [scaled(rng.integers(0, 256, (720 // n, 1280 // n, 3), dtype=np.uint8), n) for n in (1, 4, 16, 40)]
    photos = [photo(name) for name in ("chelsea", "coffee", "rocket", "brick", "grass", "gravel", "moon", "colorwheel")]
    for picture in photos + noise:
        assert finder.find_in_photo(picture) == []


def test_a_cartoon_has_no_faces(finder: FaceFinder, shared: Path) -> None:
    clip = shared / "videos" / "no_face.mp4"
    assert [face for frame in frames(clip, 5) for face in finder.find(frame.image)] == []


@pytest.mark.parametrize("name", ["talk.mp4", "WolfgangLanger_Pexels.mp4", "cap12_edit.webm"])
def test_a_speaker_is_found_in_every_picture(finder: FaceFinder, shared: Path, name: str) -> None:
    pictures = [frame.image for frame in islice(frames(shared / "videos" / name, 5), 40)]
    assert {len(finder.find(picture)) for picture in pictures} == {1}
    assert finder.mode is Mode.CLOSE_UP


def faces(*heights: float) -> list[Detection]:
    return [face_at(200 * index, 100, px) for index, px in enumerate(heights)]


def test_the_mode_is_close_up_only_where_both_detectors_agree_on_a_few_large_faces() -> None:
    assert mode_for(faces(240), faces(240), 640) is Mode.CLOSE_UP
    assert mode_for([], faces(240), 640) is Mode.CLOSE_UP
    assert mode_for(faces(240), [], 640) is Mode.AUDIENCE
    assert mode_for([], [], 640) is Mode.AUDIENCE
    assert mode_for(faces(240, 240), faces(240), 640) is Mode.AUDIENCE
    assert mode_for(faces(180), faces(180), 640) is Mode.AUDIENCE  # 0.28 of the longer side
    many = faces(*[240] * (CLOSE_FACES + 1))
    assert mode_for(many, many, 640) is Mode.AUDIENCE


def test_the_mode_is_audience_where_the_detectors_put_the_points_elsewhere() -> None:
    assert mode_for([face_at(200, 200, 240)], [face_at(208, 208, 240)], 640) is Mode.CLOSE_UP
    assert mode_for([face_at(200, 200, 240)], [face_at(220, 220, 240)], 640) is Mode.AUDIENCE


@pytest.mark.parametrize(
    ("smallest", "size", "expected"),
    [
        (400, (1080, 1920), 640),
        (120, (1080, 1920), 640),
        (100, (1080, 1920), 960),
        (60, (1080, 1920), 1280),
        (30, (1080, 1920), 1600),
        (30, (2160, 3840), 1600),
        (30, (360, 640), 640),
        (20, (120, 160), 320),
    ],
)
def test_yunet_looks_as_small_as_the_smallest_face_allows(smallest: int, size: tuple[int, int], expected: int) -> None:
    assert steady_px(faces(500, smallest), size) == expected


def test_where_the_scout_saw_no_face_yunet_looks_at_the_least_size() -> None:
    assert steady_px([], (1080, 1920)) == 640
