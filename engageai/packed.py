"""Static texts packed once, as small as they go: in a folder of their own, each under the digest of what it holds.

A file that was changed since, or never packed, is sent as it lies: nothing here can be out of date.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import brotli  # type: ignore[import-untyped]
from django.contrib.staticfiles import finders

KINDS: Final = (".js", ".css", ".svg")
SUFFIXES: Final = {
    "br": ".br",
    "gzip": ".gz",
}  # by Content-Encoding; browsers take Brotli over TLS and from this machine
PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {"br": brotli.compress, "gzip": gzip.compress}
MIN_BYTES: Final = 1024


def texts() -> Iterator[Path]:
    """Every static file that packing makes smaller."""
    for finder in finders.get_finders():
        for name, storage in finder.list(None):
            path = Path(storage.path(name))
            if path.suffix in KINDS and path.stat().st_size >= MIN_BYTES:
                yield path


def pack(path: Path, folder: Path) -> bool:
    """Whether there was something to do; seconds for a script of megabytes."""
    stem = folder / digest(path, path.stat().st_mtime_ns)
    missing = [encoding for encoding, suffix in SUFFIXES.items() if not stem.with_suffix(suffix).exists()]
    if not missing:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes()
    for encoding in missing:
        packed = PACKERS[encoding](content)
        half = stem.with_suffix(f".{os.getpid()}")
        half.write_bytes(packed)
        half.replace(stem.with_suffix(SUFFIXES[encoding]))  # never half a file under a name that is looked for
    return True


def variants(path: Path, folder: Path) -> dict[str, str]:
    """Where the packed forms of a file lie, by Content-Encoding; empty where it was not packed."""
    if path.suffix not in KINDS:
        return {}
    stem = folder / digest(path, path.stat().st_mtime_ns)
    found = {encoding: stem.with_suffix(suffix) for encoding, suffix in SUFFIXES.items()}
    return {encoding: str(each) for encoding, each in found.items() if each.exists()}


@cache
def digest(path: Path, _modified_ns: int) -> str:
    """SHA-256 of a file's content, worked out again when the file was written anew."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
