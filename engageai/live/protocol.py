"""What a webcam page and the server say to each other. Pure: bytes and values, no socket, no picture decoded.

Up, one binary message a frame, little-endian:

    u1   version, 1
    3 bytes of zero
    u4   id of the frame, counted up from 1 on each connection
    u4   id of the newest result that has arrived, 0 before the first: without it no further result is sent
    f8   when the frame was captured, in milliseconds of the page's own clock
    ...  one JPEG: baseline, one scan, no side longer than MAX_PX

and one text message, `stop`. What it is for stands in the address of the socket: `?purpose=`, `&exemption=`,
`&expressions=` as in analytics.purposes. A page keeps one frame in flight: it sends the next when the result of the
last has come, or after a while without. Down, JSON texts told apart by `kind`:

    ready    {recording, url, expressions}: measuring has begun, where its results will be, and whether expressions
             are read; where they are not, every `p` is empty and no engagement ever comes
    result   {id, t_s, size, faces: [{id, box, p, left_out, quality}], engagement, rolling, dropped, timings}
             `box` is left, top, width, height in pixels of the frame, whose width and height are `size`; `p` follows
             labels.EMOTIONS; `engagement` is {environment: value} or null; `rolling`, about twice a second, is
             {environment: {30s, 60s, cumulative, low, high}}, otherwise null; `dropped` counts the frames that were
             replaced by a newer one before their turn came; `timings` are milliseconds: wait, inference, total
    stopped  {url}: everything is kept, the socket closes; null when there is nothing to show

Whatever else arrives closes the socket with MALFORMED and a reason. The other codes are CLOSINGS.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from emotion_ml.types import Face, Reading

VERSION: Final = 1
HEADER: Final = struct.Struct("<B3xIId")
MAX_BYTES: Final = 256 * 1024
"""Of a message. The server itself closes the socket with 1009 beyond."""
MAX_PX: Final = 640
STOP: Final = "stop"

ENDED: Final = 1000
MALFORMED: Final = 1007
SLOW_READER: Final = 1008
BROKEN: Final = 1011
BUSY: Final = 1013
SUPERSEDED: Final = 4409
OVER: Final = 4410
FORGOTTEN: Final = 4411
PROHIBITED: Final = 4451
CLOSINGS: Final = {
    ENDED: "stopped, or silent for too long",
    MALFORMED: "a message that is not in this protocol",
    SLOW_READER: "results were sent and not taken",
    1009: "a message is too large",
    BROKEN: "a fault on our side",
    BUSY: "too many sockets of this session, or of all",
    4403: "opened by a page of another origin (seen as a refused connection)",
    4404: "no such session, or not yours, or wiped",
    SUPERSEDED: "the same measurement goes on over another socket",
    OVER: "as long as may be measured, or ended from another page",
    FORGOTTEN: "nothing is kept of the measurement that was to be gone on with",
    PROHIBITED: "expressions at work or in education in the EU, without an exemption",
}

_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_BASELINE: Final = (0xC0, 0xC1)
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RESTARTS: Final = range(0xD0, 0xD8)


class Malformed(ValueError):
    """The message is not in this protocol; the text says in what, and may be sent back."""


class Ended(Exception):
    """The socket is to be closed with this code, for this reason, which may be sent."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture on its way: still compressed, its size read from its header. `arrived_s` is on the server's clock."""

    id: int
    acknowledged: int
    captured_s: float
    width: int
    height: int
    jpeg: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of the frame's time on the server."""

    wait_ms: float
    inference_ms: float
    total_ms: float


def parse_frame(message: bytes, arrived_s: float) -> Frame:
    """Raises Malformed; never decodes."""
    if len(message) > MAX_BYTES:
        raise Malformed("the message is too large")
    if len(message) < HEADER.size:
        raise Malformed("the message is shorter than its header")
    version, frame_id, acknowledged, captured_ms = HEADER.unpack_from(message)
    if version != VERSION:
        raise Malformed(f"version {version} is not spoken here")
    if not frame_id or not math.isfinite(captured_ms):
        raise Malformed("the header makes no sense")
    jpeg = message[HEADER.size :]
    width, height = jpeg_size(jpeg)
    return Frame(frame_id, acknowledged, captured_ms / 1000, width, height, jpeg, arrived_s)


def pack_frame(frame_id: int, acknowledged: int, captured_ms: float, jpeg: bytes) -> bytes:
    return HEADER.pack(VERSION, frame_id, acknowledged, captured_ms) + jpeg


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height out of the headers of a JPEG that is safe to decode. Raises Malformed for every other.

    Safe: small, whole, and a single pass. A progressive picture, or a baseline one in many scans, can hold thousands
    of passes over its pixels in a few bytes each; browsers write neither.
    """
    if not jpeg.startswith(b"\xff\xd8") or not jpeg.endswith(b"\xff\xd9"):
        raise Malformed("not a whole JPEG")
    size, components = None, 0
    for marker, at, length in _segments(jpeg):
        if marker == _SOS:
            if size is None or length < 1 or jpeg[at] != components:
                raise Malformed("not a JPEG in one scan")
            return size
        if marker in _FRAME_HEADERS:
            if marker not in _BASELINE or size is not None:
                raise Malformed("not a baseline JPEG")
            size, components = _frame_header(jpeg, at, length)
    raise Malformed("a JPEG without a picture")


def result(
    frame: Frame,
    reading: Reading,
    engagement: Mapping[str, float | None] | None,
    rolling: Mapping[str, Any] | None,
    dropped: int,
    timings: Timings,
) -> str:
    return _text(
        "result",
        id=frame.id,
        t_s=round(reading.t_s, 4),
        size=[frame.width, frame.height],
        faces=[_face(face) for face in reading.faces],
        engagement=engagement,
        rolling=rolling,
        dropped=dropped,
        timings={
            "wait": round(timings.wait_ms, 1),
            "inference": round(timings.inference_ms, 1),
            "total": round(timings.total_ms, 1),
        },
    )


def ready(recording: str, url: str, expressions: bool) -> str:
    return _text("ready", recording=recording, url=url, expressions=expressions)


def stopped(url: str | None) -> str:
    return _text("stopped", url=url)


def _text(kind: str, **values: Any) -> str:
    return json.dumps({"kind": kind} | values, allow_nan=False, separators=(",", ":"))


def _face(face: Face) -> dict[str, Any]:
    """As in boxes.json of the results page, and its quality."""
    box, quality = face.box, face.quality
    return {
        "id": face.track,
        "box": [round(edge, 1) for edge in (box.left, box.top, box.width, box.height)],
        "p": [round(share, 4) for share in face.probabilities],
        "left_out": int(face.left_out),
        "quality": {
            "size_px": round(quality.size_px, 1),
            "sharpness": round(quality.sharpness, 4),
            "yaw_deg": round(quality.yaw_deg, 1),
        },
    }


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, length) of each segment between the first two bytes and the first scan's data."""
    at = 2
    while at + 4 <= len(jpeg):
        if jpeg[at] != 0xFF:
            raise Malformed("not a JPEG: a marker is missing")
        marker = jpeg[at + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            at += 1
            continue
        if marker in (0x00, _TEM, _SOI, _EOI) or marker in _RESTARTS:
            raise Malformed("not a JPEG: a marker out of place")
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big") - 2
        if length < 0 or at + 4 + length > len(jpeg):
            raise Malformed("not a JPEG: a segment beyond the end")
        yield marker, at + 4, length
        at += 4 + length


def _frame_header(jpeg: bytes, at: int, length: int) -> tuple[tuple[int, int], int]:
    """Size, and number of components."""
    if length < 6 or length != 6 + 3 * jpeg[at + 5]:
        raise Malformed("not a JPEG: a short frame header")
    bits, height, width, components = struct.unpack_from(">BHHB", jpeg, at)
    if bits != 8 or components not in (1, 3):
        raise Malformed("not an 8-bit JPEG in grey or colour")
    if not (0 < width <= MAX_PX and 0 < height <= MAX_PX):
        raise Malformed(f"the picture is {width} x {height}; no side may be longer than {MAX_PX}")
    return (width, height), components
