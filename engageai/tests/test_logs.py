"""The log says what happened to which request, and nothing of what visitors sent: no name, word, query or key."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from engageai import logs
from engageai.conftest import start_server
from engageai.content.tests.fakes import response, stand_in, talking_clip
from engageai.env import envchoice
from engageai.own_server import Server
from engageai.tests.guest import Guest, eventually, get, recordings, rows
from engageai.tracing import Traced

NAME, WORD, QUERY, KEY, BODY = "nAmE7Q", "wOrD7Q", "qUeRy7Q", "kEy7Q", "bOdY7Q"
TALK = f"This is about {WORD} and attention. {WORD} matters in every lecture. | Nobody forgets {WORD} again."


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_clip(tmp_path_factory.mktemp("talking") / "clip.mp4")


def lines(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]


def of(server: Server, number: str) -> list[dict[str, Any]]:
    return [line for line in lines(server) if line.get("request_id") == number]


def test_the_whole_way_at_debug_leaves_no_word_of_it_in_the_log(tmp_path: Path, talking: Path) -> None:
    with stand_in(answer=response(TALK)) as deepgram:
        outside = {"DEEPGRAM_API_KEY": KEY, "DEEPGRAM_URL": deepgram.url, "METRICS_TOKEN": KEY}
        server = start_server(tmp_path, LOG_LEVEL="DEBUG", LOG_FORMAT="json", **outside)
        guest = Guest(server)
        visit_everything(guest, talking)
        assert len(deepgram.asked) == 1
        deepgram.status, deepgram.body = 500, WORD.encode()
        guest.upload(talking, f"{NAME}-2.mp4", may_send_sound="on")
        eventually(lambda: len(transcripts(server)) == 2 and "waiting" not in transcripts(server))
        eventually(lambda: "running" not in transcripts(server))
    assert server.stop() == 0

    assert any(line["level"] == "DEBUG" for line in lines(server)), "nothing was captured at DEBUG"
    secrets = [cookie.partition("=")[2] for cookie in guest.headers["Cookie"].split("; ")]
    for marker in (NAME, WORD, WORD.lower(), QUERY, KEY, BODY, *secrets):
        assert marker not in server.log, [line for line in server.log.splitlines() if marker in line][:3]


def transcripts(server: Server) -> list[str]:
    return [status for (status,) in rows(server, "SELECT status FROM analytics_transcript")]


def visit_everything(guest: Guest, talking: Path) -> None:
    """Upload, analysis, transcript, results, exports, sockets, refusals and faults, each with marks in it."""
    query = f"?environment={QUERY}&from={QUERY}&{QUERY}=1"
    progress = guest.upload(talking, f"{NAME}.mp4", query, may_send_sound="on")
    recording = progress.removesuffix("progress/")
    with guest.socket(f"recordings/{recording.split('/')[4]}/progress{query}") as socket:
        socket.recv(timeout=20)
    eventually(lambda: recordings(guest.server)[0][0] == "done" and transcripts(guest.server) == ["done"])
    with pytest.raises(InvalidStatus), guest.socket(f"nowhere{query}"):
        pass

    assert WORD in guest.get(f"{recording}transcript/")[1].decode()
    assert NAME in guest.get(recording)[1].decode()
    for path in ("", "progress/", "boxes.json", "result.json", "transcript/", "transcript.vtt", "transcript.json"):
        guest.get(f"{recording}{path}{query}")
    for path in ("resources/", "engagement.vtt", "video", "figures/seminar.json", "why/"):
        guest.get(f"{recording}{path}{query}")
    for path in ("export/report.pdf", "export/everything.zip", "export/tables/readings.csv"):
        guest.get(f"{recording}{path}{query}")
    for path in ("/", "/nowhere", "/admin/login/", "/healthz", "/metrics", "/static/css/base.css"):
        guest.get(f"{path}{query}")
    get(guest.server, f"/metrics{query}", Authorization=f"Bearer {KEY}", Referer=BODY, **{"User-Agent": BODY})

    assert guest.send(BODY.encode() * 500, f"{NAME}.exe")[0] == 422
    assert guest.send(talking.read_bytes()[:2000], f"{NAME}.mp4")[0] == 422
    login = f"username={BODY}&password={BODY}&csrfmiddlewaretoken={guest.headers['X-CSRFToken']}"
    get(guest.server, f"/admin/login/{query}", Cookie=f"sessionid={BODY}; csrftoken={BODY}")
    with suppress(json.JSONDecodeError):  # a page
        guest.post(f"/admin/login/{query}", login.encode(), "application/x-www-form-urlencoded")


def test_every_line_of_a_request_carries_the_number_that_its_answer_has(tmp_path: Path) -> None:
    server = start_server(tmp_path, LOG_FORMAT="json")
    headers = get(server, f"/nowhere?{QUERY}", **{"X-Request-ID": "mine-mine-mine"})[0].headers
    number = headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", number), "a stranger chose it"
    eventually(lambda: len(of(server, number)) == 2)
    assert of(server, number)[0]["message"] == "Not Found: /nowhere"
    answered = of(server, number)[1]
    assert (answered["method"], answered["path"], answered["status"]) == ("GET", "/nowhere", 404)
    assert answered["duration_ms"] >= 0

    guest = Guest(server)
    with guest.socket("presence") as socket:
        number = socket.response.headers["X-Request-ID"]  # type: ignore[union-attr]
    eventually(lambda: any(line["message"] == "socket closed" for line in of(server, number)))
    closed = of(server, number)[-1]
    assert (closed["message"], closed["method"]) == ("socket closed", "WS")
    assert get(server, "/healthz")[0].headers["X-Request-ID"]
    assert not [line for line in lines(server) if line.get("path") == "/healthz"]
    assert server.stop() == 0


def test_a_job_is_named_in_its_lines(tmp_path: Path, talking: Path) -> None:
    server = start_server(tmp_path, LOG_FORMAT="json")
    recording = Guest(server).upload(talking).split("/")[4]
    eventually(lambda: recordings(server)[0][0] == "done")
    assert server.stop() == 0
    assert [line for line in lines(server) if line.get("job") == recording]


@pytest.mark.parametrize(
    ("trusted", "given", "taken"),
    [
        (["127.0.0.1"], b"abc-123.DEF_4", True),
        (["10.0.0.0/8"], b"abc-123.DEF_4", False),
        ([], b"abc-123.DEF_4", False),
        (["127.0.0.1"], b"short", False),
        (["127.0.0.1"], b"x" * 65, False),
        (["127.0.0.1"], b"abc-123 DEF_4", False),
        (["127.0.0.1"], b'abc-123"\r\nSet-Cookie: a', False),
    ],
)
async def test_only_a_proxy_of_ours_may_choose_the_number(trusted: list[str], given: bytes, taken: bool) -> None:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Callable[..., Any]) -> None:
        sent.append({"inside": logs.request_id.get()})
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "client": ("127.0.0.1", 1),
        "headers": [(b"x-request-id", given)],
    }
    await Traced(app, trusted)(scope, None, send)  # type: ignore[arg-type]
    [(_, number)] = sent[1]["headers"]
    assert (number == given) is taken
    assert sent[0]["inside"].encode() == number
    assert logs.request_id.get() == ""


def formatted(style: logging.Formatter, name: str, message: str, *args: object, error: Exception | None = None) -> str:
    exc_info = None
    if error is not None:
        try:
            raise error
        except Exception:
            exc_info = sys.exc_info()
    record = logging.LogRecord(name, logging.ERROR, "file", 1, message, args, exc_info)
    logs.Discreet().filter(record)
    return style.format(record)


STYLES = [logs.Json(), logs.Line()]


@pytest.mark.parametrize("style", STYLES)
def test_what_a_message_holds_cannot_forge_a_line(style: logging.Formatter) -> None:
    line = formatted(style, "a", "before %s", "\n2026-01-01 ERROR forged\x1b[31m\u2028")
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("style", STYLES)
def test_the_fault_of_a_request_is_told_by_its_kind_and_place(style: logging.Formatter) -> None:
    line = formatted(style, "django.request", "Internal Server Error: /x", error=ValueError(f"bad {QUERY}"))
    assert QUERY not in line
    assert "ValueError" in line
    assert "test_logs.py:" in line


@pytest.mark.parametrize("style", STYLES)
def test_a_fault_of_our_own_is_told_with_its_text_and_its_cause(style: logging.Formatter) -> None:
    error = RuntimeError("the network fell over")
    error.__cause__ = OSError("no memory")
    line = formatted(style, "engageai.upload.jobs", "recording %s failed", "x", error=error)
    assert "the network fell over" in line
    assert "no memory" in line


def test_what_follows_a_question_mark_in_an_address_is_left_out() -> None:
    line = formatted(STYLES[0], "uvicorn.error", '%s - "WebSocket %s" [accepted]', "127.0.0.1", f"/ws/x?{QUERY}=1")
    assert json.loads(line)["message"] == '127.0.0.1 - "WebSocket /ws/x" [accepted]'


def test_a_style_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(Exception, match="use one of json, line"):
        envchoice("LOG_FORMAT", ["json", "line"], "json")
