"""The one shape of an error: a code for programs, a sentence for people, a status. The cause goes to the log alone.

JSON ({"error": {"code", "message"}}) for those who ask for it, a page with the sentence for the others.
"""

from __future__ import annotations

import errno
import sqlite3
import sys
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader

from engageai import metrics

MIB = 1024 * 1024
NOT_FOUND = "This page does not exist, or it is not yours, or its data has been wiped. Start again from the first page."
CRASHED = "Something went wrong on our side. It has been logged; nothing of it is your fault."
DISK_FULL = "The disk of this machine is full, so the recording cannot be stored. Nothing of it was kept."
TOO_MANY_TABS = "You have too many of these pages open. Close some; what they hold is wiped, and there is room again."
HOUSE_FULL = "As many people use this server as it has room for. Try again in a minute."
TRY_AGAIN_S = 60
FORGED = "This form is too old, or cookies are blocked. Go back, reload the page and try again."


class Rejected(Exception):
    """A request that we refuse, with a sentence that its sender may read."""

    def __init__(self, code: str, message: str, status: int = 400, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}


def too_large(max_bytes: int) -> Rejected:
    return Rejected("too-large", f"This is larger than {max_bytes // MIB} MiB, the most that is taken here.", 413)


def crowded(*, is_mine: bool) -> Rejected:
    if is_mine:
        return Rejected("too-many-sessions", TOO_MANY_TABS, 429, retry_after_s=TRY_AGAIN_S)
    return Rejected("busy", HOUSE_FULL, 503, retry_after_s=TRY_AGAIN_S)


def disk_full() -> Rejected:
    return Rejected("disk-full", DISK_FULL, 507)


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def as_json(error: Rejected) -> JsonResponse:
    metrics.refused.labels(error.code).inc()
    body = {"error": {"code": error.code, "message": error.message}}
    return JsonResponse(body, status=error.status, headers=error.headers)


def as_page(error: Rejected, request: HttpRequest | None = None) -> HttpResponse:
    metrics.refused.labels(error.code).inc()
    context = {"code": error.code, "message": error.message, "status": error.status}
    answer: dict[str, Any] = {"status": error.status, "headers": error.headers}
    try:
        content = loader.render_to_string([f"{error.status}.html", "error.html"], context, request)
    except TemplateDoesNotExist:
        return HttpResponse(error.message, content_type="text/plain; charset=utf-8", **answer)
    return HttpResponse(content, **answer)


def answer(request: HttpRequest, error: Rejected) -> HttpResponse:
    return as_json(error) if wants_json(request) else as_page(error, request)


def disk_is_full(error: BaseException | None) -> bool:
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Rejected("not-found", NOT_FOUND, 404))


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    error = Rejected("wrong-method", f"This address answers {allowed} alone.", 405)
    error.headers["Allow"] = allowed
    return answer(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Rejected("bad-request", "The request cannot be understood.", 400))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Rejected("forbidden", "This is not allowed.", 403))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, Rejected("forged", FORGED, 403))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception. The page gets no request: what broke may break again."""
    error = disk_full() if disk_is_full(sys.exc_info()[1]) else Rejected("crashed", CRASHED, 500)
    return as_json(error) if wants_json(request) else as_page(error)
