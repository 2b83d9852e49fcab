"""What the server does before its first request and after its last. Management commands and tests never come here."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.conf import settings

from analytics import store
from engageai import engine, pulse, tasks
from engageai.content import jobs as transcription
from engageai.limits import App, Message, Receive, Scope, Send
from engageai.presence import reaper
from engageai.upload import jobs
from engageai.watchdog import watchdog

log = logging.getLogger(__name__)


def start() -> None:
    # Django spools the body of a request into the system's temporary folder, which may be memory.
    tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)
    wiped = store.sweep(timedelta(minutes=settings.SESSION_IDLE_MIN), booting=True)
    recovered = jobs.recover()
    transcribed = transcription.recover()
    sentence = "started: %d idle sessions wiped, %d recordings and %d transcripts taken up again"
    log.info(sentence, wiped, recovered, transcribed)
    reaper.start()
    watchdog.start([pulse.beat, jobs.reap, transcription.reap])
    if settings.WARM_ENGINE:
        engine.warm()


def stop() -> None:
    reaper.stop()
    watchdog.stop()
    if not tasks.stop():
        pulse.let_go()
    engine.close_detectors()


class Lifecycle:
    """Starts with the server's lifespan protocol, or before the first request of a server that has none (daphne)."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.is_started = False
        self.starting = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        await self._start()
        return await self.app(scope, receive, send)

    async def _start(self) -> None:
        async with self.starting:
            if not self.is_started:
                await sync_to_async(start)()
                self.is_started = True

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        try:
            await self._start()
        except Exception as error:
            log.exception("the server cannot start")
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        while message["type"] != "lifespan.shutdown":
            message = await receive()
        await sync_to_async(stop)()
        await send({"type": "lifespan.shutdown.complete"})
