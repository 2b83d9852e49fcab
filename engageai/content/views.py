"""What was said, for the recording's owner: the fragment of its page, files to take away, ways to stop and retry it.

Knows requests and answers. What is shown is decided by paragraphs and captions; an owner is found by access alone.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from analytics import access, scoring, store, takeaway, timeline, transcripts
from analytics.models import Recording, Transcript, TranscriptStatus
from analytics.scoring import Environment
from analytics.transcript import Transcript as Spoken
from analytics.transcript import parse
from engageai.content import captions, jobs, paragraphs

NO_MICROPHONE: Final = "A camera is read without its microphone, so there are no words."
MEDIA_TYPES: Final = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
}
WRITERS: Final[dict[str, Callable[[Spoken], str]]] = {
    "txt": captions.as_text,
    "srt": captions.as_srt,
    "vtt": captions.as_vtt,
}


@require_safe
def transcript(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """A fragment, which asks for itself again while the transcript is being made."""
    recording = access.showable_or_404(request, session_id, recording_id)
    return _fragment(request, recording)


@require_POST
def cancel(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.showable_or_404(request, session_id, recording_id)
    transcripts.request_cancel(recording)
    return _answer(request, recording)


@require_POST
def again(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.showable_or_404(request, session_id, recording_id)
    jobs.begin_again(recording)
    return _answer(request, recording)


def _answer(request: HttpRequest, recording: Recording) -> HttpResponse:
    """The fragment again; a browser without scripts goes back to the page."""
    if request.headers.get("HX-Request") == "true":
        return _fragment(request, recording)
    return HttpResponseRedirect(reverse("recording-show", args=[recording.session_id, recording.id]), status=303)


@require_safe
def file(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID, kind: str) -> HttpResponse:
    recording = access.showable_or_404(request, session_id, recording_id)
    response = store.transcript_of(recording)
    if response is None or kind not in MEDIA_TYPES:
        raise Http404
    content = _json(response) if kind == "json" else WRITERS[kind](parse(response))
    label = takeaway.label(recording, scoring.environment(recording.environment))
    return _download(content, takeaway.disposition(recording.name, label, f"transcript.{kind}"), MEDIA_TYPES[kind])


@require_safe
def engagement(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.showable_or_404(request, session_id, recording_id)
    environment = access.asked_environment_or_404(request, recording)
    instants = timeline.instants(store.load_readings(recording))
    label = takeaway.label(recording, environment)
    vtt = captions.engagement_vtt(instants, environment, label.caption)
    name = takeaway.disposition(recording.name, label, f"{environment.name}-engagement.vtt")
    return _download(vtt, name, MEDIA_TYPES["vtt"])


def _fragment(request: HttpRequest, recording: Recording) -> HttpResponse:
    row = transcripts.of(recording) or _missing(recording)
    context: dict[str, Any] = {
        "recording": recording,
        "transcript": row,
        "environment": access.asked_environment_or_404(request, recording),
    }
    if row.status == TranscriptStatus.DONE:
        context |= _said(recording, context["environment"])
    return render(request, "content/_transcript.html", context)


def _missing(recording: Recording) -> Transcript:
    """What is shown of a recording that has no row: it is about to get one, but for a camera."""
    if recording.is_live:
        return Transcript(recording=recording, status=TranscriptStatus.ABSENT, note=NO_MICROPHONE)
    return Transcript(recording=recording)


def _said(recording: Recording, environment: Environment) -> dict[str, Any]:
    response = store.transcript_of(recording)
    if response is None:  # wiped this moment
        raise Http404
    instants = timeline.instants(store.load_readings(recording))
    spoken = parse(response)
    found = paragraphs.said(spoken, instants, environment, recording.analysed_s)
    keys = [recording.session_id, recording.id]
    return {
        "paragraphs": found.paragraphs,
        "summary": found.summary,
        "phrases": found.phrases,
        "lag": found.lag,
        "least_readings": timeline.MIN_INSTANTS,
        "caution": spoken.caution,
        "language": spoken.language,
        "files": {kind: reverse("content-file", args=[*keys, kind]) for kind in MEDIA_TYPES},
    }


def _json(response: dict[str, Any]) -> str:
    return json.dumps(response, ensure_ascii=False, indent=1) + "\n"


def _download(content: str, disposition: str, media_type: str) -> HttpResponse:
    return HttpResponse(content, content_type=media_type, headers={"Content-Disposition": disposition})
