"""The wire: what is a frame, and that nothing else passes for one."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from emotion_ml.types import Box, Face, LeftOut, Quality, Reading
from engageai.live import protocol
from engageai.live.protocol import Malformed, Timings, jpeg_size, pack_frame, parse_frame


def jpeg(width: int = 64, height: int = 48, mode: str = "RGB", **options: object) -> bytes:
    """A picture of noise, as libjpeg writes it."""
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    pixels = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, mode).save(file, "JPEG", **options)
    return file.getvalue()


PICTURE = jpeg()


def resized(picture: bytes, width: int, height: int) -> bytes:
    """The same bytes with another size in the header."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + picture[at + 4 :]


def test_a_frame_comes_back_as_it_was_packed() -> None:
    frame = parse_frame(pack_frame(7, 6, 1234.5, PICTURE), 99.0)
    assert (frame.id, frame.acknowledged, frame.captured_s, frame.arrived_s) == (7, 6, 1.2345, 99.0)
    assert (frame.width, frame.height, frame.jpeg) == (64, 48, PICTURE)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("quality", [5, 75, 100])
def test_the_size_is_read_from_what_libjpeg_writes(mode: str, quality: int) -> None:
    assert jpeg_size(jpeg(640, 360, mode, quality=quality)) == (640, 360)


def test_the_size_is_read_past_other_segments() -> None:
    comment = b"\xff\xfe\x00\x06four" + b"\xff"  # and a fill byte
    assert jpeg_size(PICTURE[:2] + comment + PICTURE[2:]) == (64, 48)


@pytest.mark.parametrize(("width", "height"), [(641, 10), (10, 641), (65535, 65535), (0, 10), (10, 0)])
def test_an_absurd_size_is_refused_without_decoding(width: int, height: int) -> None:
    with pytest.raises(Malformed, match="no side may be longer"):
        jpeg_size(resized(PICTURE, width, height))


def test_a_progressive_picture_is_refused() -> None:
    with pytest.raises(Malformed, match="baseline"):
        jpeg_size(jpeg(progressive=True))


def test_a_picture_in_many_scans_is_refused() -> None:
    at = PICTURE.index(b"\xff\xda") + 4
    with pytest.raises(Malformed, match="one scan"):
        jpeg_size(PICTURE[:at] + b"\x01" + PICTURE[at + 1 :])


def test_a_picture_in_four_colours_is_refused() -> None:
    with pytest.raises(Malformed, match="grey or colour"):
        jpeg_size(jpeg(mode="CMYK"))


@pytest.mark.parametrize("cut", range(0, len(PICTURE), 97))
def test_a_picture_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(Malformed):
        jpeg_size(PICTURE[:cut])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "shorter"),
        (b"\x01" * 19, "shorter"),
        (b"\x02" + pack_frame(1, 0, 0.0, PICTURE)[1:], "version 2"),
        (pack_frame(0, 0, 0.0, PICTURE), "makes no sense"),
        (pack_frame(1, 0, float("nan"), PICTURE), "makes no sense"),
        (pack_frame(1, 0, float("inf"), PICTURE), "makes no sense"),
        (pack_frame(1, 0, 0.0, b""), "whole JPEG"),
        (pack_frame(1, 0, 0.0, b"x" * protocol.MAX_BYTES), "too large"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_reason(message: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse_frame(message, 0.0)


MANY = settings(max_examples=500, deadline=None)


def frames_or_nothing(message: bytes) -> None:
    """The one promise: a frame within the limits, or Malformed."""
    try:
        frame = parse_frame(message, 0.0)
    except Malformed:
        return
    assert 0 < frame.width <= protocol.MAX_PX
    assert 0 < frame.height <= protocol.MAX_PX


@MANY
@given(st.binary(max_size=200))
def test_random_bytes_never_crash_the_parser(message: bytes) -> None:
    frames_or_nothing(message)


@MANY
@given(st.binary(max_size=200))
def test_random_bytes_after_a_good_header_never_crash_the_parser(tail: bytes) -> None:
    frames_or_nothing(pack_frame(1, 0, 0.0, b"\xff\xd8" + tail + b"\xff\xd9"))


@MANY
@given(st.lists(st.tuples(st.integers(0, len(PICTURE) - 1), st.integers(0, 255)), max_size=8))
@example([(PICTURE.index(b"\xff\xc0") + 9, 0)])
def test_a_damaged_picture_never_crashes_the_parser(damage: list[tuple[int, int]]) -> None:
    picture = bytearray(PICTURE)
    for at, value in damage:
        picture[at] = value
    frames_or_nothing(pack_frame(1, 0, 0.0, bytes(picture)))


@MANY
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.floats())
def test_any_header_is_a_frame_or_refused(frame_id: int, acknowledged: int, captured_ms: float) -> None:
    frames_or_nothing(pack_frame(frame_id, acknowledged, captured_ms, PICTURE))


def test_a_result_says_all_that_the_page_draws() -> None:
    face = Face(3, Box(1.04, 2, 30, 40), (0.1, 0.6, 0.1, 0.1, 0.1), Quality(30, 0.01416, -4), LeftOut.USED)
    frame = parse_frame(pack_frame(9, 8, 0.0, PICTURE), 0.0)
    text = protocol.result(frame, Reading(1.5, (face,)), {"general": 3.25}, None, 2, Timings(1.26, 3, 5))
    assert json.loads(text) == {
        "kind": "result",
        "id": 9,
        "t_s": 1.5,
        "size": [64, 48],
        "faces": [
            {
                "id": 3,
                "box": [1.0, 2, 30, 40],
                "p": [0.1, 0.6, 0.1, 0.1, 0.1],
                "left_out": 0,
                "quality": {"size_px": 30, "sharpness": 0.0142, "yaw_deg": -4},
            }
        ],
        "engagement": {"general": 3.25},
        "rolling": None,
        "dropped": 2,
        "timings": {"wait": 1.3, "inference": 3, "total": 5},
    }
