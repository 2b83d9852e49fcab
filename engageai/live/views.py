"""The webcam page, and what a tab says when it begins anew."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from analytics import access, page, scoring, store, timeline
from emotion_ml.labels import EMOTIONS
from engageai.live import protocol

DEFAULT_ENVIRONMENT = "general"


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Each load of the page is a session of its own."""
    store.sweep(timedelta(minutes=settings.SESSION_IDLE_MIN))
    request.session.modified = True  # the owner's secret lives on from this visit, not from the first
    session = store.open_session(access.owner_of(request))
    context = {
        "session": session,
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


@require_POST
def wipe(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """The tab that this session belonged to has loaded the page again."""
    store.wipe(access.session_or_404(request, session_id).id)
    return HttpResponse(status=204)
