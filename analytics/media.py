"""A file to its owner in pieces, as browsers ask for video: byte ranges (RFC 9110, section 14), in bounded memory.

Knows bytes and ranges. Knows nothing of what the file is; its type is told.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from analytics import access, store

PIECE_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Unsatisfiable(Exception):
    """The range asked for lies behind the end of the file."""


@require_safe
def video(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponseBase:
    recording = access.recording_or_404(request, session_id, recording_id)
    try:
        return serve(request, store.video_path(recording), store.video_type(recording))
    except (store.NotFound, FileNotFoundError):  # there is none, or it is being wiped
        raise Http404 from None


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that `header` asks for; None when the whole file answers it.

    A header of several ranges, or of no known form, may be ignored, and is. Raises Unsatisfiable.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return start, end


def serve(request: HttpRequest, path: Path, media_type: str) -> HttpResponseBase:
    """Answers GET and HEAD; raises FileNotFoundError."""
    size = path.stat().st_size
    try:
        asked = byte_range(request.headers.get("Range", ""), size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    start, end = asked or (0, size - 1)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start + 1), "Content-Disposition": "inline"}
    headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    status = 206 if asked else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=media_type, headers=headers)
    file = path.open("rb")
    file.seek(start)
    return FilePart(request, file, end - start + 1, content_type=media_type, headers=headers, status=status)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class FilePart(StreamingHttpResponse):
    """The next `length` bytes of `file`, which it closes. Iterates as the server does: Django would gather the pieces
    of the other kind of iterator in memory before it sends the first."""

    def __init__(self, request: HttpRequest, file: Readable, length: int, **response: Any) -> None:
        self._file = file
        is_async = hasattr(request, "scope")
        super().__init__(pieces_async(file, length) if is_async else pieces_sync(file, length), **response)

    def close(self) -> None:
        self._file.close()
        super().close()


def pieces_sync(file: Readable, length: int) -> Iterator[bytes]:
    while length > 0 and (piece := file.read(min(PIECE_BYTES, length))):
        length -= len(piece)
        yield piece


async def pieces_async(file: Readable, length: int) -> AsyncIterator[bytes]:
    while length > 0 and (piece := await asyncio.to_thread(file.read, min(PIECE_BYTES, length))):
        length -= len(piece)
        yield piece
