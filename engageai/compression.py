"""Pages and JSON packed on their way to browsers that can unpack them.

Knows content types and sizes. Leaves alone what is streamed (video, static files), downloaded, short or packed already.
Each answer grows by a random number of bytes, so that its length says nothing of a secret in it (BREACH).
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.text import compress_string

from engageai.middleware import Handler

MIN_BYTES: Final = 1024
RANDOM_BYTES: Final = 100
KINDS: Final = ("text/html", "application/json", "image/svg+xml")


@sync_and_async_middleware
def pack(get_response: Handler) -> Handler:
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            response = await get_response(request)
            if _is_worth_it(request, response):
                await asyncio.to_thread(_pack, response)  # a long transcript takes a while, and sockets wait meanwhile
            return cast(HttpResponseBase, response)

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)  # type: ignore[assignment]
        if _is_worth_it(request, response):
            _pack(response)
        return response

    return synchronous


def _is_worth_it(request: HttpRequest, response: HttpResponseBase) -> bool:
    if response.streaming or response.has_header("Content-Encoding"):
        return False
    if not response.get("Content-Type", "").startswith(KINDS) or response.has_header("Content-Disposition"):
        return False
    patch_vary_headers(response, ("Accept-Encoding",))
    is_long = len(response.content) >= MIN_BYTES  # type: ignore[attr-defined]
    return is_long and "gzip" in request.headers.get("Accept-Encoding", "")


def _pack(response: HttpResponseBase) -> None:
    response.content = compress_string(response.content, max_random_bytes=RANDOM_BYTES)  # type: ignore[attr-defined]
    response.headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
    response.headers["Content-Encoding"] = "gzip"
