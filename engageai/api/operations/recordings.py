"""A recording, from its upload to the end of its analysis: sent, watched, stopped."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Annotated, Any, Final

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.urls import reverse
from ninja import File, Form, Query, Router, UploadedFile

from analytics import store, transcripts
from analytics.models import ACTIVE, Recording
from engageai import tasks
from engageai.api import seams, shapes
from engageai.api.operations.common import RECORDING, owner_of, recording_of, refusals

router = Router()
ALL: Final = "/sessions/{uuid:session_id}/recordings"
MOST_WAIT_S: Final = 20.0
LOOK_S: Final = 0.25  # between two looks at the row
PLAIN: Final = ("id", "name", "environment", "purpose", "exemption", "reads_expressions", "size_bytes", "sha256")
MEASURED: Final = ("duration_s", "faces", "stopped_at_s", "created_at", "finished_at")
TOLD: Final = ("status", "stage", "progress", "eta_s", "message")


@router.post(
    ALL,
    response={201: shapes.Recording, **refusals(403, 413, 507)},
    url_name="api-recordings",
    summary="Send a recording",
)
def send_recording(
    request: HttpRequest, session_id: uuid.UUID, answers: Form[shapes.Answers], file: File[UploadedFile]
) -> tuple[int, dict[str, Any]]:
    """It is queued at once. What it is for decides whether expressions may be read, as on the start page."""
    session = store.get_session(owner_of(request), session_id)
    return 201, described(seams.take(request, session))


@router.get(ALL, response={200: list[shapes.Recording], **refusals()}, url_name="api-recordings", summary="All of them")
def list_recordings(request: HttpRequest, session_id: uuid.UUID) -> list[dict[str, Any]]:
    """In the order in which they came."""
    session = store.get_session(owner_of(request), session_id)
    return [described(each) for each in session.recordings.all()]


@router.get(
    RECORDING, response={200: shapes.Recording, **refusals()}, url_name="api-recording", summary="How far it has come"
)
async def show_recording(
    request: HttpRequest,
    session_id: uuid.UUID,
    recording_id: uuid.UUID,
    wait: Annotated[float, Query(ge=0, le=MOST_WAIT_S, description="Seconds to wait for its end.")] = 0.0,
) -> dict[str, Any]:
    """At once, or with `wait` as soon as the analysis has ended, and after so many seconds in any case.

    Where it had ended before, `wait` is for the end of its transcript.
    """
    until_s = time.monotonic() + wait
    first = state = await _look(request, session_id, recording_id)
    while _goes_on(first, state) and time.monotonic() < until_s and not tasks.stopping.is_set():
        await asyncio.sleep(LOOK_S)
        state = await _look(request, session_id, recording_id)
    return state


def _goes_on(first: dict[str, Any], state: dict[str, Any]) -> bool:
    """What was going on at the first look: the analysis, or after it the transcript."""
    if first["status"] in ACTIVE:
        return state["status"] in ACTIVE
    return state["words"] in transcripts.COMING


@router.post(
    f"{RECORDING}/cancel", response={200: shapes.Recording, **refusals()}, url_name="api-cancel", summary="Stop it"
)
def cancel_recording(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> dict[str, Any]:
    """At once while it waits, at its next step while it runs; what was read until then can be shown."""
    store.request_cancel(recording_of(request, session_id, recording_id))
    return described(recording_of(request, session_id, recording_id))


@sync_to_async
def _look(request: HttpRequest, session_id: uuid.UUID, recording_id: uuid.UUID) -> dict[str, Any]:
    return described(recording_of(request, session_id, recording_id))


def described(recording: Recording) -> dict[str, Any]:
    told = seams.state(recording)
    return {
        "session": recording.session_id,
        "url": reverse("api:api-recording", args=[recording.session_id, recording.id]),
        "is_ready": recording.is_showable,
        "words": str(transcripts.state_of(recording)),
        **{name: getattr(recording, name) for name in (*PLAIN, *MEASURED)},
        **{name: told[name] for name in TOLD},
    }
