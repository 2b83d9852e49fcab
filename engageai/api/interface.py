"""The interface as a whole: who may call it, and how what goes wrong is said. Operations are in modules of their own.

Every refusal has the one shape of engageai.errors, those of django-ninja included.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer

from analytics import access, store
from engageai import __version__, errors, tasks
from engageai.api import tokens
from engageai.api.documentation import Documentation
from engageai.api.operations import about, exports, films, recordings, sessions
from engageai.errors import Rejected

SAYS = (
    "The same as the pages, for programs: open a session, send a recording, wait for its analysis, take the results "
    "away, wipe. A session that is not asked for is wiped like any other. Scores are of apparent expressions."
)
BUSY = "Too much is being worked on at the moment. Try again in a minute."
NOT_FOUND = "There is no such thing, or it is not of this token, or it has been wiped."


class Token(HttpBearer):
    def __call__(self, request: HttpRequest) -> Any:
        return self.authenticate(request, request.headers.get("Authorization", ""))

    def authenticate(self, request: HttpRequest, token: str) -> str:
        """From here on the request's owner is the token's, whatever cookies came with it. Raises Rejected."""
        owner = tokens.owner_of(token)
        request.session = {access.OWNER: owner}  # type: ignore[assignment]  # kept nowhere, and no cookie comes of it
        return owner


def refused(error: Exception) -> Rejected:
    """In the one shape; raises what is no refusal, for Django to answer and to log."""
    match error:
        case Rejected():
            return error
        case store.Crowded():
            return errors.crowded(is_mine=error.is_mine)
        case store.NotFound() | Http404():
            return Rejected("not-found", NOT_FOUND, 404)
        case tasks.Full():
            return Rejected("busy", BUSY, 503, retry_after_s=errors.TRY_AGAIN_S)
        case ValidationError():
            return Rejected("invalid", _first(error), 422)
        case HttpError():
            return Rejected("bad-request", "The request cannot be understood.", error.status_code)
    raise error


def _first(error: ValidationError) -> str:
    """Names the field; what pydantic calls the types of its alternatives means nothing to a sender."""
    wrong = error.errors[0]
    named = (str(part) for part in wrong.get("loc", ())[1:] if part not in ("answers", "asked"))
    where = ", ".join(takewhile(str.isidentifier, named))
    return f"{where or 'The request'}: {wrong.get('msg', 'is not as it must be')}."


def _answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    return errors.as_json(refused(error if isinstance(error, Exception) else error()))


api = NinjaAPI(
    title="EngageAI",
    version=__version__,
    description=SAYS,
    auth=Token(),
    docs=Documentation(),
    urls_namespace="api",
    openapi_extra={"info": {"license": {"name": "GPL-3.0-only"}}},
)
for kind in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(kind, _answer)
for tag, module in {
    "Server": about,
    "Sessions": sessions,
    "Recordings": recordings,
    "Results": exports,
    "Annotated video": films,
}.items():
    api.add_router("", module.router, tags=[tag])
