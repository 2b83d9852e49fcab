"""What training needs, in parcels small enough to send to a machine that can fetch nothing.

Knows which faces training and choosing look at, and sends no other: no PrivateTest, no test part. Faces arrive as they
were, bit for bit. Knows nothing of networks, nor of how parcels travel.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emotion_ml.training import dataset, folders

ARCHIVE: Final = "faces.npz"
FOLDERS: Final = "folders"
START: Final = "start.safetensors"
FACES: Final = "start-faces.safetensors"
"""Where a network starts that knew faces before (see `inception`); may be missing."""

_SHEET: Final = "faces.png"
_ROWS: Final = "rows.npz"
_COLUMNS: Final = 100


def pack(
    archive: Path, collection: Path, start: Path, out: Path, max_bytes: int, *, faces: Path | None = None
) -> list[Path]:
    """Write a FER-2013/FER+ archive, a tar of class folders and starting weights to `out` in files of `max_bytes`.

    `faces`: starting weights of the network that knew faces before.
    """
    out.mkdir(parents=True, exist_ok=True)
    whole = out / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as parcel:  # what is inside is compressed already
        _pack_archive(archive, parcel)
        _pack_folders(collection, parcel)
        parcel.write(start, START)
        if faces:
            parcel.write(faces, FACES)
    parts = cut(whole, out, max_bytes)
    whole.unlink()
    return parts


def unpack(parcels: Path, out: Path) -> None:
    """Join the files of `pack` and write `out`/ARCHIVE, `out`/FOLDERS/{train,valid}/, `out`/START and `out`/FACES."""
    whole = join(parcels, "whole.zip")
    with zipfile.ZipFile(io.BytesIO(whole)) as parcel:
        for name in parcel.namelist():
            if name.startswith((f"{FOLDERS}/", START, FACES)):
                parcel.extract(name, out)
        rows = dict(np.load(io.BytesIO(parcel.read(_ROWS))))
        pixels = _from_sheet(parcel.read(_SHEET), len(rows["usage"]))
    np.savez(out / ARCHIVE, pixels=pixels, **rows)


def cut(file: Path, out: Path, max_bytes: int) -> list[Path]:
    """Write `file` to `out` as NAME.part00, NAME.part01, ... of at most `max_bytes` each."""
    paths: list[Path] = []
    with file.open("rb") as source:
        while piece := source.read(max_bytes):
            paths.append(out / f"{file.name}.part{len(paths):02}")
            paths[-1].write_bytes(piece)
    return paths


def join(folder: Path, name: str) -> bytes:
    """The file that `cut` divided. Raises FileNotFoundError where there is no part of it."""
    parts = sorted(folder.glob(f"{name}.part*"))
    if not parts:
        raise FileNotFoundError(f"{folder} holds no part of {name}")
    return b"".join(path.read_bytes() for path in parts)


def _pack_archive(archive: Path, parcel: zipfile.ZipFile) -> None:
    rows = dataset.teaching_rows(archive)
    fields: dict[str, NDArray[Any]] = {}
    with np.load(archive) as source:
        for name in source.files:
            values = source[name]
            fields[name] = values[rows] if len(values) == len(rows) else values
    parcel.writestr(_SHEET, _to_sheet(fields.pop("pixels")))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **fields)  # type: ignore[arg-type]
    parcel.writestr(_ROWS, buffer.getvalue())


def _pack_folders(collection: Path, parcel: zipfile.ZipFile) -> None:
    """The pictures' own bytes, in folders that say their parts, so that no split is made anew where they arrive."""
    found = folders.read(collection)
    part_of = {name: folders.PARTS[part] for name, part in zip(found.names, found.part.tolist(), strict=True)}
    with tarfile.open(collection) as source:
        for member in source:
            part = part_of.get(member.name, "test")
            content = source.extractfile(member) if part != "test" else None
            if content:
                parcel.writestr(f"{FOLDERS}/{part}/{member.name.removeprefix('./')}", content.read())


def _to_sheet(faces: NDArray[np.uint8]) -> bytes:
    """All faces, u8 (N, px, px), in one picture: a third less than npz makes of them."""
    n, px, _ = faces.shape
    rows = -(-n // _COLUMNS)
    padded = np.zeros((rows * _COLUMNS, px, px), dtype=np.uint8)
    padded[:n] = faces
    sheet = padded.reshape(rows, _COLUMNS, px, px).transpose(0, 2, 1, 3).reshape(rows * px, _COLUMNS * px)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _from_sheet(data: bytes, n: int) -> NDArray[np.uint8]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # our own file, far beyond what a stranger's may be
    try:
        sheet = np.asarray(Image.open(io.BytesIO(data)))
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    px = sheet.shape[1] // _COLUMNS
    cells = sheet.reshape(-1, px, _COLUMNS, px).transpose(0, 2, 1, 3).reshape(-1, px, px)
    return np.ascontiguousarray(cells[:n])
