"""Whatever else is sent in place of a recording, under whatever name: a reason, nothing kept, nobody called."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from django.urls import reverse

from analytics.models import Recording
from emotion_ml.tests import bad_files, clips
from emotion_ml.tests.patience import slack
from engageai.conftest import Visitor
from engageai.upload import jobs

pytestmark = pytest.mark.django_db

REFUSAL_S = 2.0
BOMBS = (
    "gif of 65535 x 65535",
    "avi of 8192 x 8192",
    "mp4 wider than 4k",
    "pixels a hundred times as wide",
    "ten hours",
    "ten thousand pictures a second",
    "sizes of four billion pictures",
    "gzip bomb",
)


@dataclass(frozen=True, slots=True)
class Corpus:
    files: dict[str, bytes]
    listener: socket.socket

    def was_called(self) -> bool:
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("bad")
    secret = clips.write(folder / "secret.ts", clips.steady(25, 1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield Corpus(bad_files.corpus(folder, url, secret), listener)


def test_no_bad_file_is_taken_and_each_gets_a_reason(
    corpus: Corpus, visitor: Visitor, files: Callable[[], list[str]]
) -> None:
    taken = {}
    for name, content in corpus.files.items():
        answer = visitor.upload(content, "talk.mp4")
        error = answer.json().get("error", {})
        if answer.status_code != 422 or not error["message"].endswith(".") or error["code"].startswith("decoder"):
            taken[name] = (answer.status_code, error)
    assert taken == {}
    assert not Recording.objects.exists()
    assert files() == []
    assert len(corpus.files) >= 60
    assert not corpus.was_called()


@pytest.mark.parametrize("name", bad_files.NAMES)
def test_no_name_makes_it_better(name: str, corpus: Corpus, visitor: Visitor, files: Callable[[], list[str]]) -> None:
    for content in ("html", "hls of a file", "elf"):
        answer = send(visitor, corpus.files[content], name)
        assert answer.status_code in (400, 422)
        assert answer.json()["error"]["message"].endswith(".")
    assert not Recording.objects.exists()
    assert files() == []


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_header(name: str, corpus: Corpus, visitor: Visitor) -> None:
    visitor.upload(corpus.files["text"])  # begins the decoders' process, which is not what is timed
    began_s = time.monotonic()
    assert visitor.upload(corpus.files[name]).status_code == 422
    assert time.monotonic() - began_s < REFUSAL_S * slack()


@pytest.mark.usefixtures("engine")
def test_a_damaged_recording_gives_results_a_part_of_them_or_a_reason(
    visitor: Visitor, tmp_path: Path, settings: Any
) -> None:
    settings.MAX_QUEUED = 100
    ends = []
    look = clips.Look(width=64, height=48)
    data = clips.write(tmp_path / "a.mp4", clips.steady(25, 2), look, options={"movflags": "faststart"}).read_bytes()
    for mutant in mutants(data):
        answer = visitor.upload(mutant)
        if answer.status_code != 201:
            assert answer.json()["error"]["message"].endswith(".")
            ends.append(answer.status_code)
            continue
        recording = visitor.session.recordings.latest("created_at")
        jobs.analyse.call(str(recording.id))
        recording.refresh_from_db()
        assert recording.status == "done" or recording.message not in ("", jobs.FAILED)
        assert (recording.status == "partial") is (recording.stopped_at_s is not None)
        ends.append(recording.status)
    assert {"done", "partial", 422} <= set(ends) <= {"done", "partial", "failed", 422}


def mutants(data: bytes) -> Iterator[bytes]:
    chance = random.Random(4)
    yield data
    for percent in range(10, 100, 10):
        yield data[: len(data) * percent // 100]
    for _ in range(10):
        mutant = bytearray(data)
        for _ in range(8):
            mutant[chance.randrange(len(data))] = chance.randrange(256)
        yield bytes(mutant)


def send(visitor: Visitor, content: bytes, name: str) -> Any:
    """The bytes of the form as a program writes them: Django's own would clean the name before it is sent."""
    field = 'Content-Disposition: form-data; name="{}"'
    body = b"\r\n".join(
        [
            *(b"--edge", field.format("environment").encode(), b"", b"seminar"),
            *(b"--edge", f'{field.format("file")}; filename="{name}"'.encode(), b"", content),
            *(b"--edge--", b""),
        ]
    )
    url = reverse("upload-new", args=[visitor.session.id])
    headers = {"Accept": "application/json"}
    return visitor.client.post(url, body, content_type="multipart/form-data; boundary=edge", headers=headers)


def test_whoever_follows_such_a_list_is_noticed(corpus: Corpus, tmp_path: Path) -> None:
    """The alarm itself works: opened without our whitelists, the same file calls."""
    assert not corpus.was_called()
    path = tmp_path / "list.m3u8"
    path.write_bytes(corpus.files["hls of an address"])
    with pytest.raises(av.FFmpegError):
        av.open(str(path), format="hls", timeout=0.2, options={"protocol_whitelist": "file,http,tcp"})
    assert corpus.was_called()
