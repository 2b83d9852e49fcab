"""Where the files of sessions lie below the data folder, and how they disappear. Only the store calls it.

sessions/<session>/<recording>/   source, playback.mp4, readings.bin, transcript.json,
                                  resources.json, film.mp4
trash/<what it was>.<random>/     renamed away, about to be deleted
incoming/                         uploads that are still arriving
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

TRANSCRIPT = "transcript.json"
RESOURCES = "resources.json"
FILM = "film.mp4"
PIECE_BYTES: Final = 1024 * 1024

_in_hand: set[str] = set()
_changed = threading.Condition()


@dataclass(frozen=True, slots=True)
class Content:
    """One file that is about to be deleted. `sha256` is empty where there was no time to compute it."""

    folder: str
    name: str
    size_bytes: int
    sha256: str


def sessions() -> Path:
    return Path(settings.DATA_DIR) / "sessions"


def prepare() -> None:
    """The trash must be there before it is needed: on a full disk it could not be made."""
    _trash().mkdir(parents=True, exist_ok=True)


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
        if trashed := trash(folder):
            delete(trashed)


def trash(folder: Path) -> Path | None:
    """Where it went: the new name says what it was. None when there is no such folder."""
    if not _trash().is_dir():
        prepare()
    trashed = _trash() / f"{folder.name}.{uuid.uuid4().hex}"
    try:
        folder.rename(trashed)
    except FileNotFoundError:
        return None
    return trashed


def trash_orphans(parent: Path, known: Iterable[uuid.UUID]) -> None:
    """Every folder of `parent` that is named by none of `known`, which is asked for after the folders.

    A session that begins meanwhile has its row before its folder.
    """
    found = list(inside(parent))
    names = {str(each) for each in known}
    for folder in found:
        if folder.name not in names:
            trash(folder)


def trashed_of(session_id: uuid.UUID) -> list[Path]:
    return [folder for folder in inside(_trash()) if folder.name.startswith(f"{session_id}.")]


@contextmanager
def in_hand(session_id: uuid.UUID) -> Iterator[None]:
    """One at a time takes a session's folder away; meanwhile `empty_trash` leaves what came of it alone."""
    with _changed:
        _changed.wait_for(lambda: str(session_id) not in _in_hand)
        _in_hand.add(str(session_id))
    try:
        yield
    finally:
        with _changed:
            _in_hand.remove(str(session_id))
            _changed.notify_all()


def empty_trash() -> None:
    for folder in inside(_trash()):
        with _changed:
            is_in_hand = folder.name.partition(".")[0] in _in_hand
        if not is_in_hand:
            delete(folder)


def delete(trashed: Path) -> None:
    """What resists is left to the next `empty_trash`."""
    shutil.rmtree(trashed, ignore_errors=True)


def contents(trashed: Path, known: Mapping[str, str], hash_s: float) -> list[Content]:
    """Every file in it. What has no digest in `known` (by path) is read, smallest first, for at most `hash_s`."""
    until = time.monotonic() + hash_s
    sizes = {path: path.stat().st_size for path in trashed.rglob("*") if path.is_file()}
    found = []
    for path, size in sorted(sizes.items(), key=lambda item: item[1]):
        place = path.relative_to(trashed)
        sha256 = known.get(place.as_posix()) or sha256_of(path, lambda: time.monotonic() < until)
        found.append(Content(place.parent.as_posix(), place.name, size, sha256))
    return found


def sha256_of(path: Path, may_go_on: Callable[[], bool]) -> str:
    """Empty when it was told to stop before the end."""
    digest = hashlib.sha256()
    with suppress(OSError), path.open("rb") as file:
        while may_go_on():
            piece = file.read(PIECE_BYTES)
            if not piece:
                return digest.hexdigest()
            digest.update(piece)
    return ""


def empty_incoming(arriving: Collection[Path] = (), still_s: float | None = None) -> None:
    """But for the files in `arriving`, and with `still_s` for those written to since: another process may have them."""
    for leftover in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        with suppress(FileNotFoundError):
            is_still = still_s is None or time.time() - leftover.stat().st_mtime >= still_s
            if is_still and leftover.is_file() and leftover not in arriving:
                leftover.unlink()


def clear(folder: Path, keep: str) -> None:
    """Delete all that lies in it but one file."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name != keep:
            _delete(path)


def drop(folder: Path, pattern: str) -> None:
    """Delete what lies in it under such a name."""
    for path in folder.glob(pattern):
        _delete(path)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def size_bytes(folder: Path) -> int:
    """Of all files in it; one that goes away meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def inside(parent: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return [path for path in parent.iterdir() if path.is_dir()]
    return []


def _trash() -> Path:
    return Path(settings.DATA_DIR) / "trash"
