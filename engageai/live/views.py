"""The webcam page."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import access, page, scoring, store, timeline
from analytics.models import AnalysisSession
from emotion_ml.labels import EMOTIONS
from engageai.live import protocol

DEFAULT_ENVIRONMENT = "general"


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Each load of the page is a session of its own."""
    request.session.modified = True  # the owner's secret lives on from this visit, not from the first
    return _page(request, store.open_session(access.owner_of(request)), is_new=True)


@require_safe
def again(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """For a tab that goes back to it: the session goes on."""
    return _page(request, access.session_or_404(request, session_id), is_new=False)


def _page(request: HttpRequest, session: AnalysisSession, *, is_new: bool) -> HttpResponse:
    context = {
        "session": session,
        "is_new": is_new,
        "again": reverse("live-again", args=[session.id]),
        "home": reverse("live-start"),
        "environments": scoring.ENVIRONMENTS,
        "chosen": DEFAULT_ENVIRONMENT,
        "emotions": EMOTIONS,
        "reasons": page.REASONS,
        "idle_s": settings.LIVE_IDLE_S,
        "options": {
            "socket": f"/ws/s/{session.id}/live/",
            "session": str(session.id),
            "max_px": protocol.MAX_PX,
            "max_bytes": protocol.MAX_BYTES,
            "max_fps": settings.LIVE_MAX_FPS,
            "windows_s": {name: seconds for name, seconds in timeline.WINDOWS_S.items() if seconds < float("inf")},
        },
    }
    return render(request, "live/page.html", context)
