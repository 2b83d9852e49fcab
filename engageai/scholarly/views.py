"""The fragment that says what to read next. Knows requests; what is found is search's, who may see it is access's."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import access, store, transcripts
from analytics.models import Recording
from analytics.transcript import Malformed, Transcript, parse
from engageai import meters
from engageai.scholarly import search


@require_safe
def resources(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """Answers in any case: what cannot be had is said to be unavailable."""
    recording = access.showable_or_404(request, session_id, recording_id)
    environment = access.asked_environment_or_404(request, recording)
    row = transcripts.of(recording)
    transcript = _transcript(recording)
    if transcript is not None:
        meters.spend("searches", meters.caller_of_request(request))
    found = transcript and search.find(recording, transcript, store.load_readings(recording), environment)
    is_awaited = transcript is None and row is not None and row.is_active
    url = reverse("scholarly-resources", args=[session_id, recording_id])
    context = {
        "environment": environment,
        "resources": found,
        "is_awaited": is_awaited,
        "url": f"{url}?environment={environment.name}",
    }
    return render(request, "scholarly/_resources.html", context)


def _transcript(recording: Recording) -> Transcript | None:
    stored = store.transcript_of(recording)
    try:
        return parse(stored) if stored is not None else None
    except Malformed:
        return None
