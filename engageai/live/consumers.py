"""The webcam's socket. It keeps the newest frame and no other; one task of each socket reads what lies there.

`receive` never waits for a result: Channels hands a consumer its messages one at a time, so frames would queue, and
every result would come later than the one before. Knows sockets, turns and codes; refuses to know what is measured.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.urls import reverse

from analytics import purposes, scoring, store
from analytics.access import OWNER
from analytics.purposes import Terms
from emotion_ml.engine import EmotionEngine
from emotion_ml.restarts import EngineHung
from engageai import endings, metrics
from engageai.engine import get_detectors, get_engine
from engageai.limits import NOT_FOUND
from engageai.live import protocol
from engageai.live.hall import Full, hall
from engageai.live.latest import Closed, Latest, Pace
from engageai.live.protocol import Ended, Frame, Malformed

if TYPE_CHECKING:
    from engageai.live.measurement import Measurement

log = logging.getLogger(__name__)

SAVE_EVERY_S: Final = 1.0
READ_PER_S: Final = 60.0  # messages read of one socket: beyond, its sender has to wait
CUT_OFF_S: Final = 2.0  # for a last message to be taken


def ending_of(error: Exception) -> Ended:
    """What a socket is closed with after `error`."""
    match error:
        case Ended():
            return error
        case Malformed():
            return Ended(protocol.MALFORMED, str(error))
        case purposes.Unknown():
            return Ended(protocol.MALFORMED, "there is no such purpose or exemption")
        case purposes.Prohibited():
            return Ended(protocol.PROHIBITED, protocol.CLOSINGS[protocol.PROHIBITED])
        case Full():
            return Ended(protocol.BUSY, str(error))
        case EngineHung():
            return Ended(protocol.BUSY, "reading expressions hung and is being restarted; try again in a moment")
        case store.NotFound() | store.Gone():
            return Ended(NOT_FOUND, "this session has been wiped")
    log.error("a live socket broke", exc_info=error)
    return Ended(protocol.BROKEN, "a fault on our side")


def _loaded(reads_expressions: bool) -> EmotionEngine | None:
    """With all that takes a second to load, which neither the first page nor the database's thread should wait for."""
    from engageai.live import measurement  # noqa: F401

    get_detectors()
    return get_engine() if reads_expressions else None


class Live(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One measurement, or the rest of one whose socket broke."""

    recording_id: uuid.UUID | None = None
    _measurement: Measurement
    _run: asyncio.Task[None] | None = None
    _ending: Ended | None = None
    _sent_id = 0
    _sent_at = 0.0
    _served_at = 0.0

    async def dispatch(self, message: Any) -> None:
        """Channels' own would pass through the database's thread with every frame."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        self.asked = self.scope["url_route"]["kwargs"]
        self.session_id: uuid.UUID = self.asked["session_id"]
        self._latest: Latest[Frame] = Latest()
        self._reading = Pace(READ_PER_S, burst=10)
        self._processing = Pace(settings.LIVE_MAX_FPS)
        self._owner = await self._in_database(self._known_owner)
        if self._owner is None or self.asked["environment"] not in scoring.NAMES:
            await self.close(code=NOT_FOUND)  # not accepted: a stranger learns nothing
            return
        await self.accept()
        self._whole = asyncio.current_task()
        self._run = asyncio.create_task(self._live())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        if self._run is None or self._ending is not None:
            return
        try:
            self._take(text_data, bytes_data or b"")
        except Malformed as error:
            self._end(ending_of(error))
        if delay_s := self._reading.delay_s(time.monotonic()):
            await asyncio.sleep(delay_s)

    async def disconnect(self, code: int) -> None:
        self._end(Ended(code, "the page has gone"))
        if self._run is not None:
            await self._run

    async def give_way(self) -> None:
        """To a newer socket of the same measurement."""
        self._end(Ended(protocol.SUPERSEDED, protocol.CLOSINGS[protocol.SUPERSEDED]))
        if self._run is not None:
            await asyncio.wait([self._run])

    def _take(self, text: str | None, message: bytes) -> None:
        if text is None:
            before = self._latest.dropped
            self._latest.put(protocol.parse_frame(message, time.monotonic()))
            metrics.dropped.inc(self._latest.dropped - before)
        elif text == protocol.STOP:
            self._end(Ended(protocol.ENDED, protocol.STOP))
        else:
            raise Malformed("the only text that is understood is stop")

    def _end(self, ending: Ended) -> None:
        self._ending = self._ending or ending
        self._latest.close()

    async def _live(self) -> None:
        """From the moment that the socket is accepted to the moment that it is closed."""
        shown = False
        try:
            await self._take_over()
            hall().admit(self)
            self.recording_id = self.asked.get("recording_id")
            try:
                with endings.heard(self.session_id, self._on_wipe):
                    shown = await self._measure()
            finally:
                hall().leave(self)
        except Exception as error:
            self._end(await self._ended_by(error))
        await self._close(shown)

    def _on_wipe(self) -> None:
        self._end(ending_of(store.Gone()))

    async def _ended_by(self, error: Exception) -> Ended:
        """As `ending_of`, which cannot see whether it was the session that went, or only the row that ran."""
        if isinstance(error, (store.NotFound, store.Gone)):
            try:
                is_there = await self._in_database(self._known_owner) is not None
            except Exception as fault:
                return ending_of(fault)
            if is_there and isinstance(error, store.NotFound):
                return Ended(protocol.FORGOTTEN, protocol.CLOSINGS[protocol.FORGOTTEN])
            if is_there:
                return Ended(protocol.BROKEN, "the measurement fell silent and was ended; it can be gone on with")
        return ending_of(error)

    async def _take_over(self) -> None:
        """When this returns, nobody else measures it, and until there is another await nobody else can begin to."""
        while "recording_id" in self.asked:
            holder = hall().holder_of(self.session_id, self.asked["recording_id"])
            if holder is None:
                return
            await holder.give_way()

    async def _measure(self) -> bool:
        """Whether there is anything to show."""
        terms = await self._in_database(self._terms)
        engine = await self._in_thread(_loaded, terms.reads_expressions)
        self._measurement = await self._in_database(self._open, terms, engine)
        self.recording_id = self._measurement.recording.id
        saver = asyncio.create_task(self._keep_saving())
        try:
            await self._send(protocol.ready(str(self.recording_id), self._url(), terms.reads_expressions))
            with suppress(Closed):
                await self._answer_frames()
        finally:
            saver.cancel()
            await self._in_thread(self._measurement.stream.close)
            shown: bool = await self._in_database(self._measurement.conclude)
        return shown

    async def _answer_frames(self) -> None:
        while True:
            await self._wait_for_frame()
            async with hall().turns.turn(self._served_at):
                frame = self._latest.take()  # only now: it may have been replaced by a newer one meanwhile
                result = await self._in_thread(self._measurement.stream.answer, frame, self._latest.dropped)
            self._served_at = time.monotonic()
            if result is not None:
                metrics.results.labels("live").inc()
                await self._send(result)
                self._sent_id, self._sent_at = frame.id, time.monotonic()

    async def _wait_for_frame(self) -> None:
        """Until there is one that may be answered: the result before it has arrived, and it does not come too soon."""
        while True:
            try:
                async with asyncio.timeout(settings.LIVE_IDLE_S):
                    frame = await self._latest.wait()
            except TimeoutError:
                raise Ended(protocol.ENDED, f"nothing came for {settings.LIVE_IDLE_S} s") from None
            if frame.acknowledged >= self._sent_id:
                return await asyncio.sleep(self._processing.delay_s(time.monotonic()))
            if time.monotonic() - self._sent_at > settings.LIVE_SLOW_S:
                raise Ended(protocol.SLOW_READER, protocol.CLOSINGS[protocol.SLOW_READER])

    async def _keep_saving(self) -> None:
        try:
            while True:
                await asyncio.sleep(SAVE_EVERY_S)
                await self._in_database(self._measurement.save)
        except Exception as error:
            self._end(await self._ended_by(error))

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(settings.LIVE_SLOW_S):
                await self.send(text_data=text)
        except TimeoutError:
            raise Ended(protocol.SLOW_READER, protocol.CLOSINGS[protocol.SLOW_READER]) from None
        except OSError:  # the page has gone, which disconnect is about to say
            raise Closed from None

    async def _close(self, shown: bool) -> None:
        ending = self._ending or Ended(protocol.ENDED, "")
        try:
            async with asyncio.timeout(CUT_OFF_S):
                if ending.reason == protocol.STOP:
                    await self.send(text_data=protocol.stopped(self._url() if shown else None))
                await self.close(code=ending.code, reason=ending.reason)
        except TimeoutError:  # nobody takes it: no disconnect will come either
            if self._whole is not None:
                self._whole.cancel()
        except (OSError, RuntimeError):
            log.debug("the page of a live socket had gone before it was closed")

    def _known_owner(self) -> str | None:
        owner = str(self.scope["session"].get(OWNER, ""))
        try:
            store.get_session(owner, self.session_id)
        except store.NotFound:
            return None
        return owner

    def _terms(self) -> Terms:
        """Of the address, or of the measurement that goes on. Raises store.NotFound, or as purposes.answered does."""
        if "recording_id" not in self.asked:
            said = dict(parse_qsl(self.scope["query_string"].decode("ascii", "replace")))
            return purposes.answered(said, settings.PURPOSE_DEFAULT)
        return store.get_recording(str(self._owner), self.session_id, self.asked["recording_id"]).terms

    def _open(self, terms: Terms, engine: EmotionEngine | None) -> Measurement:
        from engageai.live.measurement import Measurement

        if "recording_id" in self.asked:
            return Measurement.go_on(str(self._owner), self.session_id, self.asked["recording_id"], engine)
        return Measurement.begin(str(self._owner), self.session_id, self.asked["environment"], terms, engine)

    def _url(self) -> str:
        return reverse("recording-show", args=[self.session_id, self.recording_id])

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(hall().threads, work, *arguments)

    @staticmethod
    async def _in_database(work: Callable[..., Any], *arguments: Any) -> Any:
        return await database_sync_to_async(work)(*arguments)
