"""`manage.py bench_live --json OUT`: how a running server keeps up with webcam pages, over real sockets."""

from __future__ import annotations

import asyncio
import io
import json
import multiprocessing
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from numpy.typing import NDArray
from PIL import Image

from emotion_ml import video
from engageai.live import load, process, protocol

CLIP_FPS: Final = 15.0
MOST_PICTURES: Final = 150
JPEG_QUALITY: Final = 75
SAMPLE_S: Final = 1.0
SETTLE_S: Final = 1.0
WARM_CONNECTS: Final = 10


class Command(BaseCommand):
    help = "Measure a running server with webcam pages that need no browser."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clients", type=int, default=1, metavar="N", help="pages at once (%(default)s)")
        parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="how long (%(default)s)")
        parser.add_argument("--clip", type=Path, help="whose pictures are sent; otherwise scikit-image's astronaut")
        parser.add_argument("--json", required=True, metavar="OUT", help="where the result goes; - is standard output")
        parser.add_argument("--serve", action="store_true", help="start a server on a free port, and stop it again")
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="of the server (%(default)s)")
        parser.add_argument(
            "--flood", type=float, metavar="MIB", help="then again, beside a page that pours in so much"
        )
        parser.add_argument("--connects", type=int, metavar="N", help="then connect and leave so many times")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            pictures = _pictures(options["clip"])
            with _server(options) as (origin, pid):
                report = _measure(origin, pid, pictures, options)
        except (OSError, load.ServerSaysNo, process.NotServing, video.NotAVideo) as error:
            raise CommandError(str(error)) from None
        text = json.dumps(report, indent=1)
        if options["json"] == "-":
            self.stdout.write(text)
        else:
            Path(options["json"]).write_text(text + "\n")
        self.stderr.write(_summary(report))


def _server(options: dict[str, Any]) -> AbstractContextManager[tuple[str, int]]:
    if options["serve"]:
        return process.serving()
    url = options["url"].rstrip("/")
    return nullcontext((url, process.listening_on(urlsplit(url).port or 80)))


def _measure(origin: str, pid: int, pictures: Sequence[bytes], options: dict[str, Any]) -> dict[str, Any]:
    clients, seconds = options["clients"], options["seconds"]
    asyncio.run(load.page(load.visit(origin), pictures, 1.0))  # the first page waits for the networks to be loaded
    report: dict[str, Any] = {"seconds": seconds, **_pages(origin, pid, pictures, clients, seconds)}
    if options["flood"]:
        report = {**report, "alone": report["clients"], **_flooded(origin, pid, pictures, options)}
    if options["connects"]:
        report["connects"] = _connects(origin, pid, pictures[0], options["connects"])
    return report


def _pages(origin: str, pid: int, pictures: Sequence[bytes], clients: int, seconds: float) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        rss_mib: list[list[float]] = []
        sampler = asyncio.create_task(_sample(pid, rss_mib))
        visits = [load.visit(origin) for _ in range(clients)]
        trips = await asyncio.gather(*(load.page(visit, pictures, seconds) for visit in visits))
        sampler.cancel()
        return {"clients": [each.summary(seconds) for each in trips], "server_rss_mib": rss_mib}

    return asyncio.run(run())


async def _sample(pid: int, rss_mib: list[list[float]]) -> None:
    """[seconds, MiB] once a second."""
    started_s = time.monotonic()
    while True:
        rss_mib.append([round(time.monotonic() - started_s, 1), round(process.taken_by(pid).rss_mib, 1)])
        await asyncio.sleep(SAMPLE_S)


def _flooded(origin: str, pid: int, pictures: Sequence[bytes], options: dict[str, Any]) -> dict[str, Any]:
    """The same pages again, beside one that floods from a process of its own."""
    before_mib = process.taken_by(pid).rss_mib
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    flooder = context.Process(target=_flood, args=(origin, pictures[0], int(options["flood"] * 2**20), theirs))
    flooder.start()
    try:
        ours.recv()  # it is about to begin
        beside = _pages(origin, pid, pictures, options["clients"], options["seconds"])
        flood = ours.recv() if ours.poll(60) else {"sent_mib": None}
    finally:
        flooder.terminate()
        flooder.join()
    grown_mib = max(mib for _, mib in beside["server_rss_mib"]) - before_mib
    return {**beside, "flood": {**flood, "server_grew_mib": round(grown_mib, 1)}}


def _flood(origin: str, picture: bytes, total_bytes: int, told: Any) -> None:
    visit = load.visit(origin)
    told.send("ready")
    told.send(asyncio.run(load.flood(visit, picture, total_bytes)))


def _connects(origin: str, pid: int, picture: bytes, times: int) -> dict[str, Any]:
    """What the server holds before and after; the first few connections warm it up."""
    visit = load.visit(origin)
    asyncio.run(load.connects(visit, picture, WARM_CONNECTS))
    time.sleep(SETTLE_S)
    before = process.taken_by(pid)
    asyncio.run(load.connects(visit, picture, times))
    time.sleep(SETTLE_S)
    return {"times": times, "before": asdict(before), "after": asdict(process.taken_by(pid))}


def _pictures(clip: Path | None) -> list[bytes]:
    if clip is None:
        return [_jpeg(image) for image in _astronaut()]
    video.probe(clip)
    return [_jpeg(frame.image) for frame in islice(video.frames(clip, CLIP_FPS), MOST_PICTURES)]


def _astronaut() -> list[NDArray[np.uint8]]:
    try:
        from skimage.data import astronaut
    except ImportError:
        raise CommandError("name a recording of a face with --clip: scikit-image, which has one, is missing") from None
    portrait = np.asarray(astronaut(), dtype=np.uint8)[:384]  # type: ignore[no-untyped-call]
    return [np.roll(portrait, shift, axis=1) for shift in range(-60, 60, 4)]


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    """As the page sends it."""
    picture, file = Image.fromarray(image), io.BytesIO()
    picture.thumbnail((protocol.MAX_PX, protocol.MAX_PX))
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def _summary(report: dict[str, Any]) -> str:
    lines = []
    for key in ("alone", "clients"):
        for number, each in enumerate(report.get(key, []), 1):
            lines.append(
                f"{'alone' if key == 'alone' else 'page'} {number}: {each['results_per_s']} results/s, "
                f"p50 {each['p50_ms']} ms, p95 {each['p95_ms']} ms, {each['dropped']} dropped"
            )
    rss_mib = [mib for _, mib in report["server_rss_mib"]]
    lines.append(f"server memory: {rss_mib[0]} MiB at first, {rss_mib[-1]} at last, {max(rss_mib)} at most")
    lines += [f"{key}: {report[key]}" for key in ("flood", "connects") if key in report]
    return "\n".join(lines)
