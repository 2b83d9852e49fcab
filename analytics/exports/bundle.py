"""Everything of a recording in one ZIP, written piece by piece: nothing of it lies on a disk or whole in memory.

Knows members and their digests; manifest.json, the last member, names them all. The same material gives the same bytes:
a ZIP's times are those of the analysis, to whole seconds of two. Refuses to know what stands in a member.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from analytics import results
from analytics.exports import pictures, png, svg, tables, words
from analytics.exports.material import Material

FORMAT: Final = "engageai-bundle"
FORMAT_VERSION: Final = 1
LEVEL: Final = 6
PLAIN_BYTES: Final = 2**31 - 1
"""What a ZIP's plain form can say of a member's size."""
LARGE_ROWS: Final = 8_000_000
"""Of faces: from here on a table may be larger than that."""


@dataclass(frozen=True, slots=True)
class Member:
    """`says` is for the manifest's reader; `is_large` where it may pass 2 GiB."""

    name: str
    says: str
    pieces: Iterable[bytes]
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class _Written:
    name: str
    says: str
    bytes: int
    sha256: str


class _Sink:
    """What zipfile writes to; what was written is taken away after each piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        found, self._pieces = b"".join(self._pieces), []
        return found


def members(material: Material) -> Iterator[Member]:
    """What analytics itself knows to say of a recording."""
    from analytics.exports import report  # takes a third of a second to import, which the first page need not wait for

    yield Member(
        "tables/settings.csv", tables.BY_NAME["settings"].says, tables.csv(tables.BY_NAME["settings"], material)
    )
    yield Member("result.json", "every number of the results page", [results.to_json(material.result)])
    for table in tables.available(material):
        is_large = len(material.readings.frame) > LARGE_ROWS
        if table.name != "settings":
            said = tables.says(table, reads_expressions=material.reads_expressions)
            yield Member(f"tables/{table.file}", said, tables.csv(table, material), is_large)
    for name, scene in pictures.pictures(material).items():
        yield Member(f"charts/{name}.svg", scene.title, [svg.painted(scene)])
        yield Member(f"charts/{name}.png", scene.title, [png.painted(scene)])
    yield Member("report.pdf", "the report, for printing", [report.written(material)])
    yield Member("README.txt", "what each file holds", [words.readme(material).encode()])


def streamed(material: Material, found: Iterable[Member]) -> Iterator[bytes]:
    """The ZIP in pieces."""
    sink = _Sink()
    written: list[_Written] = []
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for member in found:
            yield from _written(archive, sink, member, material, written)
        manifest = json.dumps(describe(material, written), ensure_ascii=False, indent=1) + "\n"
        yield from _written(archive, sink, Member("manifest.json", "", [manifest.encode()]), material, written)
    yield sink.taken()


def _written(
    archive: zipfile.ZipFile, sink: _Sink, member: Member, material: Material, written: list[_Written]
) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    entry = zipfile.ZipInfo(member.name, material.finished_at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    entry._compresslevel = LEVEL  # type: ignore[attr-defined]
    with archive.open(entry, "w", force_zip64=member.is_large) as file:
        for piece in member.pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
            if data := sink.taken():
                yield data
    written.append(_Written(member.name, member.says, size, digest.hexdigest()))
    yield sink.taken()


def describe(material: Material, written: Iterable[_Written]) -> Mapping[str, Any]:
    label, info = material.label, material.info
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": label.version,
        "created": material.finished_at.isoformat(timespec="seconds"),
        "model": {"name": label.model_name, "sha256": label.model_sha256, "backend": label.backend},
        "settings": label.settings,
        "settings_id": label.settings_id,
        "recording": {
            "name": material.name,
            "sha256": material.source_sha256,
            "duration_s": info.duration_s,
            "stopped_at_s": material.stopped_at_s,
            "reads_expressions": material.reads_expressions,
        },
        "members": [
            {"name": each.name, "says": each.says, "bytes": each.bytes, "sha256": each.sha256} for each in written
        ],
    }
