"""What a tab says when it begins anew: that what it had before can go."""

from __future__ import annotations

import uuid
from typing import Final

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from analytics import access, store
from engageai import errors
from engageai.errors import Rejected
from engageai.presence.registry import registry

LET_GO_S: Final = 1.0  # that the socket of the page which was left may take to close
HELD: Final = "Another tab still shows this session, so nothing of it was wiped."


@require_POST
def wipe(request: HttpRequest, session_id: uuid.UUID) -> JsonResponse:
    """The session ends, unless a page of it is open elsewhere: a copied tab remembers the session of the other."""
    session = access.session_or_404(request, session_id)
    if not registry.is_closed_within(session.id, LET_GO_S):
        return errors.as_json(Rejected("held", HELD, 409))
    return JsonResponse({"receipt": store.wipe(session.id).as_dict()})
