"""The annotated video: asked for, watched, stopped, taken away."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router

from analytics import films
from analytics.models import Film, FilmStatus, Recording
from engageai import errors, limits
from engageai.api import seams, shapes
from engageai.api.operations.common import RECORDING, environment_of, file_of, refusals, result_of
from engageai.errors import Rejected

router = Router()
PATH: Final = f"{RECORDING}/film"
NONE: Final = "No annotated video of this recording was asked for. POST to this address to have it made."


@router.post(PATH, response={202: shapes.Film, **refusals(409, 507)}, url_name="api-film", summary="Have it made")
def begin_film(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    environment: shapes.AskedEnvironment = None,
) -> tuple[int, dict[str, Any]]:
    """With boxes, expressions and the score, its own sound and its own times. Nothing changes while one is made."""
    recording = result_of(request, session_id, recording_id)
    if not limits.has_room(recording.size_bytes):
        raise errors.disk_full()
    seams.begin_film(recording, environment_of(recording, environment).name)
    return 202, _described(_film(recording))


@router.get(PATH, response={200: shapes.Film, **refusals(409)}, url_name="api-film", summary="How far it is")
def show_film(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> dict[str, Any]:
    """404 as long as nobody has asked for it."""
    recording = result_of(request, session_id, recording_id)
    seams.resume_film(recording)
    return _described(_film(recording))


@router.delete(PATH, response={200: shapes.Film, **refusals(409)}, url_name="api-film", summary="Stop making it")
def cancel_film(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> dict[str, Any]:
    """One that is made stays: it goes with its session."""
    recording = result_of(request, session_id, recording_id)
    films.request_cancel(recording)
    return _described(_film(recording))


@router.get(
    f"{RECORDING}/film.mp4",
    response=refusals(409),
    openapi_extra=file_of("video/mp4"),
    url_name="export-api-film",
    summary="Take it away",
)
def film_file(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponseBase:
    recording = result_of(request, session_id, recording_id)
    if _film(recording).status != FilmStatus.DONE:
        raise Rejected("not-ready", "The annotated video is not made, or not yet.", 409)
    return seams.page(request, "export-film", session_id, recording_id)


def _film(recording: Recording) -> Film:
    film = films.of(recording)
    if film is None:
        raise Rejected("no-film", NONE, 404)
    return film


def _described(film: Film) -> dict[str, Any]:
    return {
        "status": str(film.status),
        "environment": film.environment,
        "progress": film.progress,
        "size_bytes": film.size_bytes,
        "message": film.message,
    }
