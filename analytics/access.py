"""Who is asking. The one way from a request to a session or a recording; everyone but its owner gets 404.

So does whoever asks for an environment that there is not.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import Http404, HttpRequest
from django.utils import timezone

from analytics import scoring, store
from analytics.models import AnalysisSession, Recording
from analytics.scoring import Environment

OWNER = "owner"
RENEW: Final = timedelta(hours=1)  # a browser's secret is given longer no more often than this


def owner_of(request: HttpRequest) -> str:
    """The secret of the asking browser, made on its first visit."""
    if OWNER not in request.session:
        request.session[OWNER] = secrets.token_urlsafe(32)
    return str(request.session[OWNER])


def remember(browsers: Collection[str]) -> None:
    """The secrets of browsers, by the keys in their cookies, live on from now. The cookies end with the browsers."""
    until = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    known = Session.objects.filter(session_key__in=browsers, expire_date__lt=until - RENEW)
    if known.exists():
        known.update(expire_date=until)


def session_or_404(request: HttpRequest, session_id: uuid.UUID) -> AnalysisSession:
    try:
        session = store.get_session(_known_owner(request), session_id)
    except store.NotFound:
        raise Http404 from None
    _remember(request)
    return session


def recording_or_404(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    try:
        recording = store.get_recording(_known_owner(request), session_id, recording_id)
    except store.NotFound:
        raise Http404 from None
    _remember(request)
    return recording


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


def _remember(request: HttpRequest) -> None:
    """As long as it asks for something of a session. A program has a token, and no row that could end."""
    if browser := getattr(request.session, "session_key", None):
        remember([browser])
