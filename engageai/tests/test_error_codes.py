"""Every code of an error in our sources is documented, and can be provoked: one shape, nothing of our insides."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Recording
from engageai import crowd
from engageai.conftest import ROOT, Visitor
from engageai.live import protocol

DOCUMENT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
OVER_HTTP, OVER_SOCKETS = DOCUMENT.split("## Over sockets")
PACKAGES = ("analytics", "emotion_ml", "engageai")
MAKERS = {"Rejected", "NotAVideo"}
JSON = {"Accept": "application/json"}

pytestmark = pytest.mark.django_db


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in (ROOT / package).rglob("*.py") if "tests" not in path.parts)


def codes_of(tree: ast.AST) -> Iterator[str]:
    """First arguments of Rejected and NotAVideo, `code` in dictionaries, keys of REFUSALS, named pairs of words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in MAKERS and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                    yield str(value.value)
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple) and is_pair(node.value):
            yield str(ast.literal_eval(node.value)[0])
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "REFUSALS":
            yield from (str(key.value) for key in node.value.keys)  # type: ignore[attr-defined]


def is_pair(found: ast.Tuple) -> bool:
    texts = [each.value for each in found.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return len(texts) == len(found.elts) == 2 and bool(re.fullmatch("[a-z-]+", texts[0])) and texts[1].endswith(".")


def test_every_code_is_documented_and_every_documented_one_exists() -> None:
    found = {code for path in sources() for code in codes_of(ast.parse(path.read_text(encoding="utf-8")))}
    documented = re.findall(r"^\| `([a-z-]+)` \| (?:[45]\d\d|job) \| ", OVER_HTTP, re.MULTILINE)
    assert len(documented) == len(set(documented))
    assert found == set(documented)


def test_every_closing_of_a_socket_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d{4}) \| ", OVER_SOCKETS, re.MULTILINE)}
    assert set(protocol.CLOSINGS) | {crowd.BUSY, 1001, 1012} == documented


def clips_waiting(visitor: Visitor, clip: Path, settings: Any) -> Any:
    settings.MAX_QUEUED = 1
    visitor.uploaded(clip)
    return visitor.upload(clip)


def house_full(visitor: Visitor, clip: Path, settings: Any) -> Any:
    settings.MAX_SESSIONS = 0
    return visitor.client.get("/", headers=JSON)


def too_many_pages(visitor: Visitor, clip: Path, settings: Any) -> Any:
    settings.MAX_SESSIONS_PER_VISITOR = 1
    return visitor.client.get("/", headers=JSON)


def too_long(visitor: Visitor, clip: Path, settings: Any) -> Any:
    settings.MAX_MINUTES = 1 / 60
    return visitor.upload(clip)


def too_large(visitor: Visitor, clip: Path, settings: Any) -> Any:
    settings.MAX_UPLOAD_BYTES = 10
    return visitor.upload(clip)


def forged(visitor: Visitor, clip: Path, settings: Any) -> Any:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.client.cookies
    return strict.post(reverse("upload-new", args=[visitor.session.id]), headers=JSON)


def only_subtitles(visitor: Visitor, clip: Path, settings: Any) -> Any:
    """The smallest Matroska file that holds one track, and that of text."""

    def element(name: str, body: bytes) -> bytes:
        return bytes.fromhex(name) + (len(body) | 1 << 56).to_bytes(8, "big") + body

    kind = [
        ("4286", b"\1"),
        ("42F7", b"\1"),
        ("42F2", b"\4"),
        ("42F3", b"\x08"),
        ("4282", b"matroska"),
        ("4287", b"\4"),
    ]
    head = element("1A45DFA3", b"".join(element(*each) for each in [*kind, ("4285", b"\2")]))
    info = element("1549A966", element("2AD7B1", (1_000_000).to_bytes(4, "big")))
    parts = [("D7", b"\1"), ("73C5", b"\1"), ("83", b"\x11"), ("86", b"S_TEXT/UTF8")]
    tracks = element("1654AE6B", element("AE", b"".join(element(*each) for each in parts)))
    words = element("1F43B675", element("E7", b"\0") + element("A3", b"\x81\0\0\0words"))
    return visitor.upload(head + element("18538067", info + tracks + words))


def without_pictures(visitor: Visitor, clip: Path, settings: Any) -> Any:
    content = bytearray(clip.read_bytes())
    start = content.index(b"mdat")
    size = int.from_bytes(content[start - 4 : start], "big")
    content[start + 4 : start - 4 + size] = bytes(size - 8)
    return visitor.upload(bytes(content))


def of_results(name: str, query: str) -> Callable[..., Any]:
    def ask(visitor: Visitor, clip: Path, settings: Any) -> Any:
        recording = visitor.uploaded(clip)
        Recording.objects.filter(id=recording.id).update(status="done")
        return visitor.client.get(visitor.url(name, recording) + query, headers=JSON)

    return ask


PROVOKED: dict[str, Callable[..., Any]] = {
    "not-found": lambda visitor, *_: visitor.client.get("/nowhere", headers=JSON),
    "bad-request": lambda visitor, *_: visitor.client.get("/", headers=JSON | {"Host": "evil.example"}),
    "wrong-method": lambda visitor, *_: visitor.client.post("/", headers=JSON),
    "forged": forged,
    "too-large": too_large,
    "too-many": clips_waiting,
    "too-many-sessions": too_many_pages,
    "busy": house_full,
    "no-file": lambda visitor, *_: visitor.upload(b"", file=None),
    "empty": lambda visitor, *_: visitor.upload(b""),
    "unknown-environment": lambda visitor, clip, _: visitor.upload(clip, environment="casino"),
    "unknown-purpose": lambda visitor, clip, _: visitor.upload(clip, purpose="casino"),
    "bad-stretch": of_results("recording-boxes", "?from=5&to=1"),
    "bad-question": of_results("recording-interval", "?values=ten"),
    "too-long": too_long,
    "no-video-stream": only_subtitles,
    "no-picture": without_pictures,
}
OF_JOBS = {"damaged"}
"""What a job ends with: its sentence stands on the recording's page."""
ELSEWHERE = {
    *("crashed", "forbidden", "too-often", "disk-full", "held", "prohibited"),
    *("audio-only", "no-duration", "unknown-codec", "bad-rate", "unreadable"),
    *("interface-off", "unauthorized", "invalid", "not-ready", "no-results"),
    *("no-expressions", "no-such-stretch", "no-film"),
    *("decoder-crashed", "decoder-memory", "decoder-stuck"),
}
"""Those that are provoked by the tests of what refuses."""


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_provoked(code: str, visitor: Visitor, clip: Path, settings: Any) -> None:
    visitor.client.raise_request_exception = False
    answer = PROVOKED[code](visitor, clip, settings)
    error = answer.json()["error"]
    assert error == {"code": code, "message": error["message"]}
    assert re.fullmatch(r"[A-Z0-9].{10,}\.", error["message"], re.DOTALL)
    assert f"| `{code}` | {answer.status_code} |" in OVER_HTTP
    assert not re.search(r"Traceback|\.py\b|line \d+|/", error["message"])


@pytest.mark.parametrize("code", sorted(ELSEWHERE))
def test_or_in_a_test_of_its_own(code: str) -> None:
    tests = [path for package in PACKAGES for path in (ROOT / package).rglob("test_*.py") if path != Path(__file__)]
    assert any(f'"{code}"' in path.read_text(encoding="utf-8") for path in tests)


def test_no_code_is_left_out() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)` \| ", OVER_HTTP, re.MULTILINE))
    assert documented == set(PROVOKED) | ELSEWHERE | OF_JOBS
