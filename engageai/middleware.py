"""What every response carries beside Django's own headers, and where a refusal becomes an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from analytics import store
from engageai import errors

Handler = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]

PERMISSIONS = "camera=(self), microphone=(), geolocation=()"


@sync_and_async_middleware
def headers(get_response: Handler) -> Handler:
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return _finished(request, await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return _finished(request, get_response(request))  # type: ignore[arg-type]

    return synchronous


def _finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Nothing of a session may stay in a cache; static files say themselves how long they last. A wrong method gets an
    error of the one shape, of which Django's decorators know nothing.
    """
    if isinstance(response, HttpResponseNotAllowed):
        response = errors.wrong_method(request, response["Allow"])
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)  # Django's own never sees a static file
    return response


class RejectedMiddleware(MiddlewareMixin):
    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, store.Crowded):
            exception = errors.crowded(is_mine=exception.is_mine)
        return errors.answer(request, exception) if isinstance(exception, errors.Rejected) else None
