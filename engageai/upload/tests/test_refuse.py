"""What is not a recording is refused with a sentence, and nothing of it is kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from analytics.models import Recording
from engageai.conftest import Visitor

pytestmark = pytest.mark.django_db

HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/segment.ts\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile '/etc/passwd'\nduration 5\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("talk.mp4", b"not here either")
    return buffer.getvalue()


def sound_only() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        stream: Any = out.add_stream("aac", rate=44_100)
        frame = AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


BAD = {
    "text": b"Dear Sir or Madam,\n" * 100,
    "html": b"<!doctype html><title>talk.mp4</title>" * 20,
    "svg": SVG,
    "zip": archive(),
    "program": b"\x7fELF\x02\x01\x01" + bytes(200),
    "playlist": HLS,
    "list of files": CONCAT,
    "sound": sound_only(),
    "one byte": b"\x00",
    "zeros": bytes(10_000),
    "noise": np.random.default_rng(1).bytes(10_000),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_is_no_video_is_refused_by_its_content(
    content: bytes, visitor: Visitor, files: Callable[[], list[str]]
) -> None:
    answer = visitor.upload(content, "talk.mp4")
    error = answer.json()["error"]
    assert answer.status_code == 422
    assert set(error) == {"code", "message"}
    assert error["message"].endswith(".")
    assert_nothing_is_kept(files)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5])
def test_a_cut_off_file_whose_index_is_lost_is_refused(
    share: float, visitor: Visitor, clip: Path, files: Callable[[], list[str]]
) -> None:
    content = clip.read_bytes()
    answer = visitor.upload(content[: max(1, int(len(content) * share))])
    assert answer.status_code == 422
    assert_nothing_is_kept(files)


def test_an_empty_file_is_refused(visitor: Visitor, files: Callable[[], list[str]]) -> None:
    answer = visitor.upload(b"")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "empty")
    assert_nothing_is_kept(files)


@pytest.mark.parametrize("environment", [None, "", "casino", "CLASSROOM"])
def test_an_unknown_environment_is_refused(
    environment: str | None, visitor: Visitor, clip: Path, files: Callable[[], list[str]]
) -> None:
    answer = visitor.upload(clip, environment=environment)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown-environment")
    assert_nothing_is_kept(files)


def test_a_form_without_a_file_is_refused(visitor: Visitor, files: Callable[[], list[str]]) -> None:
    answer = visitor.upload(b"", file=None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no-file")
    assert_nothing_is_kept(files)


def test_a_file_that_is_only_a_field_is_refused(visitor: Visitor, files: Callable[[], list[str]]) -> None:
    answer = visitor.upload(b"", file="talk.mp4")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no-file")
    assert_nothing_is_kept(files)


def test_a_file_that_is_too_large_is_refused(
    visitor: Visitor, clip: Path, files: Callable[[], list[str]], settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = clip.stat().st_size - 1
    answer = visitor.upload(clip)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")
    assert_nothing_is_kept(files)


def test_a_recording_that_is_too_long_is_refused(
    visitor: Visitor, clip: Path, files: Callable[[], list[str]], settings: Any
) -> None:
    settings.MAX_MINUTES = 1 / 60
    answer = visitor.upload(clip)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too-long")
    assert_nothing_is_kept(files)


def test_a_plain_form_gets_the_start_page_again_with_the_sentence(visitor: Visitor) -> None:
    answer = visitor.upload(BAD["text"], json=False)
    assert answer.status_code == 422
    assert answer.context["session"] == visitor.session
    assert answer.context["chosen"] == "seminar"
    assert answer.context["error"] in answer.content.decode()


def assert_nothing_is_kept(files: Callable[[], list[str]]) -> None:
    assert not Recording.objects.exists()
    assert files() == []
