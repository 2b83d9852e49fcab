"""`manage.py transcribe`: Deepgram's shape in a file, without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analytics.transcript import parse
from engageai.content import whisper
from engageai.content.tests.fakes import Parrot, stand_in, talking_clip


@pytest.fixture
def talking(tmp_path: Path) -> Path:
    return talking_clip(tmp_path / "clip.mp4")


def transcribe(video: Path, out: Path, *options: str) -> str:
    with whisper.replaced(Parrot()):
        call_command("transcribe", str(video), "--json", str(out), *options)
    return " ".join(word.text for word in parse(json.loads(out.read_text())).words)


def test_what_is_said_goes_to_the_file(talking: Path, tmp_path: Path) -> None:
    assert transcribe(talking, tmp_path / "out.json") == "Hello there. This is a talk."


def test_nothing_is_sent_unless_that_is_asked_for(talking: Path, tmp_path: Path, settings: Any) -> None:
    with stand_in() as service:
        settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_URL = "key", service.url
        assert transcribe(talking, tmp_path / "out.json").startswith("Hello")
        assert service.asked == []
        assert transcribe(talking, tmp_path / "out.json", "--deepgram").startswith("Deepgram heard")


def test_without_a_key_deepgram_cannot_be_asked(talking: Path, tmp_path: Path, settings: Any) -> None:
    settings.DEEPGRAM_API_KEY = ""
    with pytest.raises(CommandError, match="DEEPGRAM_API_KEY"):
        transcribe(talking, tmp_path / "out.json", "--deepgram")


def test_what_cannot_be_transcribed_says_why(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"This recording has no sound\."):
        transcribe(clip, tmp_path / "out.json")
    with pytest.raises(CommandError, match="No such file"):
        transcribe(tmp_path / "none.mp4", tmp_path / "out.json")
    (tmp_path / "text.mp4").write_text("nothing")
    with pytest.raises(CommandError, match="cannot be read as a video"):
        transcribe(tmp_path / "text.mp4", tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()
