"""What was said, as its page shows it: every state in words, each paragraph beside what was read, nothing made up."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from analytics import page, store, transcripts
from analytics.correlate import Correlation
from analytics.models import Recording, Transcript, TranscriptStatus
from analytics.readings import Readings
from analytics.tests.synthetic import audience, one_hot
from emotion_ml.types import LeftOut
from engageai.conftest import Visitor

pytestmark = pytest.mark.django_db

SPAN_S = 30.0
LENGTH_S = 600.0
DIP = 1  # the paragraph during which nobody is happy
HOSTILE = "He said <script>alert(1)</script> & left."


def response(*texts: str) -> dict[str, Any]:
    """In Deepgram's shape, a paragraph every 30 s, a word every second."""
    words, paragraphs = [], []
    for row, text in enumerate(texts):
        start_s = row * SPAN_S
        words += [
            {"word": word, "punctuated_word": word, "start": start_s + k, "end": start_s + k + 0.9, "confidence": 0.9}
            for k, word in enumerate(text.split())
        ]
        sentence = {"text": text, "start": start_s, "end": start_s + SPAN_S}
        paragraphs.append({"sentences": [sentence], "start": start_s, "end": start_s + SPAN_S})
    alternative = {"transcript": " ".join(texts), "words": words, "paragraphs": {"paragraphs": paragraphs}}
    return {"metadata": {"duration": LENGTH_S}, "results": {"channels": [{"alternatives": [alternative]}]}}


def room(until_s: float = LENGTH_S) -> Readings:
    times = np.arange(0, until_s, 0.5)
    is_dip = (times >= DIP * SPAN_S) & (times < (DIP + 1) * SPAN_S)
    noise = np.random.default_rng(0).dirichlet([1, 1, 1, 1, 1], (len(times), 3))
    shown = np.where(is_dip[:, None], one_hot("Sad"), one_hot("Happy"))[:, None, :]
    return audience(times, 0.8 * shown + 0.2 * noise)


@pytest.mark.parametrize(
    ("lag_s", "p_value", "shown"),
    [
        (0.0, 0.0074, "Faces changed together with the words (p = 0.007); each paragraph is compared with what was"),
        (1.5, 0.0074, "Faces followed the words by 1.5 s (p = 0.007); each paragraph is compared with what was"),
        (0.0, None, "No delay of faces behind words could be shown; a paragraph is compared with what was"),
    ],
)
def test_the_delay_of_faces_behind_words_is_a_sentence(lag_s: float, p_value: float | None, shown: str) -> None:
    said = page.lag_sentence(Correlation(lag_s, p_value is not None, p_value, ()))
    assert said == f"{shown} read {'that much later' if lag_s else 'while it lasted'}."


def analysed(visitor: Visitor, clip: Path, readings: Readings, stopped_at_s: float | None = None) -> Recording:
    recording = visitor.uploaded(clip)
    store.claim(recording.id)
    store.append(recording.id, readings, 1.0)
    store.finish(recording.id, stopped_at_s=stopped_at_s)
    recording.refresh_from_db()
    transcripts.open_for(recording)
    return recording


def said(recording: Recording, *texts: str, note: str = "") -> Recording:
    transcripts.claim(recording.id)
    transcripts.save(recording, response(*texts), "embedded", note)
    return recording


def fragment(visitor: Visitor, recording: Recording, environment: str = "general") -> str:
    answer = visitor.client.get(
        visitor.url("content-transcript", recording), {"environment": environment}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    return analysed(visitor, clip, room())


def test_a_waiting_transcript_asks_again_and_can_be_stopped(visitor: Visitor, recording: Recording) -> None:
    text = fragment(visitor, recording, "seminar")
    assert "Waiting to be written down" in text
    assert re.search(r'hx-get="[^"]*/transcript/\?environment=seminar" hx-trigger="every 1s"', text)
    assert "Stop transcribing" in text


def test_a_running_transcript_says_how_far_it_is(visitor: Visitor, recording: Recording) -> None:
    transcripts.claim(recording.id)
    transcripts.update(recording.id, progress=0.42)
    text = fragment(visitor, recording)
    assert "42 %" in text
    assert 'value="0.4200"' in text


@pytest.mark.parametrize(
    ("status", "note", "shown"),
    [
        (TranscriptStatus.ABSENT, "This recording has no sound.", "This recording has no sound."),
        (TranscriptStatus.ABSENT, "No speech was heard.", "Nothing is made up in its place"),
        (TranscriptStatus.FAILED, "", "a fault on our side"),
        (TranscriptStatus.CANCELLED, "", "Stopped by you"),
    ],
)
def test_where_there_are_no_words_it_says_why_and_asks_no_more(
    status: TranscriptStatus, note: str, shown: str, visitor: Visitor, recording: Recording
) -> None:
    transcripts.claim(recording.id)
    transcripts.end(recording.id, status, note)
    text = fragment(visitor, recording)
    assert shown in text
    assert "What stands above comes from the picture alone and is not affected" in text
    assert "hx-get" not in text
    assert "data-said-list" not in text


def test_a_paragraph_stands_beside_what_was_read_meanwhile(visitor: Visitor, recording: Recording) -> None:
    text = fragment(visitor, said(recording, "All is well.", "Now it is not.", "And well again."))
    first, second, third = text.split('<li class="paragraph"')[1:]
    assert 'data-seek="30.000"' in second
    assert "Now it is not." in second
    assert "Lower than the rest" in second
    assert "Mostly sad" in second
    assert "Mostly happy" in first
    assert "seen 100 % of the time" in third
    assert len(re.findall(r"[+−][0-9]\.[0-9]{2}, <i>p</i> [<=] ", text)) == 3  # noqa: RUF001


def test_another_environment_gives_another_score(visitor: Visitor, recording: Recording) -> None:
    said(recording, "All is well.", "Now it is not.")
    scores = {name: fragment(visitor, recording, name).split("<b>")[1][:3] for name in ("classroom", "product_demo")}
    assert len(set(scores.values())) == 2


def test_words_are_shown_as_text_and_never_as_markup(visitor: Visitor, recording: Recording) -> None:
    text = fragment(visitor, said(recording, HOSTILE))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_fall_back_and_a_partial_result_are_said_beside_the_words(visitor: Visitor, clip: Path) -> None:
    recording = analysed(visitor, clip, room(60.0), stopped_at_s=60.0)
    text = fragment(visitor, said(recording, "All is well.", "Now not.", "Again.", note="Deepgram did not answer."))
    assert "Deepgram did not answer." in text
    assert "Faces were read up to 1:00." in text
    assert "Not analysed" in text.split('<li class="paragraph"')[3]
    assert text.count("Not analysed") == 1
    assert "too little for a score" not in text


def test_faces_that_could_not_be_read_are_not_called_nobody(visitor: Visitor, clip: Path) -> None:
    seen = room()
    turned = np.where(seen.times[seen.frame] >= 2 * SPAN_S, LeftOut.TURNED, seen.left_out).astype(seen.left_out.dtype)
    recording = analysed(visitor, clip, replace(seen, left_out=turned))
    third = fragment(visitor, said(recording, "All is well.", "Now not.", "Again.")).split('<li class="paragraph"')[3]
    assert "Too little could be read" in third
    assert "of the time: too little for a score." in third
    assert "Nobody" not in third


def test_a_paragraph_of_few_readings_is_called_too_short_and_not_unseen(visitor: Visitor, clip: Path) -> None:
    recording = analysed(visitor, clip, room())
    transcripts.claim(recording.id)
    made = response("All is well.", "Yes.")
    for part in made["results"]["channels"][0]["alternatives"][0]["paragraphs"]["paragraphs"][1:]:
        part["end"] = part["sentences"][0]["end"] = part["start"] + 2.0
    transcripts.save(recording, made, "embedded", "")
    last = fragment(visitor, recording).split('<li class="paragraph"')[2]
    assert "Too short for a score" in last
    assert "4 readings with a face; a score needs 5." in last
    assert "Nobody to be seen" not in last


def test_words_without_any_face_stand_alone(visitor: Visitor, clip: Path) -> None:
    text = fragment(visitor, said(analysed(visitor, clip, Readings.of([])), "All is well."))
    assert "No face could be read while anyone spoke" in text
    assert "paragraph-faces" not in text


def test_the_page_has_no_inline_style_and_no_inline_script(visitor: Visitor, recording: Recording) -> None:
    text = fragment(visitor, said(recording, "All is well.", "Now it is not."))
    assert not re.search(r"<script|<style| style=| on[a-z]+=", text)


def test_nobody_else_sees_it(visitor: Visitor, recording: Recording) -> None:
    said(recording, "All is well.")
    keys = [recording.session_id, recording.id]
    assert Client().get(reverse("content-transcript", args=keys)).status_code == 404
    assert Transcript.objects.count() == 1


def test_consent_is_asked_for_only_where_there_is_somebody_to_send_to(client: Client, settings: Any) -> None:
    assert "may_send" not in client.get(reverse("upload-start")).content.decode()
    settings.DEEPGRAM_API_KEY = "key"
    text = client.get(reverse("upload-start")).content.decode()
    assert re.search(r'<input type="checkbox" name="may_send_sound"[^>]*>', text)
    assert "checked" not in text.split('id="consents"')[1].split("</fieldset>")[0]
    assert "<b>Deepgram</b>" in text
    assert "unless you agree to it here" in text
