"""The annotated video, for the recording's owner: ask for it, see how far it is, stop it, take it away.

Knows requests and the fragment that answers them. A browser without scripts is led back to the results page.
"""

from __future__ import annotations

import uuid
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from analytics import access, films, media, scoring, store, takeaway
from analytics.models import FilmStatus, Recording
from engageai import errors, limits, tasks
from engageai.errors import Rejected
from engageai.film import jobs

BUSY: Final = "Too many films are being made at the moment. Try again in a minute."


@require_safe
def state(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    """A fragment, which asks for itself again while the film is being made."""
    recording = access.result_or_404(request, session_id, recording_id)
    jobs.resume(recording)
    return _fragment(request, recording)


@require_POST
def begin(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.result_or_404(request, session_id, recording_id)
    name = request.POST.get("environment") or recording.environment
    if not limits.has_room(recording.size_bytes):
        raise Rejected("disk-full", jobs.FULL, 507)
    environment = access.environment_or_404(name)
    try:
        jobs.begin(recording, environment.name)
    except store.NotFound:
        raise Http404 from None
    except tasks.Full:
        raise Rejected("busy", BUSY, 503, retry_after_s=errors.TRY_AGAIN_S) from None
    return _answer(request, recording)


@require_POST
def cancel(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.result_or_404(request, session_id, recording_id)
    films.request_cancel(recording)
    return _answer(request, recording)


@require_safe
def download(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponseBase:
    recording = access.result_or_404(request, session_id, recording_id)
    film = films.of(recording)
    if film is None or film.status != FilmStatus.DONE:
        raise Http404
    try:
        response = media.serve(request, films.path(recording), "video/mp4")
    except FileNotFoundError:  # it is being wiped
        raise Http404 from None
    environment = scoring.environment(film.environment)
    label = takeaway.label(recording, environment)
    disposition = takeaway.disposition(recording.name, label, f"{environment.name}-annotated.mp4")
    response.headers["Content-Disposition"] = disposition
    return response


def _answer(request: HttpRequest, recording: Recording) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return _fragment(request, recording)
    keys = [recording.session_id, recording.id]
    return HttpResponseRedirect(f"{reverse('recording-show', args=keys)}#exports", status=303)


def _fragment(request: HttpRequest, recording: Recording) -> HttpResponse:
    film = films.of(recording)
    context = {
        "recording": recording,
        "film": film,
        "film_label": scoring.environment(film.environment).label if film else "",
        "film_percent": int(100 * film.progress) if film else 0,
    }
    return render(request, "film/_film.html", context)
