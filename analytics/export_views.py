"""What a recording's owner takes away: tables, charts, the report, everything in one ZIP; and the page that compares.

Knows requests, and how an answer is sent piece by piece. What stands in a file is the business of exports.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import access, scoring, store, takeaway
from analytics.exports import pictures, png, svg, tables
from analytics.exports.material import Material
from analytics.models import Recording

PAINTERS: Final = {"svg": (svg.painted, "image/svg+xml"), "png": (png.painted, "image/png")}


@require_safe
def table(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, name: str) -> HttpResponseBase:
    _, found = _material(request, session_id, recording_id)
    wanted = tables.BY_NAME.get(name)
    if wanted is None or not tables.is_there(wanted, found):
        raise Http404
    return _streamed(request, tables.csv(wanted, found), _named(found, wanted.file), "text/csv; charset=utf-8")


@require_safe
def chart(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, name: str, kind: str) -> HttpResponse:
    _, found = _material(request, session_id, recording_id)
    maker = pictures.makers(found).get(name)
    if maker is None or kind not in PAINTERS:
        raise Http404
    painted, media_type = PAINTERS[kind]
    return _whole(painted(pictures.labelled(found, maker)), _named(found, f"{name}.{kind}"), media_type)


@require_safe
def printed(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    from analytics.exports import report  # takes a third of a second to import, which the first page need not wait for

    _, found = _material(request, session_id, recording_id)
    return _whole(report.written(found), _named(found, "report.pdf"), "application/pdf")


@require_safe
def everything(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponseBase:
    recording, found = _material(request, session_id, recording_id)
    pieces = takeaway.everything(recording, found, with_film=request.GET.get("video") == "1")
    return _streamed(request, pieces, _named(found, "engageai.zip"), "application/zip")


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two results side by side. The files are read in the browser; nothing of them is ever sent."""
    return render(request, "compare/page.html", {"environments": scoring.ENVIRONMENTS})


def _material(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> tuple[Recording, Material]:
    recording = access.result_or_404(request, session_id, recording_id)
    environment = access.asked_environment_or_404(request, recording)
    try:
        return recording, takeaway.material(recording, environment)
    except store.NotFound:
        raise Http404 from None


def _named(found: Material, kind: str) -> str:
    return takeaway.disposition(found.name, found.label, f"{found.environment.name}-{kind}")


def _whole(content: bytes, disposition: str, media_type: str) -> HttpResponse:
    return HttpResponse(content, content_type=media_type, headers=_headers(disposition))


def _streamed(
    request: HttpRequest, pieces: Iterator[bytes], disposition: str, media_type: str
) -> StreamingHttpResponse:
    """Iterates as the server does: Django would gather the pieces of the other kind in memory before the first."""
    found = _asynchronous(pieces) if hasattr(request, "scope") else pieces
    return StreamingHttpResponse(found, content_type=media_type, headers=_headers(disposition))


async def _asynchronous(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _headers(disposition: str) -> dict[str, str]:
    return {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
