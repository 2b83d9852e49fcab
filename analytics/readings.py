"""Readings as columns, and as bytes that are only ever appended to.

Knows how many instants were analysed, which faces each one held, and how they are kept on disk. Refuses to know what
they mean: nothing here averages, scores or leaves out.

A file of readings is a run of chunks, each whole in itself, so that a process killed in mid-write costs its last chunk
and nothing else. All numbers are little-endian:

    header   4s magic "EARD", u2 version, u2 zero, u4 instants, u4 faces, u4 CRC-32 of the rest of the chunk
    instants one INSTANT record each: its time and how many faces it holds
    faces    one FACE record each, in the order of the instants
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from emotion_ml.labels import EMOTIONS
from emotion_ml.types import Face, LeftOut, Reading

MAGIC: Final = b"EARD"
VERSION: Final = 1
HEADER: Final = struct.Struct("<4sHxxIII")
INSTANT: Final = np.dtype([("t_s", "<f8"), ("faces", "<u4")])
NOT_READ: Final = (float("nan"),) * len(EMOTIONS)
FACE: Final = np.dtype(
    [
        ("track", "<i4"),
        ("box", "<f4", (4,)),
        ("probabilities", "<f4", (len(EMOTIONS),)),
        ("quality", "<f4", (3,)),
        ("left_out", "u1"),
    ]
)


class NotReadings(ValueError):
    """The bytes were not written by this module, or by a version of it that this one cannot read."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """T analysed instants and the F faces found in them, in order of time."""

    times: NDArray[np.float64]  # (T,) seconds
    frame: NDArray[np.int32]  # (F,) row of `times` that each face belongs to
    track: NDArray[np.int32]  # (F,)
    boxes: NDArray[np.float32]  # (F, 4) left, top, width, height
    probabilities: NDArray[np.float32]  # (F, 5) in the order of labels.EMOTIONS; NaN where a face is UNREAD
    quality: NDArray[np.float32]  # (F, 3) size_px, sharpness, yaw_deg
    left_out: NDArray[np.uint8]  # (F,) LeftOut

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which faces count towards the scores."""
        return np.asarray(self.left_out == LeftOut.USED)

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Self:
        instants = np.array([(reading.t_s, len(reading.faces)) for reading in readings], INSTANT)
        faces = np.array([_record(face) for reading in readings for face in reading.faces], FACE)
        frame = np.repeat(np.arange(len(instants), dtype=np.int32), instants["faces"])
        return cls(times=np.ascontiguousarray(instants["t_s"], np.float64), frame=frame, **_columns(faces))

    @classmethod
    def concat(cls, parts: Iterable[Readings]) -> Self:
        parts = list(parts) or [cls.of([])]
        starts = np.cumsum([0, *(len(part.times) for part in parts[:-1])])
        columns = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        shifts = np.repeat(starts, [len(part.frame) for part in parts])
        return cls(**columns | {"frame": (columns["frame"] + shifts).astype(np.int32)})

    def since(self, t_s: float) -> Self:
        """The instants from `t_s` on, and the one before them."""
        first = max(int(np.searchsorted(self.times, t_s)) - 1, 0)
        kept = self.frame >= first
        columns = {name: getattr(self, name)[kept] for name in _columns(np.empty(0, FACE))}
        return type(self)(times=self.times[first:], frame=self.frame[kept] - np.int32(first), **columns)

    def to_bytes(self) -> bytes:
        """One chunk."""
        instants = np.empty(len(self.times), INSTANT)
        instants["t_s"] = self.times
        instants["faces"] = np.bincount(self.frame, minlength=len(self.times))
        faces = np.empty(len(self.frame), FACE)
        faces["track"], faces["box"], faces["probabilities"] = self.track, self.boxes, self.probabilities
        faces["quality"], faces["left_out"] = self.quality, self.left_out
        payload = instants.tobytes() + faces.tobytes()
        return HEADER.pack(MAGIC, VERSION, len(instants), len(faces), zlib.crc32(payload)) + payload

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, within: tuple[float, float] | None = None) -> Self:
        """Every whole chunk up to the first cut or damaged one.

        With `within`, [from_s, to_s), every instant, but the faces of those between them and of one on each side alone:
        a page that follows a recording asks for some seconds of hours.
        """
        chunks = [
            (np.frombuffer(payload[:instants_bytes], INSTANT), np.frombuffer(payload[instants_bytes:], FACE))
            for payload, instants_bytes in _payloads(memoryview(data))
        ]
        instants = np.concatenate([np.empty(0, INSTANT), *(rows for rows, _ in chunks)])
        first, last = _around(instants["t_s"], *within) if within else (0, len(instants))
        counts = np.cumsum(instants["faces"], dtype=np.int64)
        start, stop = (int(counts[row - 1]) if row else 0 for row in (first, last))
        faces = _stretch([rows for _, rows in chunks], start, stop)
        return cls(
            times=np.ascontiguousarray(instants["t_s"], np.float64),
            frame=np.repeat(np.arange(first, last, dtype=np.int32), instants["faces"][first:last]),
            **_columns(faces),
        )


def _around(times: NDArray[np.float64], from_s: float, to_s: float) -> tuple[int, int]:
    """The rows of [from_s, to_s) with the one before and the one after."""
    first, last = np.searchsorted(times, (from_s, to_s))
    return max(int(first) - 1, 0), min(int(last) + 1, len(times))


def _stretch(chunks: Sequence[NDArray[np.void]], first: int, last: int) -> NDArray[np.void]:
    """Rows first to last of all chunks as if they were one."""
    parts, at = [np.empty(0, FACE)], 0
    for rows in chunks:
        parts.append(rows[max(first - at, 0) : max(last - at, 0)])
        at += len(rows)
    return np.concatenate(parts)


def _columns(faces: NDArray[np.void]) -> dict[str, Any]:
    return {
        "track": np.ascontiguousarray(faces["track"], np.int32),
        "boxes": np.ascontiguousarray(faces["box"], np.float32),
        "probabilities": np.ascontiguousarray(faces["probabilities"], np.float32),
        "quality": np.ascontiguousarray(faces["quality"], np.float32),
        "left_out": np.ascontiguousarray(faces["left_out"], np.uint8),
    }


def _record(face: Face) -> tuple[object, ...]:
    box, quality = face.box, face.quality
    return (
        face.track,
        (box.left, box.top, box.width, box.height),
        face.probabilities or NOT_READ,
        (quality.size_px, quality.sharpness, quality.yaw_deg),
        face.left_out,
    )


def _payloads(data: memoryview) -> Iterator[tuple[memoryview, int]]:
    """What each whole chunk holds after its header, and how many bytes of that are instants."""
    at = 0
    while at + HEADER.size <= len(data):
        magic, version, instants, faces, checksum = HEADER.unpack_from(data, at)
        if (magic, version) != (MAGIC, VERSION):
            if at == 0:
                raise NotReadings(f"expected {MAGIC!r} version {VERSION}, found {magic!r} version {version}")
            return  # a crash can leave zeros behind the last whole chunk
        start = at + HEADER.size
        at = start + instants * INSTANT.itemsize + faces * FACE.itemsize
        payload = data[start:at]
        if at > len(data) or zlib.crc32(payload) != checksum:
            return
        yield payload, instants * INSTANT.itemsize
