from __future__ import annotations

import time
import zlib
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.readings import FACE, HEADER, INSTANT, NotReadings, Readings
from analytics.tests.synthetic import audience, dirichlet
from emotion_ml.tests.patience import slack
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading

single = st.floats(width=32, allow_nan=False)
faces = st.builds(
    Face,
    track=st.integers(1, 2**31 - 1),
    box=st.builds(Box, single, single, single, single),
    probabilities=st.tuples(single, single, single, single, single),
    quality=st.builds(Quality, single, single, single),
    left_out=st.sampled_from(LeftOut),
)
chunks = st.lists(
    st.lists(st.builds(Reading, st.floats(0, 1e5), st.lists(faces, max_size=3).map(tuple)), max_size=4), max_size=4
)


def assert_same(found: Readings, expected: Readings) -> None:
    for field in fields(Readings):
        left, right = getattr(found, field.name), getattr(expected, field.name)
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        np.testing.assert_array_equal(left, right)


def face(track: int, left_out: LeftOut = LeftOut.USED) -> Face:
    return Face(track, Box(1, 2, 3, 4), (0.1, 0.2, 0.4, 0.2, 0.1), Quality(50, 90, -12), left_out)


def three_chunks() -> list[Readings]:
    return [
        Readings.of([Reading(0.0, (face(1), face(2, LeftOut.BLURRED))), Reading(0.2, ())]),
        Readings.of([Reading(0.4, (face(2),))]),
        Readings.of([Reading(0.6, ()), Reading(0.8, (face(1), face(3)))]),
    ]


def test_columns_hold_what_the_readings_held() -> None:
    readings = Readings.concat(three_chunks())

    assert readings.times.tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert readings.frame.tolist() == [0, 0, 2, 4, 4]
    assert readings.track.tolist() == [1, 2, 2, 1, 3]
    assert readings.used.tolist() == [True, False, True, True, True]
    assert readings.boxes[0].tolist() == [1, 2, 3, 4]
    assert readings.quality[0].tolist() == [50, 90, -12]
    np.testing.assert_allclose(readings.probabilities[0], (0.1, 0.2, 0.4, 0.2, 0.1), rtol=1e-7)


def test_nothing_is_a_valid_recording() -> None:
    for nothing in (Readings.of([]), Readings.concat([]), Readings.from_bytes(b"")):
        assert nothing.times.shape == (0,)
        assert nothing.boxes.shape == (0, 4)
        assert nothing.probabilities.shape == (0, 5)
        assert_same(Readings.from_bytes(nothing.to_bytes()), nothing)


def test_the_layout_on_disk_is_the_documented_one() -> None:
    data = three_chunks()[0].to_bytes()
    assert (HEADER.size, INSTANT.itemsize, FACE.itemsize) == (20, 12, 53)
    assert len(data) == 20 + 2 * 12 + 2 * 53
    assert data[:8] == b"EARD\x01\x00\x00\x00"
    assert int.from_bytes(data[16:20], "little") == zlib.crc32(data[20:])


@given(chunks)
def test_appended_chunks_load_as_the_readings_they_were(parts: list[list[Reading]]) -> None:
    data = b"".join(Readings.of(part).to_bytes() for part in parts)
    whole = Readings.of([reading for part in parts for reading in part])
    assert_same(Readings.from_bytes(data), whole)
    assert_same(Readings.concat([Readings.of(part) for part in parts]), whole)


@given(st.floats(-0.2, 1.2), st.floats(0, 1.2))
def test_of_a_stretch_every_instant_loads_and_only_its_faces_and_their_neighbours(
    from_s: float, length_s: float
) -> None:
    data = b"".join(chunk.to_bytes() for chunk in three_chunks())
    whole, part = Readings.from_bytes(data), Readings.from_bytes(data, (from_s, from_s + length_s))
    rows = np.flatnonzero((whole.times >= from_s) & (whole.times < from_s + length_s))
    before = int(np.sum(whole.times < from_s))
    first, last = max(before - 1, 0), min(before + len(rows), len(whole.times) - 1)
    held = (whole.frame >= first) & (whole.frame <= last)
    faces_only = {field.name: getattr(whole, field.name)[held] for field in fields(Readings) if field.name != "times"}
    assert_same(part, Readings(times=whole.times, **faces_only))


def test_the_latest_instants_keep_their_faces_and_one_before_them() -> None:
    readings = Readings.concat(three_chunks())
    assert_same(readings.since(0.5), Readings.concat(three_chunks()[1:]))
    assert_same(readings.since(-1.0), readings)
    assert readings.since(9.0).times.tolist() == [0.8]


def test_a_file_cut_anywhere_loads_every_chunk_before_the_cut() -> None:
    parts = three_chunks()
    pieces = [part.to_bytes() for part in parts]
    ends = np.cumsum([len(piece) for piece in pieces])
    data = b"".join(pieces)
    for cut in range(len(data) + 1):
        whole = int(np.searchsorted(ends, cut, side="right"))
        assert_same(Readings.from_bytes(data[:cut]), Readings.concat(parts[:whole]))


def test_zeros_left_by_a_crash_end_the_file() -> None:
    parts = three_chunks()
    data = b"".join(part.to_bytes() for part in parts)
    assert_same(Readings.from_bytes(data + bytes(500)), Readings.concat(parts))


def test_a_damaged_chunk_ends_the_file() -> None:
    parts = three_chunks()
    data = bytearray(b"".join(part.to_bytes() for part in parts))
    data[len(parts[0].to_bytes()) + HEADER.size + 3] ^= 1
    assert_same(Readings.from_bytes(data), parts[0])


@pytest.mark.parametrize("data", [b"\x89PNG" + bytes(60), b"EARD\x02\x00" + bytes(60)])
def test_bytes_of_another_kind_or_version_are_refused(data: bytes) -> None:
    with pytest.raises(NotReadings):
        Readings.from_bytes(data)


def test_two_hours_of_thirty_faces_load_within_half_a_second() -> None:
    ten_minutes = audience(np.arange(3000) / 5, dirichlet(3000, 30))
    data = ten_minutes.to_bytes() * 12
    elapsed_s = []
    for _ in range(3):
        started_s = time.perf_counter()
        readings = Readings.from_bytes(data)
        elapsed_s.append(time.perf_counter() - started_s)
    assert len(readings.track) == 1_080_000
    assert min(elapsed_s) < 0.5 * slack()
