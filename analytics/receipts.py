"""What a wipe leaves with its visitor: what kind of files were deleted, how large, their digests, and when.

Knows no content and no name that a visitor gave; is stored nowhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from analytics.folders import Content

KINDS: Final = {
    "source": "recording",
    "playback.mp4": "version for browsers",
    "readings.bin": "readings",
    "transcript.json": "transcript",
    "resources.json": "reading list",
}
KINDS_BY_SUFFIX: Final = {
    ".bin": "readings",
    ".mp4": "video",
    ".zip": "bundle",
    ".pdf": "report",
    ".json": "figures",
    ".part": "unfinished file",
}
OTHER: Final = "working file"


@dataclass(frozen=True, slots=True)
class Deleted:
    """One file. `sha256` is empty where it was too large to be read in the time that a wipe may take."""

    kind: str
    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, content: Content) -> Deleted:
        kind = KINDS.get(content.name) or KINDS_BY_SUFFIX.get(PurePath(content.name).suffix, OTHER)
        return cls(kind, content.size_bytes, content.sha256)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`rows` counts what was deleted from the database, by model."""

    session_id: uuid.UUID
    wiped_at: datetime
    files: tuple[Deleted, ...]
    rows: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        return {
            "session": str(self.session_id),
            "wiped_at": self.wiped_at.isoformat(timespec="seconds"),
            "files": [{"kind": each.kind, "bytes": each.size_bytes, "sha256": each.sha256} for each in self.files],
            "bytes": sum(each.size_bytes for each in self.files),
            "rows": sum(self.rows.values()),
            "recordings": self.rows.get("analytics.Recording", 0),
        }
