"""What every response carries beside Django's own headers, and where a refusal becomes an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from engageai import errors

Handler = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]

PERMISSIONS = "camera=(self), microphone=(), geolocation=()"


@sync_and_async_middleware
def headers(get_response: Handler) -> Handler:
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return _with_headers(await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return _with_headers(get_response(request))  # type: ignore[arg-type]

    return synchronous


def _with_headers(response: HttpResponseBase) -> HttpResponseBase:
    """Nothing of a session may stay in a cache; static files say themselves how long they last."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    return response


class RejectedMiddleware(MiddlewareMixin):
    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return errors.answer(request, exception) if isinstance(exception, errors.Rejected) else None
