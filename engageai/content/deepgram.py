"""Speech to words by Deepgram through its own SDK: one request, bounded in time and size, or Unavailable and why.

Knows the service and its limits here; who may be asked is decided elsewhere. Sends the sound alone, never a picture,
follows no redirect, tries once, and asks that nothing sent be used for training (`mip_opt_out`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import httpx

from analytics import transcript

log = logging.getLogger(__name__)

Json = dict[str, Any]

PRODUCTION: Final = "https://api.deepgram.com"
CONNECT_S: Final = 5.0
SILENT_S: Final = 60.0  # without a byte, while it listens
STEP_S: Final = 0.5  # between two looks at whether to go on
MAX_BYTES: Final = 64 * 1024 * 1024  # of an answer; two hours of words are about 8 MiB
PIECE_BYTES: Final = 64 * 1024
REFUSALS: Final = {
    400: "Deepgram could not read the sound",
    401: "Deepgram refused the key",
    402: "The Deepgram account has no credit left",
    403: "Deepgram refused the key",
    413: "The recording is too long for Deepgram",
    429: "Deepgram is too busy",
}
NO_ANSWER: Final = "Deepgram did not answer"
NO_TRANSCRIPT: Final = "Deepgram's answer was not a transcript"
NO_WORDS: Final = "Deepgram heard no words"
TOO_SLOW: Final = "Deepgram took too long"


class Unavailable(Exception):
    """Nothing came of it; str() is why, for the visitor, without a full stop."""


@dataclass(frozen=True, slots=True)
class Access:
    """The account, and where it is asked: `url` is Deepgram's own but in tests."""

    key: str
    model: str = "nova-3"
    url: str = PRODUCTION
    timeout_s: float = 300.0


def transcribe(sound: Path, access: Access, on_step: Callable[[], None]) -> Json:
    """Its response, checked to be one and to hold words. `on_step` is called while waiting, and may raise to stop."""
    client = httpx.Client(
        transport=_Bounded(),
        follow_redirects=False,
        timeout=httpx.Timeout(SILENT_S, connect=CONNECT_S),
        headers={"Accept-Encoding": "identity"},
    )
    try:
        response = _awaited(lambda: _ask(client, sound, access), access.timeout_s, on_step)
    finally:
        client.close()
    return _checked(response)


def _ask(client: httpx.Client, sound: Path, access: Access) -> object:
    from deepgram import DeepgramClient
    from deepgram.core.api_error import ApiError
    from deepgram.environment import DeepgramClientEnvironment

    at = DeepgramClientEnvironment(base=access.url, production=access.url, agent=access.url, agent_rest=access.url)
    service = DeepgramClient(api_key=access.key, environment=at, httpx_client=client)
    try:
        answer: object = service.listen.v1.media.transcribe_file(
            request=_pieces(sound),
            model=access.model,
            smart_format=True,
            paragraphs=True,
            utterances=True,
            summarize="v2",
            topics=True,
            detect_language=True,
            mip_opt_out=True,
            request_options={"max_retries": 0, "timeout": SILENT_S},
        )
    except ApiError as error:
        log.warning("Deepgram answered %s", error.status_code)  # its body is not ours to keep
        raise Unavailable(REFUSALS.get(error.status_code or 0, NO_ANSWER)) from None
    return answer.model_dump(mode="json") if hasattr(answer, "model_dump") else answer


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _awaited(ask: Callable[[], object], timeout_s: float, on_step: Callable[[], None]) -> object:
    """What `ask` returns, in time. A service that answers a byte now and then keeps no socket timeout: this one it
    does; its thread then ends by itself, once its socket is closed."""
    box: SimpleQueue[object] = SimpleQueue()
    threading.Thread(target=lambda: box.put(_outcome(ask)), name="deepgram", daemon=True).start()
    end = time.monotonic() + timeout_s
    while True:
        on_step()
        try:
            found = box.get(timeout=max(min(STEP_S, end - time.monotonic()), 0.01))
        except Empty:
            if time.monotonic() >= end:
                raise Unavailable(TOO_SLOW) from None
            continue
        if isinstance(found, Unavailable):
            raise found
        return found


def _outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except Unavailable as refusal:
        return refusal
    except Exception as error:
        log.warning("Deepgram could not be asked: %s", type(error).__name__)
        return Unavailable(NO_ANSWER)


def _checked(response: object) -> Json:
    if not isinstance(response, dict):
        raise Unavailable(NO_TRANSCRIPT)
    metadata = response.get("metadata")
    response["metadata"] = {**(metadata if isinstance(metadata, dict) else {}), "engine": "deepgram"}
    try:
        found = transcript.parse(response)
    except transcript.Malformed as error:
        log.warning("Deepgram's answer was not of the shape: %s", error)
        raise Unavailable(NO_TRANSCRIPT) from None
    if not found.words:
        raise Unavailable(NO_WORDS)
    return response


class _Bounded(httpx.HTTPTransport):
    """Hands on an answer that is neither packed nor larger than MAX_BYTES."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx.DecodingError("packed, which was not asked for", request=request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        stream = _Counted(response.stream)
        return httpx.Response(response.status_code, headers=response.headers, stream=stream)


class _Counted(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._stream:
            size += len(piece)
            if size > MAX_BYTES:
                raise httpx.ReadError("larger than any transcript")
            yield piece

    def close(self) -> None:
        self._stream.close()
