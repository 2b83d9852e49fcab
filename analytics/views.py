"""The results of a recording, for its owner: the page, its figures and moments, the faces in the video, the file.

Knows requests and which template answers them. What is shown is decided by page, figures, occasions and results.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import (
    access,
    attendance_figures,
    evaluations,
    occasions,
    page,
    purposes,
    results,
    scan,
    scoring,
    shelf,
    store,
    takeaway,
)
from analytics import figures as drawing
from analytics.models import Recording
from analytics.scoring import Environment
from analytics.transcript import parse
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import VideoInfo

MAX_BOXES_S: Final = 60.0
SLACK_S: Final = 1e-3  # what a browser makes of a number of seconds
MODULES: Final = (
    *("boxes", "charts", "cursor", "faces", "format", "keys", "lane-chart", "lanes", "line-table", "moments"),
    *("now", "player", "plotly", "resources", "rows", "transcript", "transport", "values", "zoom"),
)
"""What the page's script imports, asked for before it is read."""


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
    environment = access.asked_environment_or_404(request, recording)
    fragment = request.headers.get("HX-Request") == "true"
    template = "analytics/_environment.html" if fragment else "analytics/dashboard.html"
    return render(request, template, _context(recording, environment))


@require_safe
def figures(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, environment: str) -> HttpResponse:
    """All of them; with ?from=60&to=90 those over time, of that stretch alone and as exact as can be seen.

    ?values=all: every value of the lines over time, where they are too many to be drawn.
    """
    recording = access.showable_or_404(request, session_id, recording_id)
    chosen = access.environment_or_404(environment)
    if not request.GET:
        return _json(shelf.drawn(recording, chosen))
    if request.GET.get("values") == "all":
        return _json(shelf.exact(recording, chosen))
    stretch = _stretch(request, _info(recording).duration_s)
    if stretch is None:
        return _bad_stretch("Ask for a stretch of the recording, in seconds: ?from=60&to=90.")
    readings = store.load_readings(recording)
    if not recording.reads_expressions:
        return _json(results.to_json(attendance_figures.stretch(readings, _info(recording), *stretch)))
    return _json(results.to_json(drawing.stretch(readings, chosen, *stretch)))


@require_safe
def moments(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """A fragment: what stands out, and what was said then."""
    recording = access.showable_or_404(request, session_id, recording_id)
    environment = access.asked_environment_or_404(request, recording)
    told = shelf.told(recording, environment)
    response = store.transcript_of(recording)
    paragraphs = parse(response).paragraphs if response else ()
    context = {
        "environment": environment,
        "occasions": occasions.occasions(told.found, paragraphs),
        "is_long_enough": told.is_long_enough,
        "least_s": scan.MIN_WIDTHS * scan.WIDTHS_S[0],
        "has_words": bool(paragraphs),
        "has_video": store.has_video(recording),
    }
    return render(request, "analytics/_moments.html", context)


@require_safe
def boxes(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.showable_or_404(request, session_id, recording_id)
    stretch = _stretch(request, MAX_BOXES_S)
    if stretch is None:
        return _bad_stretch(f"Ask for a stretch of at most {MAX_BOXES_S:.0f} seconds: ?from=0&to=20.")
    spacing_s = 1 / recording.analysis_fps if recording.analysis_fps else 0.0  # none for a webcam's first readings
    found = drawing.boxes(store.load_readings(recording, stretch), *stretch, spacing_s)
    return _json(results.to_json(found))


@require_safe
def result(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """The whole result, as `manage.py analyse` writes it."""
    recording = access.showable_or_404(request, session_id, recording_id)
    readings = store.load_readings(recording)
    whole = results.summarise(
        readings,
        _info(recording),
        _network(recording),
        version=settings.VERSION,
        stopped_at_s=recording.stopped_at_s,
        notice=purposes.notice(recording.terms),
        analysis_fps=recording.analysis_fps,
    )
    label = takeaway.label(recording, scoring.environment(recording.environment))
    headers = {"Content-Disposition": takeaway.disposition(recording.name, label, "result.json")}
    return HttpResponse(results.to_json(whole), content_type="application/json", headers=headers)


def _stretch(request: HttpRequest, most_s: float) -> tuple[float, float] | None:
    """What ?from=&to= ask for; None where that is no stretch of at most `most_s`."""
    try:
        from_s = float(request.GET.get("from", 0.0))
        to_s = float(request.GET.get("to", from_s + most_s))
    except ValueError:
        return None
    return (from_s, to_s) if math.isfinite(from_s) and 0 <= to_s - from_s <= most_s + SLACK_S else None


def _bad_stretch(sentence: str) -> HttpResponse:
    return JsonResponse({"error": {"code": "bad-stretch", "message": sentence}}, status=400)


def _json(data: bytes) -> HttpResponse:
    return HttpResponse(data, content_type="application/json")


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
    _info(recording)
    found = shelf.headline(recording)
    found["notice"] = purposes.notice(recording.terms)
    found["model"] = {"name": network.name, "sha256": network.sha256, "backend": network.backend}
    absence, tracks = page.absence(found), page.shown_tracks(found)
    return {
        "recording": recording,
        "result": found,
        "absence": absence,
        "has_figures": not absence or (absence == "expressions" and bool(tracks)),
        "modules": MODULES,
        "emotions": EMOTIONS,
        "reasons": page.REASONS,
        "environments": choices,
        "chosen": next(choice for choice in choices if choice.name == environment.name),
        "about_floor": page.about_floor(found["coverage"], found["readings_used"]),
        "about_interval": page.about_interval(found, environment),
        "shares": page.shares(found, environment),
        "tracks": tracks,
        "pace": page.pace(found, recording.analysis_fps),
        "lanes_note": page.lanes_note(found),
        "reduction_note": page.reduction_note(found),
        "left_out": page.left_out(found),
        "evaluation": evaluations.of(network.sha256),
        "urls": {
            "result": reverse("recording-result", args=keys),
            "boxes": reverse("recording-boxes", args=keys),
            "moments": reverse("recording-moments", args=keys),
            "video": reverse("recording-video", args=keys) if store.has_video(recording) else "",
        },
    }
