"""`manage.py soak --minutes N --clip CLIP --json OUT`: whether a server of its own wears out under a steady crowd.

Webcam pages that stay, a recording each minute, and tabs that load the start page again and have their session wiped.
Knows what a browser would send and see; the server's memory is read from the system.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from emotion_ml import video
from engageai.live import load, process
from engageai.live.management.commands.bench_live import _pictures

UPLOAD_EVERY_S: Final = 60.0
RELOAD_EVERY_S: Final = 5.0
SAMPLE_S: Final = 1.0
SETTLED: Final = 0.3  # of the time, from which on memory must not grow: caches fill at first
EDGE: Final = "soak"


@dataclass(slots=True)
class Tally:
    """What happened beside the webcam pages."""

    uploads: int = 0
    reloads: int = 0
    errors: list[str] = field(default_factory=list)
    rss_mib: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Tab:
    """A browser's cookies, and the session of its start page."""

    origin: str
    cookies: dict[str, str] = field(default_factory=dict)
    session: str = ""
    token: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str]:
        address = urlsplit(self.origin)
        headers = {"X-CSRFToken": self.token, "Content-Type": kind} if method == "POST" else {}
        headers |= {"Origin": self.origin, "Accept": "application/json" if method == "POST" else "text/html"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def load(self) -> None:
        """The start page again: the session that this tab had is wiped. Raises load.ServerSaysNo."""
        former = self.session
        status, page = self.ask("GET", "/")
        action = re.search(r'action="/s/([0-9a-f-]{36})/recordings/"', page)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if status != 200 or action is None or token is None:
            raise load.ServerSaysNo(f"the start page answers {status}")
        self.session, self.token = action[1], token[1]
        if former:
            self._expect(200, *self.ask("POST", f"/s/{former}/wipe/"))

    def upload(self, clip: bytes) -> None:
        """Raises load.ServerSaysNo."""
        head = f'--{EDGE}\r\nContent-Disposition: form-data; name="environment"\r\n\r\ngeneral\r\n--{EDGE}\r\n'
        head += 'Content-Disposition: form-data; name="file"; filename="soak.mp4"\r\n\r\n'
        body = head.encode() + clip + f"\r\n--{EDGE}--\r\n".encode()
        kind = f"multipart/form-data; boundary={EDGE}"
        self._expect(201, *self.ask("POST", f"/s/{self.session}/recordings/", body, kind))

    @staticmethod
    def _expect(wanted: int, status: int, text: str) -> None:
        if status != wanted:
            raise load.ServerSaysNo(f"{status} in place of {wanted}: {text[:200]}")


class Command(BaseCommand):
    help = "Wear a server of its own out for a while, and say whether it did."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=float, default=60.0, metavar="N", help="how long (%(default)s)")
        parser.add_argument("--pages", type=int, default=4, metavar="N", help="webcam pages at once (%(default)s)")
        parser.add_argument("--clip", type=Path, required=True, help="a short recording of a face: uploaded, and shown")
        parser.add_argument("--json", required=True, metavar="OUT", help="where the result goes; - is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            pictures, clip = _pictures(options["clip"]), options["clip"].read_bytes()
            with process.serving() as (origin, pid):
                asyncio.run(load.page(load.visit(origin), pictures, 1.0))  # the networks are loaded
                report = asyncio.run(soak(origin, pid, pictures, clip, options["pages"], 60 * options["minutes"]))
        except (OSError, load.ServerSaysNo, process.NotServing, video.NotAVideo) as error:
            raise CommandError(str(error)) from None
        text = json.dumps(report, indent=1)
        if options["json"] == "-":
            self.stdout.write(text)
        else:
            Path(options["json"]).write_text(text + "\n")
        shown = {key: value for key, value in report.items() if key not in ("rss_mib", "pages")}
        self.stderr.write(json.dumps(shown))
        if report["errors"]:
            raise CommandError(f"{len(report['errors'])} errors, the first: {report['errors'][0]}")


async def soak(
    origin: str, pid: int, pictures: Sequence[bytes], clip: bytes, pages: int, seconds: float
) -> dict[str, Any]:
    tally, until_s = Tally(), time.monotonic() + seconds
    visits = [await asyncio.to_thread(load.visit, origin) for _ in range(pages)]
    beside = [
        asyncio.create_task(_sample(pid, tally)),
        asyncio.create_task(_upload(origin, clip, tally, until_s)),
        asyncio.create_task(_reload(origin, tally, until_s)),
    ]
    trips = await asyncio.gather(*(load.page(each, pictures, seconds) for each in visits))
    beside[0].cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return summary(tally, [each.summary(seconds) for each in trips], seconds)


async def _sample(pid: int, tally: Tally) -> None:
    started_s = time.monotonic()
    while True:
        tally.rss_mib.append((round(time.monotonic() - started_s, 1), round(process.taken_by(pid).rss_mib, 1)))
        await asyncio.sleep(SAMPLE_S)


async def _upload(origin: str, clip: bytes, tally: Tally, until_s: float) -> None:
    """One recording a minute, in a session that is wiped when the next one comes."""
    tab = Tab(origin)
    while time.monotonic() < until_s:
        await _tried(tally, tab.load)
        tally.uploads += await _tried(tally, tab.upload, clip)
        await asyncio.sleep(min(UPLOAD_EVERY_S, max(0.0, until_s - time.monotonic())))


async def _reload(origin: str, tally: Tally, until_s: float) -> None:
    tab = Tab(origin)
    while time.monotonic() < until_s:
        tally.reloads += await _tried(tally, tab.load)
        await asyncio.sleep(RELOAD_EVERY_S)


async def _tried(tally: Tally, work: Any, *arguments: Any) -> bool:
    try:
        await asyncio.to_thread(work, *arguments)
    except (OSError, load.ServerSaysNo, http.client.HTTPException) as error:
        tally.errors.append(f"{type(error).__name__}: {error}")
        return False
    return True


def summary(tally: Tally, pages: Sequence[dict[str, Any]], seconds: float) -> dict[str, Any]:
    slices = list(zip(*(each["over_time"] for each in pages), strict=True))
    p95_ms = [max((each["p95_ms"] or 0.0) for each in group) for group in slices]
    return {
        "seconds": seconds,
        "uploads": tally.uploads,
        "reloads": tally.reloads,
        "errors": tally.errors,
        "rss_mib_per_h": slope_per_h([pair for pair in tally.rss_mib if pair[0] >= SETTLED * seconds]),
        "rss_mib_most": max((mib for _, mib in tally.rss_mib), default=0.0),
        "p95_ms_first": p95_ms[0] if p95_ms else None,
        "p95_ms_last": p95_ms[-1] if p95_ms else None,
        "results_per_s": [each["results_per_s"] for each in pages],
        "rss_mib": tally.rss_mib,
        "pages": list(pages),
    }


def slope_per_h(samples: Sequence[tuple[float, float]]) -> float | None:
    """MiB an hour, by least squares."""
    if len(samples) < 2:
        return None
    at_s, mib = np.asarray(samples).T
    return round(float(np.polyfit(at_s, mib, 1)[0]) * 3600, 2)
