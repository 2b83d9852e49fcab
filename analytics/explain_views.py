"""Why a score is what it is, and what it would be with other values: for the recording's owner.

Knows requests and what answers them. What is said is decided by question, explain and because, what the laboratory gets
by laboratory. Nothing that is tried there is kept: values come in an address and are forgotten with the answer.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import access, bands, because, explain, laboratory, question, store, timeline
from analytics.explain import Explanation
from analytics.laboratory import Bench
from analytics.models import Recording
from analytics.question import Question
from analytics.scoring import ENVIRONMENTS, HIGHEST, LOWEST, Environment
from analytics.timeline import Instants
from analytics.transcript import Paragraph, parse
from emotion_ml.labels import EMOTIONS

MAX_WORDS: Final = 90
"""Letters of a paragraph that are enough to recognise it by."""


@require_safe
def why(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """The parts of one number: a fragment for the panel, a page where there are no scripts, JSON for programs."""
    recording = access.result_or_404(request, session_id, recording_id)
    environment = access.asked_environment_or_404(request, recording)
    try:
        asked = question.parse(request.GET)
        found = explanation(recording, asked, environment)
    except question.Refused as refused:
        return _refused(request, recording, environment, str(refused))
    if _wants_json(request):
        return JsonResponse(as_json(found, environment))
    return _as_html(request, recording, environment, asked=asked, found=found, answer=because.answer(found))


@require_safe
def bench(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """What the laboratory recomputes every score from."""
    recording = access.result_or_404(request, session_id, recording_id)
    environment = access.asked_environment_or_404(request, recording)
    instants = timeline.instants(store.load_readings(recording))
    paragraphs = _paragraphs(recording)
    spans = [(paragraph.start_s, paragraph.end_s) for paragraph in paragraphs]
    found = laboratory.bench(instants, spans, environment, recording.analysed_s)
    if found is None:
        raise Http404
    texts = [paragraph.text[:MAX_WORDS] for paragraph in paragraphs] or [""] * len(found.segments)
    return JsonResponse(_bench_as_json(found, instants, texts))


@require_safe
def interval(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> JsonResponse:
    """The score of the whole recording with its 95 % interval for any five values: ?values=2.6,3.4,4,2,3.4"""
    recording = access.result_or_404(request, session_id, recording_id)
    try:
        values = laboratory.parse_values(request.GET.get("values", ""))
    except ValueError as error:
        return _error(str(error))
    tried = Environment("tried", "Tried", "", values, ())
    band = bands.overall_band(timeline.instants(store.load_readings(recording)), tried)
    if band is None:
        raise Http404
    return JsonResponse(asdict(band))


def explanation(recording: Recording, asked: Question, environment: Environment) -> Explanation:
    readings = store.load_readings(recording)
    instants = timeline.instants(readings)
    paragraphs = _paragraphs(recording) if asked.kind == "paragraph" else ()
    spans = [(paragraph.start_s, paragraph.end_s) for paragraph in paragraphs]
    stretch = asked.stretch(instants, recording.analysed_s, spans, environment)
    return explain.explain(readings, instants, stretch, environment)


def _as_html(
    request: HttpRequest, recording: Recording, environment: Environment, status: int = 200, **more: Any
) -> HttpResponse:
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "analytics/_why_answer.html" if is_fragment else "analytics/why.html"
    context = {"recording": recording, "environment": environment, **more}
    return render(request, template, context, status=status)


def _refused(request: HttpRequest, recording: Recording, environment: Environment, message: str) -> HttpResponse:
    if _wants_json(request):
        return _error(message)
    return _as_html(request, recording, environment, 400, refused=message)


def as_json(found: Explanation, environment: Environment) -> dict[str, Any]:
    stretch, faces = found.stretch, found.faces
    return {
        "of": stretch.kind,
        "environment": environment.name,
        "start_s": stretch.start_s,
        "end_s": stretch.end_s,
        "score": found.score,
        "low": found.low,
        "high": found.high,
        "parts": [asdict(part) for part in found.parts],
        "average": found.average,
        "difference": found.difference,
        "readings": found.readings,
        "seen": found.seen,
        "coverage": stretch.coverage,
        "faces": {
            "counted": faces.counted,
            "people": faces.people,
            "uncertain": faces.uncertain,
            "left_out": {reason.name.lower(): count for reason, count in faces.left_out.items()},
        },
        "sentence": because.answer(found).sentence,
    }


def _bench_as_json(found: Bench, instants: Instants, texts: list[str]) -> dict[str, Any]:
    return {
        "emotions": EMOTIONS,
        "scale": [LOWEST, HIGHEST],
        "environments": [asdict(environment) for environment in ENVIRONMENTS],
        "overall": found.overall,
        "engagement": _engagement(instants),
        "kind": found.kind,
        "lag_s": found.lag_s,
        "segments": [asdict(each) | {"text": text} for each, text in zip(found.segments, texts, strict=True)],
        "firmness": _firmness(found),
        "change": laboratory.CHANGE,
        "draws": laboratory.DRAWS,
        "seed": laboratory.SEED,
        "count": found.count,
        "readings": base64.b64encode(found.readings.tobytes()).decode(),
        "rolling": base64.b64encode(found.rolling.tobytes()).decode(),
    }


def _engagement(instants: Instants) -> dict[str, Any]:
    found = bands.overall_bands(instants, ENVIRONMENTS) or ()
    return {each.name: asdict(band) for each, band in zip(ENVIRONMENTS, found, strict=True)}


def _firmness(found: Bench) -> dict[str, Any]:
    shares = np.array([each.shares for each in found.segments if each.shares is not None], np.float64).reshape(-1, 5)
    firm = {each.name: laboratory.firmness(shares, each.values) for each in ENVIRONMENTS}
    return {name: asdict(each) if each else None for name, each in firm.items()}


def _paragraphs(recording: Recording) -> tuple[Paragraph, ...]:
    response = store.transcript_of(recording)
    return parse(response).paragraphs if response is not None else ()


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _error(message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": "bad-question", "message": message}}, status=400)
