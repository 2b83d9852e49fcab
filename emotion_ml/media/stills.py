"""Whether a file that is no video is a photograph, by its first bytes. No picture is ever opened for it.

One that moves (WebP, PNG) is not called single: the name of what makes it move stands near its beginning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

SINGLE: Final = ("no-duration", "This is a single picture, not a video.")

HEAD_BYTES: Final = 4096
PHOTOGRAPHS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")
"""JPEG, PNG, TIFF of either order."""
MOVES: Final = (b"acTL", b"ANIM")


def is_single(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return (is_webp or head.startswith(PHOTOGRAPHS)) and not any(name in head for name in MOVES)
