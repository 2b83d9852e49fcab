"""Whether the process answers, whether it can work, and its numbers. Says nothing of what it holds or for whom.

/healthz touches nothing: it says that the event loop turns. /readyz says whether work would be done: 503 keeps a load
balancer away, and names what is wrong. /metrics is for this machine, or for those who hold its token.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from analytics import census
from engageai import engine, gauges, metrics, tasks
from engageai.watchdog import watchdog

LOOK_S: Final = 2.0  # that the database and the disk have to answer
WORKING: Final = ("ready", "degraded")
FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Check:
    ok: bool
    says: str


async def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
async def readyz(request: HttpRequest) -> JsonResponse:
    database, disk = await asyncio.gather(_in_time(_database), _in_time(_disk))
    checks = {
        "server": _server(),
        "engine": _engine(),
        "queue": _queue(),
        "watchdog": _watchdog(),
        "database": database,
        "disk": disk,
    }
    is_ready = all(check.ok for check in checks.values())
    state = ("degraded" if engine.condition().state == "degraded" else "ready") if is_ready else "unready"
    answer = {"status": state, "checks": {name: asdict(check) for name, check in checks.items()}}
    return JsonResponse(answer, status=200 if is_ready else 503)


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Prometheus' text. Nobody else learns that there is such a page."""
    if not may_read(request.META.get("REMOTE_ADDR", ""), request.headers):
        raise Http404
    return HttpResponse(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)


def may_read(peer: str, headers: Mapping[str, str]) -> bool:
    """By the token, or by calling from this machine where no proxy stands that would make everybody look like that."""
    given = headers.get("Authorization", "")
    token = f"Bearer {settings.METRICS_TOKEN}"
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), token.encode()):
        return True
    behind_proxy = settings.HTTPS or settings.TRUSTED_PROXIES or any(headers.get(name) for name in FORWARDED)
    return not behind_proxy and _is_loopback(peer)


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _server() -> Check:
    return Check(False, "stopping") if tasks.stopping.is_set() else Check(True, "serving")


def _engine() -> Check:
    now = engine.condition()
    if now.state == "cold":
        return Check(not settings.WARM_ENGINE, "is being loaded" if settings.WARM_ENGINE else "loads when it is needed")
    return Check(now.state in WORKING, f"{now.state}: {now.reason}" if now.reason else now.state)


def _queue() -> Check:
    waiting, running = tasks.counts().get("default", (0, 0))
    return Check(waiting + running < settings.JOB_QUEUE, f"{waiting} waiting, {running} running")


def _watchdog() -> Check:
    return Check(True, "awake") if watchdog.is_awake else Check(False, "jobs are not looked after")


def _database() -> Check:
    try:
        census.answers()
    finally:
        connections.close_all()  # this thread is nobody's
    return Check(True, "answers")


def _disk() -> Check:
    free_mib = gauges.disk_free_bytes() // settings.MIB
    return Check(free_mib >= settings.MIN_FREE_MIB, f"{free_mib} MiB free")


async def _in_time(look: Callable[[], Check]) -> Check:
    """In a thread of its own: what hangs in one of Django's must not hide that it does."""
    try:
        async with asyncio.timeout(LOOK_S):
            return await _elsewhere(look)
    except TimeoutError:
        return Check(False, "does not answer")
    except Exception as error:
        return Check(False, type(error).__name__)


def _elsewhere(look: Callable[[], Check]) -> Awaitable[Check]:
    return sync_to_async(look, thread_sensitive=False)()
