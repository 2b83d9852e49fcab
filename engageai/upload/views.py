"""The way in: choose a recording, send it, watch its analysis, stop it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from analytics import access, scoring, store
from analytics.models import AnalysisSession, Recording, Status
from emotion_ml import video
from emotion_ml.types import VideoInfo
from engageai import arrivals, engine, errors, metrics, tasks
from engageai.arrivals import Arrival
from engageai.errors import Rejected
from engageai.processors import processors
from engageai.upload import jobs
from engageai.upload import progress as pure
from engageai.upload.forms import UploadForm, browser_name, display_name

log = logging.getLogger(__name__)

FORMATS = "MP4, MOV, MKV, WebM, AVI, MPEG or GIF, with or without sound."
GIVEN_UP = "This upload was given up before it was taken. Nothing of it was kept."
BUSY = "Too many recordings are being analysed here. Try again in a while."
DEFAULT_ENVIRONMENT = "general"


class SeeOther(HttpResponseRedirect):
    status_code = 303


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Each load of the page is a session of its own: a row now, a folder only when a recording comes.

    The row comes now because an upload must not be able to revive a session that was wiped while it was on its way.
    """
    request.session.modified = True  # the owner's secret lives on from this visit, not from the first
    return _start_page(request, store.open_session(access.owner_of(request)), is_new=True)


@require_safe
def again(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """For a tab that goes back to it: the session goes on, and its results are a click away."""
    return _start_page(request, access.session_or_404(request, session_id))


@require_POST
def new(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    session = access.session_or_404(request, session_id)
    try:
        recording = take(request, session, name_of=browser_name)
    except Rejected as refusal:
        if errors.wants_json(request):
            return errors.as_json(refusal)
        return _start_page(request, session, refusal)
    url = _url("upload-progress", recording)
    return JsonResponse({"url": url}, status=201) if errors.wants_json(request) else SeeOther(url)


@require_safe
def progress(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    recording = access.recording_or_404(request, session_id, recording_id)
    state = state_of(recording)
    if state["url"]:
        return HttpResponseClientRedirect(state["url"]) if _by_htmx(request) else redirect(state["url"])
    return _progress_page(request, recording)


@require_POST
def cancel(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> HttpResponse:
    store.request_cancel(access.recording_or_404(request, session_id, recording_id))
    recording = access.recording_or_404(request, session_id, recording_id)
    if errors.wants_json(request):
        return JsonResponse(state_of(recording))
    return _progress_page(request, recording) if _by_htmx(request) else SeeOther(_url("upload-progress", recording))


def state_of(recording: Recording) -> pure.State:
    is_behind = recording.status == Status.QUEUED and store.ahead_of(recording) >= settings.JOB_WORKERS
    url = _url("recording-show", recording)
    return pure.state(recording, timezone.now(), url, engine.note(), is_behind=is_behind)


def take(request: HttpRequest, session: AnalysisSession, name_of: Callable[[str], str] = display_name) -> Recording:
    """The uploaded file as a queued recording, or Rejected, and then nothing of it is kept."""
    arrival = arrivals.of_request(request)
    recording = _recording(request, session, name_of, arrival)
    if arrival.is_left:  # its page says that the upload was cancelled, and nobody would find the recording
        store.discard(recording)
        raise _given_up()
    _enqueue(recording)
    arrival.is_taken = True
    metrics.uploaded(recording.size_bytes)
    return recording


def _recording(
    request: HttpRequest, session: AnalysisSession, name_of: Callable[[str], str], arrival: Arrival
) -> Recording:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        raise form.rejection()
    upload = form.cleaned_data["file"]
    path = Path(upload.temporary_file_path())
    info = _probe(path)
    if arrival.is_left:
        raise _given_up()
    try:
        store.answer(session.id, form.cleaned_data["terms"])
        return store.add_recording(
            session,
            path,
            info,
            settings.MAX_QUEUED,
            name=name_of(upload.name),
            environment=form.cleaned_data["environment"],
            analysis_fps=settings.ANALYSIS_FPS,
            **form.consents(),
            **asdict(form.cleaned_data["terms"]),
        )
    except store.Full:
        sentence = f"{settings.MAX_QUEUED} recordings of yours are waiting already. Let one finish first."
        raise Rejected("too-many", sentence, 429, retry_after_s=errors.TRY_AGAIN_S) from None
    except store.NotFound:
        raise Rejected("not-found", errors.NOT_FOUND, 404) from None


def _given_up() -> Rejected:
    return Rejected("bad-request", GIVEN_UP, 400)


def _probe(path: Path) -> VideoInfo:
    try:
        return video.probe(path, max_duration_s=settings.MAX_MINUTES * 60)
    except video.NotAVideo as refusal:
        raise Rejected(refusal.code, str(refusal), 422) from None


def _enqueue(recording: Recording) -> None:
    try:
        jobs.analyse.enqueue(str(recording.id))
    except tasks.Full:
        store.discard(recording)
        raise Rejected("busy", BUSY, 503, retry_after_s=errors.TRY_AGAIN_S) from None


def _start_page(
    request: HttpRequest, session: AnalysisSession, refusal: Rejected | None = None, *, is_new: bool = False
) -> HttpResponse:
    context = {
        "session": session,
        "is_new": is_new,
        "again": reverse("upload-again", args=[session.id]),
        "environments": scoring.ENVIRONMENTS,
        "chosen": request.POST.get("environment", DEFAULT_ENVIRONMENT),
        "max_mib": settings.MAX_UPLOAD_MIB,
        "max_minutes": settings.MAX_MINUTES,
        "formats": FORMATS,
        "processors": processors(),
        "error": refusal.message if refusal else None,
    }
    return render(request, "upload/start.html", context, status=refusal.status if refusal else 200)


def _progress_page(request: HttpRequest, recording: Recording) -> HttpResponse:
    template = "upload/_progress.html" if _by_htmx(request) else "upload/progress.html"
    ws_path = f"/ws/s/{recording.session_id}/recordings/{recording.id}/progress"
    return render(request, template, {"recording": recording, "state": state_of(recording), "ws_path": ws_path})


def _url(name: str, recording: Recording) -> str:
    return reverse(name, args=[recording.session_id, recording.id])


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
