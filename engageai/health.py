"""Whether the process answers. Says nothing of what it holds and touches no row."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


async def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")
