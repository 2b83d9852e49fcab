"""Who is asking. The one way from a request to a session or a recording; everyone but its owner gets 404.

So does whoever asks for an environment that there is not.
"""

from __future__ import annotations

import secrets
import uuid

from django.http import Http404, HttpRequest

from analytics import scoring, store
from analytics.models import AnalysisSession, Recording
from analytics.scoring import Environment

OWNER = "owner"


def owner_of(request: HttpRequest) -> str:
    """The secret of the asking browser, made on its first visit."""
    if OWNER not in request.session:
        request.session[OWNER] = secrets.token_urlsafe(32)
    return str(request.session[OWNER])


def session_or_404(request: HttpRequest, session_id: uuid.UUID) -> AnalysisSession:
    try:
        return store.get_session(_known_owner(request), session_id)
    except store.NotFound:
        raise Http404 from None


def recording_or_404(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    try:
        return store.get_recording(_known_owner(request), session_id, recording_id)
    except store.NotFound:
        raise Http404 from None


def result_or_404(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    """A recording whose readings can be shown, with the facts of its picture."""
    recording = showable_or_404(request, session_id, recording_id)
    if recording.info is None:
        raise Http404
    return recording


def showable_or_404(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    """A recording whose readings can be shown."""
    recording = recording_or_404(request, session_id, recording_id)
    if not recording.is_showable:
        raise Http404
    return recording


def environment_or_404(name: str) -> Environment:
    try:
        return scoring.environment(name)
    except scoring.UnknownEnvironment:
        raise Http404 from None


def asked_environment_or_404(request: HttpRequest, recording: Recording) -> Environment:
    """The one in the address, or else the recording's own."""
    return environment_or_404(request.GET.get("environment", recording.environment))


def _known_owner(request: HttpRequest) -> str:
    """A stranger is not given a secret, and so leaves no row behind."""
    return str(request.session.get(OWNER, ""))
