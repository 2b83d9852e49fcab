"""A session, from the outside: opened, looked at, wiped with a receipt."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from analytics import store
from analytics.models import AnalysisSession
from engageai.api import shapes
from engageai.api.operations.common import owner_of, refusals
from engageai.api.operations.recordings import described as recording_described

router = Router()
ONE = "/sessions/{uuid:session_id}"


@router.post(
    "/sessions", response={201: shapes.Session, **refusals()}, url_name="api-sessions", summary="Open a session"
)
def open_session(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    """Everything that is sent and made lives in a session, and dies with it: when it is wiped, or was not asked for."""
    return 201, described(store.open_session(owner_of(request)))


@router.get(ONE, response={200: shapes.Session, **refusals()}, url_name="api-session", summary="Its recordings")
def show_session(request: HttpRequest, session_id: uuid.UUID) -> dict[str, Any]:
    """Every request for something of a session keeps it alive."""
    return described(store.get_session(owner_of(request), session_id))


@router.delete(ONE, response={200: shapes.Receipt, **refusals()}, url_name="api-session", summary="Wipe it")
def wipe_session(request: HttpRequest, session_id: uuid.UUID) -> dict[str, Any]:
    """At once, with all its rows and files. The receipt says what was deleted, and is kept nowhere else."""
    return store.wipe(store.get_session(owner_of(request), session_id).id).as_dict()


def described(session: AnalysisSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "url": reverse("api:api-session", args=[session.id]),
        "created_at": session.created_at,
        "recordings": [recording_described(each) for each in session.recordings.all()],
    }
