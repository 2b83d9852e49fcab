"""Where the files of sessions lie below the data folder, and how they disappear. Only the store calls it.

sessions/<session>/<recording>/   source, playback.mp4, readings.bin, transcript.json,
                                  resources.json
trash/                            renamed away, about to be deleted
incoming/                         uploads that are still arriving
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

TRANSCRIPT = "transcript.json"
RESOURCES = "resources.json"


def sessions() -> Path:
    return Path(settings.DATA_DIR) / "sessions"


def of_session(session_id: uuid.UUID) -> Path:
    return sessions() / str(session_id)


def of_recording(session_id: uuid.UUID, recording_id: uuid.UUID) -> Path:
    return of_session(session_id) / str(recording_id)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Make `data` the end of the file, from `offset` on. The file's folder must exist."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        file.write(data)


def put(path: Path, data: bytes) -> None:
    """Make `data` the whole file: it is there as it was or as it shall be, never in between."""
    part = path.with_name(f"{path.name}.part")
    write_at(part, 0, data)
    part.replace(path)


def remove(*folders: Path) -> None:
    """Rename away first, which happens at once or not at all; then delete, which may take a while."""
    for folder in folders:
        trash(folder)
    empty_trash()


def trash(folder: Path) -> None:
    bin_ = Path(settings.DATA_DIR) / "trash"
    bin_.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        folder.rename(bin_ / str(uuid.uuid4()))


def trash_orphans(parent: Path, known: Iterable[uuid.UUID]) -> None:
    """Every folder of `parent` that is named by none of `known`."""
    names = {str(each) for each in known}
    for folder in inside(parent):
        if folder.name not in names:
            trash(folder)


def empty_trash() -> None:
    for folder in inside(Path(settings.DATA_DIR) / "trash"):
        shutil.rmtree(folder, ignore_errors=True)


def empty_incoming() -> None:
    for leftover in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        if leftover.is_file():
            leftover.unlink(missing_ok=True)


def inside(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []
