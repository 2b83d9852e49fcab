"""Who a program is: its token, and the owner of sessions that follows from it. Knows no request and no session.

A browser's owner is a random secret; a program's is made of its token and this installation's key, so that neither can
be the other, and a copy of the database opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from engageai.errors import Rejected

OFF: Final = (
    "The interface for programs is switched off here. Whoever runs this server can switch it on by setting API_TOKEN."
)
UNKNOWN: Final = "Send a token that this server knows: Authorization: Bearer and then the token."
SCHEME: Final = "bearer "


def owner_of(authorization: str) -> str:
    """Of an Authorization header. Raises Rejected: 404 where the interface is off, 401 for a token unheard of."""
    if not settings.API_TOKENS:
        raise Rejected("interface-off", OFF, 404)
    given = authorization[len(SCHEME) :].strip() if authorization.lower().startswith(SCHEME) else ""
    matching = [token for token in settings.API_TOKENS if _is_same(token, given)]  # all of them, however soon one is it
    if not matching:
        refusal = Rejected("unauthorized", UNKNOWN, 401)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        raise refusal
    return salted_hmac("engageai.api.owner", matching[0], algorithm="sha256").hexdigest()


def _is_same(token: str, given: str) -> bool:
    """Digests are of one length, so that the time this takes tells nothing of the token, not even its length."""
    sha256 = hashlib.sha256
    return hmac.compare_digest(sha256(token.encode()).digest(), sha256(given.encode("utf-8", "replace")).digest())
