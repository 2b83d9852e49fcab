from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import AsyncRequestFactory, RequestFactory

from analytics import media
from analytics.media import Unsatisfiable, byte_range, serve

CONTENT = bytes(range(256)) * 4096  # 1 MiB, four pieces
SIZE = len(CONTENT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(CONTENT)
    return tmp_path / "source"


def ask(header: str | None = None, method: str = "get") -> HttpRequest:
    headers = {"Range": header} if header else {}
    request: HttpRequest = getattr(RequestFactory(), method)("/video", headers=headers)
    return request


def read(answer: Any) -> bytes:
    """All of it, as a server reads it: to the end, and then it is closed."""
    content = b"".join(answer)
    answer.close()
    return content


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-1000", (90, 99)),
        ("bytes=99-", (99, 99)),
        ("bytes=-1", (99, 99)),
        ("bytes=-30", (70, 99)),
        ("bytes=-1000", (0, 99)),
        (" bytes=0-9 ", (0, 9)),
        # Of no known form, or of several ranges: the whole file is a right answer.
        ("bytes=-", None),
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=1٣-", None),
    ],
)
def test_a_range_is_read_as_the_standard_says(header: str, expected: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=500-600", 100), ("bytes=0-", 0)])
def test_a_range_behind_the_end_is_not_satisfiable(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        byte_range(header, size)


def test_a_suffix_of_nothing_is_not_satisfiable() -> None:
    with pytest.raises(Unsatisfiable):
        byte_range("bytes=-0", 100)


def test_the_whole_file(path: Path) -> None:
    answer: Any = serve(ask(), path, "video/webm")
    assert (answer.status_code, read(answer)) == (200, CONTENT)
    assert answer["Content-Type"] == "video/webm"
    assert answer["Content-Length"] == str(SIZE)
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Disposition"] == "inline"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("first", "last"), [(0, 0), (1000, 1999), (300_000, SIZE - 1)])
def test_a_part_of_it(first: int, last: int, path: Path) -> None:
    answer: Any = serve(ask(f"bytes={first}-{last}"), path, "video/mp4")
    assert (answer.status_code, read(answer)) == (206, CONTENT[first : last + 1])
    assert answer["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer["Content-Length"] == str(last - first + 1)


def test_a_part_behind_its_end(path: Path) -> None:
    answer = serve(ask(f"bytes={SIZE}-"), path, "video/mp4")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


def test_only_the_headers(path: Path) -> None:
    answer: Any = serve(ask("bytes=0-9", "head"), path, "video/mp4")
    assert (answer.status_code, answer.content, answer["Content-Length"]) == (206, b"", "10")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        serve(ask(), tmp_path / "gone", "video/mp4")


async def test_under_asgi_it_comes_in_pieces_without_blocking(path: Path) -> None:
    answer: Any = serve(AsyncRequestFactory().get("/video"), path, "video/mp4")
    assert answer.is_async
    pieces = [piece async for piece in answer]
    assert b"".join(pieces) == CONTENT
    assert max(map(len, pieces)) == media.PIECE_BYTES
    answer.close()
    assert answer._file.closed


def test_a_file_that_shrinks_meanwhile_ends_early(path: Path) -> None:
    answer: Any = serve(ask(), path, "video/mp4")
    path.write_bytes(b"short")
    assert read(answer) == b"short"
