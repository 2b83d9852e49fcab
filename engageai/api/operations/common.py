"""What operations share: from their words to a recording or an environment, and the refusals they document."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.http import HttpRequest

from analytics import access, scoring, store
from analytics.models import Recording
from analytics.scoring import Environment
from engageai.api.shapes import Error
from engageai.errors import Rejected

ALWAYS: Final = (400, 401, 404, 422, 429, 500, 503)
RECORDING: Final = "/sessions/{uuid:session_id}/recordings/{uuid:recording_id}"


def refusals(*more: int) -> dict[Any, Any]:
    return dict.fromkeys(sorted({*ALWAYS, *more}), Error)


def file_of(media_type: str) -> dict[str, Any]:
    """For the document: an answer that is a file."""
    content = {"schema": {"type": "string", "format": "binary"}}
    return {"responses": {200: {"content": dict.fromkeys(media_type.split(), content)}}}


def owner_of(request: HttpRequest) -> str:
    return access.owner_of(request)


def recording_of(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    """Raises store.NotFound."""
    return store.get_recording(owner_of(request), session_id, recording_id)


def result_of(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    """One whose results can be taken. Raises store.NotFound, or Rejected (409) while there are none."""
    recording = recording_of(request, session_id, recording_id)
    if recording.is_active:
        raise Rejected("not-ready", "The recording is still being analysed.", 409)
    if not recording.is_showable or recording.info is None:
        raise Rejected("no-results", "The analysis of this recording ended without results.", 409)
    return recording


def read_of(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> Recording:
    """As result_of, of one whose expressions were read."""
    recording = result_of(request, session_id, recording_id)
    if not recording.reads_expressions:
        raise Rejected("no-expressions", "The expressions of this recording were not read, as its sender asked.", 409)
    return recording


def environment_of(recording: Recording, name: str | None) -> Environment:
    return scoring.environment(name or recording.environment)
