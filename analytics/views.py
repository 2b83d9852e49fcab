"""The results of a recording, for its owner: the page, its figures, the faces in the video, the file to take away.

Knows requests and which template answers them. What is shown is decided by page, figures and results.
"""

from __future__ import annotations

import json
import math
import uuid
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import access, page, results, scoring, store
from analytics import figures as drawing
from analytics.models import Recording
from analytics.scoring import Environment
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import VideoInfo

MAX_BOXES_S: Final = 60.0
FIGURES: Final = "weights/figures.json"


@dataclass(frozen=True, slots=True)
class Network:
    """The network that read a recording, as its row remembers it."""

    name: str
    sha256: str
    backend: str


@require_safe
def show(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """The page; with HX-Request only the parts that another environment changes."""
    recording = access.recording_or_404(request, session_id, recording_id)
    if not recording.is_showable:
        return redirect("upload-progress", session_id, recording_id)
    environment = _environment(request.GET.get("environment", recording.environment))
    fragment = request.headers.get("HX-Request") == "true"
    template = "analytics/_environment.html" if fragment else "analytics/dashboard.html"
    return render(request, template, _context(recording, environment))


@require_safe
def figures(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, environment: str) -> JsonResponse:
    recording = _showable_or_404(request, session_id, recording_id)
    return JsonResponse(drawing.figures(store.load_readings(recording), _info(recording), _environment(environment)))


@require_safe
def boxes(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> JsonResponse:
    recording = _showable_or_404(request, session_id, recording_id)
    try:
        from_s = float(request.GET.get("from", 0.0))
        to_s = float(request.GET.get("to", from_s + MAX_BOXES_S))
    except ValueError:
        from_s, to_s = math.nan, math.nan
    if not 0 <= to_s - from_s <= MAX_BOXES_S:
        sentence = f"Ask for a stretch of at most {MAX_BOXES_S:.0f} seconds: ?from=0&to=20."
        return JsonResponse({"error": {"code": "bad-stretch", "message": sentence}}, status=400)
    readings = store.load_readings(recording)
    return JsonResponse(drawing.boxes(readings, from_s, to_s, 1 / recording.analysis_fps))


@require_safe
def result(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """The whole result, as `manage.py analyse` writes it."""
    recording = _showable_or_404(request, session_id, recording_id)
    readings = store.load_readings(recording)
    whole = results.summarise(
        readings,
        _info(recording),
        _network(recording),
        version=settings.VERSION,
        stopped_at_s=recording.stopped_at_s,
    )
    headers = {"Content-Disposition": 'attachment; filename="result.json"'}
    return HttpResponse(results.to_json(whole), content_type="application/json", headers=headers)


def _showable_or_404(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    recording = access.recording_or_404(request, session_id, recording_id)
    if not recording.is_showable:
        raise Http404
    return recording


def _environment(name: str) -> Environment:
    try:
        return scoring.environment(name)
    except scoring.UnknownEnvironment:
        raise Http404 from None


def _info(recording: Recording) -> VideoInfo:
    info = recording.info
    if info is None:
        raise Http404
    return info


def _network(recording: Recording) -> Network:
    return Network(recording.model_name, recording.model_sha256, recording.backend)


def _context(recording: Recording, environment: Environment) -> dict[str, Any]:
    keys = [recording.session_id, recording.id]
    url = reverse("recording-show", args=keys)
    choices = page.choices(url, lambda name: reverse("recording-figures", args=[*keys, name]))
    network = _network(recording)
    readings = store.load_readings(recording)
    found = results.headline(readings, _info(recording), stopped_at_s=recording.stopped_at_s)
    found["model"] = {"name": network.name, "sha256": network.sha256, "backend": network.backend}
    return {
        "recording": recording,
        "result": found,
        "absence": page.absence(found),
        "emotions": EMOTIONS,
        "reasons": page.REASONS,
        "environments": choices,
        "chosen": next(choice for choice in choices if choice.name == environment.name),
        "is_uninformative": page.is_uninformative(found, environment),
        "shares": page.shares(environment),
        "tracks": page.shown_tracks(found),
        "lanes_note": page.lanes_note(found),
        "reduction_note": page.reduction_note(found),
        "left_out": page.left_out(found),
        "evaluation": page.evaluation(found, _evaluations()),
        "urls": {
            "result": reverse("recording-result", args=keys),
            "boxes": reverse("recording-boxes", args=keys),
            "video": reverse("recording-video", args=keys) if store.has_video(recording) else "",
        },
    }


def _evaluations() -> list[dict[str, Any]]:
    """What `python -m emotion_ml evaluate` measured of the weights that ship; empty where nothing is recorded."""
    file = resources.files("emotion_ml") / FIGURES
    return list(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else []
