"""What this server is, what it takes, and what an environment counts each expression for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from analytics import scoring
from emotion_ml.labels import EMOTIONS
from engageai.api import shapes
from engageai.api.operations.common import refusals
from engageai.processors import processors as offered

router = Router()


@router.get("/", response={200: shapes.About, **refusals()}, url_name="api-about", summary="Version and limits")
def about(request: HttpRequest) -> dict[str, Any]:
    """`health` answers without a token: 200 while work would be done, 503 with the reasons otherwise."""
    limits = {
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "max_minutes": settings.MAX_MINUTES,
        "max_queued": settings.MAX_QUEUED,
        "session_idle_min": settings.SESSION_IDLE_MIN,
    }
    links = {"health": reverse("readyz"), "documentation": reverse("api:openapi-view")}
    return {"version": settings.VERSION, **links, "limits": limits}


@router.get(
    "/environments",
    response={200: list[shapes.Environment], **refusals()},
    url_name="api-environments",
    summary="Kinds of gathering",
)
def environments(request: HttpRequest) -> list[dict[str, Any]]:
    """A score is the sum of each expression's share times its value here."""
    return [
        {
            "name": each.name,
            "label": each.label,
            "purpose": each.purpose,
            "values": dict(zip(EMOTIONS, each.values, strict=True)),
        }
        for each in scoring.ENVIRONMENTS
    ]


@router.get(
    "/processors",
    response={200: list[shapes.Processor], **refusals()},
    url_name="api-processors",
    summary="Who else could be given something",
)
def processors(request: HttpRequest) -> list[dict[str, Any]]:
    """Nobody gets anything unless its `field` was sent as true with the upload."""
    return [asdict(each) for each in offered()]
