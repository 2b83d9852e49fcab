"""The real SDK against a server on this machine that speaks Deepgram's protocol, in good and bad manners."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from analytics.transcript import parse
from emotion_ml.tests.patience import slack
from engageai.content import deepgram, transcribe, whisper
from engageai.content.tests.fakes import Parrot, StandIn, response, stand_in, talking_clip


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_clip(tmp_path_factory.mktemp("talking") / "clip.mp4")


def ask(service: StandIn, path: Path, timeout_s: float = 5.0) -> transcribe.Outcome:
    with whisper.replaced(Parrot("Heard here.")):
        return transcribe.transcribe(transcribe.Task(path, 2.0, 60.0, 1, service.access(timeout_s)), lambda share: None)


def test_its_answer_is_the_transcript(talking: Path) -> None:
    with stand_in() as service:
        outcome = ask(service, talking)
    assert (outcome.engine, outcome.note) == ("deepgram", "")
    assert outcome.response is not None
    found = parse(outcome.response)
    assert " ".join(word.text for word in found.words) == "Deepgram heard this. And this as well."
    assert (found.engine, found.model, found.language) == ("deepgram", "2-general-nova", "en")
    assert found.summary == "Deepgram tells what it heard."
    assert outcome.response["results"]["topics"] == response()["results"]["topics"]
    assert outcome.response["metadata"]["request_id"] == response()["metadata"]["request_id"]


def test_it_is_asked_as_its_reference_says(talking: Path) -> None:
    with stand_in() as service:
        ask(service, talking)
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/v1/listen")
    assert asked.query == {
        "model": "nova-3",
        "smart_format": "true",
        "paragraphs": "true",
        "utterances": "true",
        "summarize": "v2",
        "topics": "true",
        "detect_language": "true",
        "mip_opt_out": "true",
    }
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["authorization"] == "Token secret-key"
    assert headers["content-type"] == "application/octet-stream"
    assert headers["accept-encoding"] == "identity"


def test_it_gets_the_sound_and_nothing_else(talking: Path) -> None:
    with stand_in() as service:
        ask(service, talking)
    body = service.asked[0].body
    assert body.startswith(b"OggS")
    assert b"OpusHead" in body
    assert len(body) < 32_000
    assert [path.name for path in talking.parent.iterdir()] == ["clip.mp4"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "400": ({"status": 400, "answer": {"err_code": "Bad Request"}}, "Deepgram could not read the sound"),
    "401": ({"status": 401, "answer": {"err_code": "INVALID_AUTH"}}, "Deepgram refused the key"),
    "402": ({"status": 402, "answer": {"err_code": "ASR_PAYMENT_REQUIRED"}}, "The Deepgram account has no credit left"),
    "429": ({"status": 429, "answer": {"err_code": "TOO_MANY_REQUESTS"}}, "Deepgram is too busy"),
    "500": ({"status": 500, "answer": b"oops"}, "Deepgram did not answer"),
    "a slow drip": ({"manner": "drip"}, "Deepgram took too long"),
    "a cut connection": ({"manner": "cut"}, "Deepgram did not answer"),
    "what is no JSON": ({"answer": b"<html>hello</html>"}, "Deepgram did not answer"),
    "a list": ({"answer": [1, 2]}, "Deepgram's answer was not a transcript"),
    "a text": ({"answer": "yes"}, "Deepgram's answer was not a transcript"),
    "an empty object": ({"answer": {}}, "Deepgram's answer was not a transcript"),
    "words without times": (
        {"answer": {"results": {"channels": [{"alternatives": [{"words": [{"word": "a"}]}]}]}}},
        "Deepgram's answer was not a transcript",
    ),
    "no words": (
        {"answer": {"results": {"channels": [{"alternatives": [{"transcript": "", "words": []}]}]}}},
        "Deepgram heard no words",
    ),
    "packed": ({"manner": "packed"}, "Deepgram did not answer"),
    "without an end": ({"manner": "endless"}, "Deepgram did not answer"),
    "elsewhere": ({"status": 302, "manner": "redirect"}, "Deepgram did not answer"),
}


@pytest.mark.parametrize("name", BAD)
def test_whatever_fails_is_done_here_and_said(name: str, talking: Path) -> None:
    manner, reason = BAD[name]
    with stand_in(**manner) as service:
        began = time.monotonic()
        outcome = ask(service, talking, timeout_s=1.0 if name == "a slow drip" else 5.0)
        assert time.monotonic() - began < 5.0 * slack()
    assert (outcome.engine, outcome.note) == ("embedded", f"{reason}; transcribed on this machine instead.")
    assert outcome.response is not None
    assert parse(outcome.response).words[0].text == "Heard"
    assert len(service.asked) == 1  # no second try, and nowhere else


def test_nobody_at_home_is_found_out_at_once(talking: Path) -> None:
    with stand_in() as service:
        pass
    outcome = ask(service, talking)
    assert outcome.note == "Deepgram did not answer; transcribed on this machine instead."


def test_both_may_fail(talking: Path) -> None:
    with stand_in(401, {}) as service, whisper.replaced(Parrot("")):
        task = transcribe.Task(talking, 2.0, 60.0, 1, service.access())
        outcome = transcribe.transcribe(task, lambda share: None)
    assert (outcome.response, outcome.note) == (None, "Deepgram refused the key. No speech was heard.")


def test_it_can_be_stopped_while_it_waits(talking: Path) -> None:
    class Stop(Exception):
        pass

    with stand_in(manner="drip") as service:
        began = time.monotonic()

        def step(share: float) -> None:
            if service.asked and time.monotonic() - began > 0.2:
                raise Stop

        with pytest.raises(Stop):
            transcribe.transcribe(transcribe.Task(talking, 2.0, 60.0, 1, service.access()), step)
        assert time.monotonic() - began < 3.0 * slack()


def test_it_is_not_asked_for_a_recording_without_sound(clip: Path) -> None:
    with stand_in() as service:
        outcome = ask(service, clip)
    assert (outcome.response, outcome.note, service.asked) == (None, "This recording has no sound.", [])


def test_the_key_is_in_no_log(talking: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    with stand_in(401, {"err_msg": "secret-key"}) as service:
        ask(service, talking)
    assert "secret-key" not in caplog.text


def test_its_own_address_is_the_default() -> None:
    assert deepgram.Access("key").url == "https://api.deepgram.com"
