"""Whether a file ends where its writer ended it, for formats that never say how long they are.

Knows how the last bytes of a GIF, an MPEG or an Ogg file look when it is whole. A cut that falls between two packets of
an MPEG stream cannot be told from an end; where the last bytes are of no known form, nothing is claimed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

TAIL_BYTES: Final = 256 * 1024  # several packets of any of these formats

GIF_TRAILER: Final = b";"
TS_SYNC: Final = 0x47
TS_PACKETS: Final = ((0, 188), (4, 192), (0, 204))
"""Where in a packet its first byte of sync is, and how long it is: as broadcast, as on discs, with error correction."""
PACK: Final = b"\x00\x00\x01\xba"
PROGRAM_END: Final = 0xB9
OGG_PAGE: Final = b"OggS"
OGG_HEADER_BYTES: Final = 27
OGG_LAST: Final = 4


def breaks_off(path: Path, format_name: str) -> bool:
    """True only where it clearly does; `format_name` is libav's."""
    judge = JUDGES.get(format_name)
    if judge is None:
        return False
    with path.open("rb") as file:
        head = file.read(512)
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - TAIL_BYTES))
        return judge(head, file.read(), size)


def _gif(_: bytes, tail: bytes, __: int) -> bool:
    return not tail.rstrip(b"\x00").endswith(GIF_TRAILER)


def _transport(head: bytes, _: bytes, size: int) -> bool:
    for sync, length in TS_PACKETS:
        if len(head) > sync + length and head[sync] == head[sync + length] == TS_SYNC:
            return size % length != 0
    return False


def _program(_: bytes, tail: bytes, __: int) -> bool:
    """Goes from packet to packet as their lengths say, and looks whether the last one is all there."""
    at = tail.find(PACK)
    while 0 <= at < len(tail):
        length = _packet_bytes(tail[at : at + 16])
        if length is None:
            return bool(tail[at:].strip(b"\x00")) and len(tail) - at < 16
        at += length
    return at > len(tail)


def _packet_bytes(head: bytes) -> int | None:
    """None where there is no packet, or not enough of its head."""
    if len(head) < 6 or not head.startswith(PACK[:3]) or head[3] < PROGRAM_END:
        return None
    if head[3] == PROGRAM_END:
        return 4
    if not head.startswith(PACK):
        return 6 + int.from_bytes(head[4:6], "big")
    is_mpeg2 = head[4] >> 6 == 1
    return 14 + (head[13] & 7) if is_mpeg2 and len(head) > 13 else 12


def _ogg(_: bytes, tail: bytes, __: int) -> bool:
    at = tail.rfind(OGG_PAGE)
    if at < 0:
        return False
    head = tail[at : at + OGG_HEADER_BYTES]
    if len(head) < OGG_HEADER_BYTES:
        return True
    table = tail[at + OGG_HEADER_BYTES : at + OGG_HEADER_BYTES + head[26]]
    is_whole = len(table) == head[26] and at + OGG_HEADER_BYTES + len(table) + sum(table) <= len(tail)
    return not (is_whole and head[5] & OGG_LAST)


JUDGES: Final[dict[str, Callable[[bytes, bytes, int], bool]]] = {
    "gif": _gif,
    "mpegts": _transport,
    "mpeg": _program,
    "ogg": _ogg,
}
