"""The other apps, as the interface reaches them: a few functions that settings name, and pages by their own name.

No app knows another. What a page answers with a file is answered here by the same view, so that the bytes are the same.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.urls import resolve, reverse
from django.utils.module_loading import import_string

from analytics.models import AnalysisSession, Recording


def take(request: HttpRequest, session: AnalysisSession) -> Recording:
    """The uploaded file as a queued recording. Raises Rejected."""
    taken: Recording = _function("take")(request, session)
    return taken


def state(recording: Recording) -> dict[str, Any]:
    """How far it has come, as the progress page says it."""
    return dict(_function("state")(recording))


def begin_film(recording: Recording, environment: str) -> None:
    """Raises store.NotFound, tasks.Full."""
    _function("begin_film")(recording, environment)


def resume_film(recording: Recording) -> None:
    _function("resume_film")(recording)


def page(
    request: HttpRequest,
    name: str,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    query: dict[str, str] | None = None,
    /,
    **words: str,
) -> HttpResponseBase:
    """What the page of this name answers to `query` and nothing else that was asked. Raises Http404, Rejected."""
    found = resolve(reverse(name, kwargs={"session_id": session_id, "recording_id": recording_id, **words}))
    asked = QueryDict(mutable=True)
    asked.update(query or {})
    request.GET = asked  # type: ignore[assignment]
    answer: HttpResponseBase = found.func(request, **found.kwargs)
    return answer


def _function(name: str) -> Any:
    return import_string(settings.API_SEAMS[name])
