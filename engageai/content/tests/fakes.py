"""A recogniser that hears what it is told, a Deepgram on this machine, and clips with sound, for tests."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from analytics.transcript import Word
from emotion_ml.tests import clips
from engageai.content import deepgram
from engageai.content.sound import Samples
from engageai.content.whisper import Heard


def words(text: str, start_s: float = 0.0, each_s: float = 0.3) -> list[Word]:
    """A word every `each_s`; each bar in `text` is a pause of 1.5 s."""
    found: list[Word] = []
    for token in text.split():
        if token == "|":
            start_s += 1.5
        else:
            found.append(Word(token, start_s, start_s + each_s * 0.9, 0.9))
            start_s += each_s
    return found


@dataclass
class Parrot:
    """A recogniser with the real interface: says `text` at the beginning of every block, and does `meanwhile`."""

    text: str = "Hello there. | This is a talk."
    meanwhile: Callable[[], Any] = lambda: None
    name: str = "parrot"
    sha256: str = "0" * 64

    def hear(self, samples: Samples, language: str | None, on_step: Callable[[float], None]) -> Heard:
        on_step(0.25)
        self.meanwhile()
        on_step(0.75)
        return Heard("en", tuple(words(self.text)))


def talking_clip(path: Path, seconds: float = 2.0, **sound: Any) -> Path:
    """Pictures and clicks: something can be heard, and none of it is speech."""
    audio = clips.Sound(seconds, clicks_s=(0.2, 1.0), **sound)
    return clips.write(path, clips.steady(10, seconds), sound=audio)


def sounding_clip(path: Path, samples: Samples, rate: int = clips.SAMPLE_RATE) -> Path:
    """A clip with just these samples as its sound."""

    class Given(clips.Sound):
        def samples(self) -> Samples:
            return samples

    return clips.write(path, clips.steady(5, len(samples) / rate), sound=Given(len(samples) / rate))


def response(text: str = "Deepgram heard this. | And this as well.") -> dict[str, Any]:
    """As https://developers.deepgram.com/docs/pre-recorded-audio shows it."""
    heard = [
        {
            "word": w.text.lower().strip("."),
            "start": w.start_s,
            "end": w.end_s,
            "confidence": 0.98,
            "punctuated_word": w.text,
        }
        for w in words(text)
    ]
    sentence = {"text": text.replace("| ", ""), "start": 0.0, "end": heard[-1]["end"]}
    block = {"sentences": [sentence], "start": 0.0, "end": heard[-1]["end"], "num_words": len(heard)}
    alternative = {
        "transcript": sentence["text"],
        "confidence": 0.99,
        "words": heard,
        "paragraphs": {"transcript": sentence["text"], "paragraphs": [block]},
    }
    return {
        "metadata": {
            "transaction_key": "deprecated",
            "request_id": "2479c8c8-8185-40ac-9ac6-f0874419f793",
            "sha256": "154e291ecfa8be6ab8343560bcc109008fa7853eb5372533e8efdefc9b504c33",
            "created": "2024-02-06T19:56:16.180Z",
            "duration": 25.9,
            "channels": 1,
            "models": ["30089e05-99d1-4376-b32e-c263170674af"],
            "model_info": {
                "30089e05-99d1-4376-b32e-c263170674af": {"name": "2-general-nova", "version": "v", "arch": "nova-3"}
            },
            "summary_info": {"model_uuid": "67875a7f", "input_tokens": 63, "output_tokens": 43},
        },
        "results": {
            "channels": [{"alternatives": [alternative], "detected_language": "en", "language_confidence": 0.99}],
            "utterances": [
                {"start": 0.0, "end": 3.0, "confidence": 0.9, "channel": 0, "transcript": "", "words": heard, "id": "a"}
            ],
            "summary": {"result": "success", "short": "Deepgram tells what it heard."},
            "topics": {
                "segments": [
                    {
                        "text": "x",
                        "start_word": 0,
                        "end_word": 2,
                        "topics": [{"topic": "Hearing", "confidence_score": 0.9}],
                    }
                ]
            },
        },
    }


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class StandIn:
    """What it was asked, and how it answers: a status with a body, or something worse."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    manner: str = "plain"  # plain, drip, cut, packed, endless, redirect
    asked: list[Asked] = field(default_factory=list)

    def access(self, timeout_s: float = 5.0) -> deepgram.Access:
        return deepgram.Access("secret-key", url=self.url, timeout_s=timeout_s)


@contextmanager
def stand_in(status: int = 200, answer: object = None, manner: str = "plain") -> Iterator[StandIn]:
    """A server on this machine that speaks Deepgram's protocol."""
    body = answer if isinstance(answer, bytes) else json.dumps(response() if answer is None else answer).encode()
    script = StandIn(status=status, body=body, manner=manner)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


def _handler(script: StandIn) -> type[BaseHTTPRequestHandler]:  # noqa: C901 (a class, not a function)
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            script.asked.append(
                Asked(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), self._body())
            )
            try:
                getattr(self, f"_{script.manner}")()
            except OSError:
                self.close_connection = True  # the client went away, as it should

        def _plain(self, **headers: str) -> None:
            self.send_response(script.status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(script.body)),
                **headers,
            }.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(script.body)

        def _drip(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b" ")
                time.sleep(0.05)

        def _cut(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            self.wfile.write(script.body[: len(script.body) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

        def _packed(self) -> None:
            self._plain(Content_Encoding="gzip")

        def _redirect(self) -> None:
            self._plain(Location="/elsewhere")

        def _endless(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            while True:
                self.wfile.write(bytes(1024 * 1024))

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


def tone(seconds: float, hertz: float = 440.0, rate: int = 16_000) -> Samples:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def noise(seconds: float, level: float = 0.1, rate: int = 16_000) -> Samples:
    return (level * np.random.default_rng(0).standard_normal(round(seconds * rate))).astype(np.float32)
