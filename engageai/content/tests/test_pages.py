"""What the owner of a recording sees of its words, what may be taken away, and what was agreed to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from analytics import folders, store, transcripts
from analytics.models import Recording, Transcript, TranscriptStatus
from analytics.tests.synthetic import audience, dirichlet
from analytics.transcript import ENGLISH_ONLY, Word
from engageai.conftest import Visitor
from engageai.content import shape
from engageai.content.tests.fakes import response, words

pytestmark = pytest.mark.django_db

TEXT = "The <script>alert(1)</script> of learning. | A second paragraph begins. | A third one ends it all."


@pytest.fixture
def recording(visitor: Visitor, clip: Path) -> Recording:
    """One whose results can be seen, and whose transcript waits."""
    recording = visitor.uploaded(clip)
    store.claim(recording.id)
    store.append(recording.id, audience(np.arange(60) / 5, dirichlet(60, 2)), 1.0)
    store.finish(recording.id)
    transcripts.open_for(recording)
    return Recording.objects.get(id=recording.id)


def written(recording: Recording, answer: dict[str, Any] | None = None, note: str = "") -> Recording:
    transcripts.claim(recording.id)
    made = shape.build(words(TEXT), language="en", duration_s=2.0, model="parrot", sha256="0" * 64)
    transcripts.save(recording, answer or made, "deepgram" if answer else "embedded", note)
    return recording


def fragment(visitor: Visitor, recording: Recording, query: str = "") -> Any:
    return visitor.client.get(visitor.url("content-transcript", recording) + query)


def test_while_it_waits_the_fragment_asks_again(visitor: Visitor, recording: Recording) -> None:
    answer = fragment(visitor, recording)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert "hx-trigger" in answer.text
    assert visitor.url("content-cancel", recording) in answer.text


def test_a_model_of_one_language_says_so(visitor: Visitor, recording: Recording) -> None:
    written(recording)
    assert ENGLISH_ONLY not in fragment(visitor, recording).text
    knows_english = shape.build(words(TEXT), language="", duration_s=2.0, model="whisper-tiny.en", sha256="0" * 64)
    folders.put(store.recording_folder(recording) / folders.TRANSCRIPT, json.dumps(knows_english).encode())
    assert ENGLISH_ONLY in fragment(visitor, recording).text
    path = reverse("content-file", args=[visitor.session.id, recording.id, "json"])
    said = json.loads(visitor.client.get(path).content)
    assert "detected_language" not in said["results"]["channels"][0]


def test_without_a_row_yet_it_waits_too(visitor: Visitor, recording: Recording) -> None:
    recording.transcript.delete()
    assert "hx-trigger" in fragment(visitor, recording).text


def test_every_paragraph_has_its_words_and_its_comparison(visitor: Visitor, recording: Recording) -> None:
    answer = fragment(visitor, written(recording, note="Said so."), "?environment=classroom")
    shown = answer.context["paragraphs"]
    assert [view.text for view in shown] == [part.strip() for part in TEXT.split("|")]
    assert [view.comparison.start_s for view in shown] == [view.start_s for view in shown]
    assert shown[0].speech.words == 4
    assert answer.context["environment"].name == "classroom"
    assert "Said so." in answer.text
    assert "hx-trigger" not in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_a_word_without_length_counts_in_the_paragraph_that_it_ends(visitor: Visitor, recording: Recording) -> None:
    times = {"One": (0.0, 0.5), "two.": (0.5, 0.9), "End.": (0.9, 0.9), "Yes.": (3.0, 3.0)}
    said = [Word(text, *span, 0.9) for text, span in times.items()]
    made = shape.build(said, language="en", duration_s=12.0, model="parrot", sha256="0" * 64)
    shown = fragment(visitor, written(recording, made)).context["paragraphs"]
    assert [view.speech.words for view in shown] == [3, 1]


def test_a_summary_of_the_service_is_shown_in_its_words(visitor: Visitor, recording: Recording) -> None:
    answer = fragment(visitor, written(recording, response()))
    assert answer.context["summary"] == ("Deepgram tells what it heard.",)
    assert "Deepgram heard this." in answer.text


@pytest.mark.parametrize("status", [TranscriptStatus.ABSENT, TranscriptStatus.FAILED, TranscriptStatus.CANCELLED])
def test_its_absence_is_explained(visitor: Visitor, recording: Recording, status: TranscriptStatus) -> None:
    transcripts.claim(recording.id)
    transcripts.end(recording.id, status, "This is why.")
    answer = fragment(visitor, recording)
    assert "This is why." in answer.text
    assert "hx-trigger" not in answer.text
    assert visitor.client.get(visitor.url("recording-show", recording)).status_code == 200


def test_an_unknown_environment_is_not_found(visitor: Visitor, recording: Recording) -> None:
    assert fragment(visitor, recording, "?environment=moon").status_code == 404


def test_before_the_results_there_is_nothing(visitor: Visitor, clip: Path) -> None:
    assert fragment(visitor, visitor.uploaded(clip)).status_code == 404


def test_it_can_be_stopped(visitor: Visitor, recording: Recording) -> None:
    url = visitor.url("content-cancel", recording)
    assert visitor.client.get(url).status_code == 405
    answer = visitor.client.post(url, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.context["transcript"].status) == (200, "cancelled")
    plain = visitor.client.post(url)
    assert (plain.status_code, plain["Location"]) == (303, visitor.url("recording-show", recording))


def test_what_was_stopped_can_be_asked_for_again(visitor: Visitor, recording: Recording) -> None:
    url = visitor.url("content-again", recording)
    assert url not in fragment(visitor, recording).text, "it is on its way"
    visitor.client.post(visitor.url("content-cancel", recording))
    assert url in fragment(visitor, recording).text
    assert visitor.client.get(url).status_code == 405
    answer = visitor.client.post(url, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.context["transcript"].status) == (200, "waiting")
    assert "hx-trigger" in answer.text
    plain = visitor.client.post(url)
    assert (plain.status_code, plain["Location"]) == (303, visitor.url("recording-show", recording))


def test_where_there_is_nothing_to_write_down_nothing_is_tried_again(visitor: Visitor, recording: Recording) -> None:
    transcripts.claim(recording.id)
    transcripts.end(recording.id, TranscriptStatus.ABSENT, "This recording has no sound.")
    assert visitor.url("content-again", recording) not in fragment(visitor, recording).text
    visitor.client.post(visitor.url("content-again", recording))
    assert Transcript.objects.get().status == "absent"


@pytest.mark.parametrize(
    ("kind", "media_type", "start"),
    [
        ("txt", "text/plain; charset=utf-8", "[00:00:00] The <script>"),
        ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,000 --> "),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n"),
        ("json", "application/json", "{\n"),
    ],
)
def test_it_can_be_taken_away(kind: str, media_type: str, start: str, visitor: Visitor, recording: Recording) -> None:
    url = visitor.url("content-transcript", written(recording)).rstrip("/") + f".{kind}"
    answer = visitor.client.get(url)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, media_type, "no-store")
    assert re.fullmatch(rf'attachment; filename="talk-[\w.]+-transcript\.{kind}"', answer["Content-Disposition"])
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.text.startswith(start)
    if kind == "json":
        assert json.loads(answer.text) == store.transcript_of(recording)


@pytest.mark.parametrize("kind", ["exe", "txt"])
def test_what_is_not_there_is_not_found(kind: str, visitor: Visitor, recording: Recording) -> None:
    url = visitor.url("content-transcript", recording).rstrip("/") + f".{kind}"
    assert visitor.client.get(url).status_code == 404


def test_engagement_comes_as_a_track_without_any_words(visitor: Visitor, recording: Recording) -> None:
    answer = visitor.client.get(visitor.url("content-engagement", recording) + "?environment=seminar")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/vtt; charset=utf-8")
    assert answer["Content-Disposition"].endswith('-seminar-engagement.vtt"')
    assert '"environment": "seminar"' in answer.text


def test_a_camera_says_that_it_has_no_sound(visitor: Visitor) -> None:
    recording = store.add_live(visitor.session, name="camera", environment="general")
    store.finish(recording.id)
    answer = fragment(visitor, recording)
    assert "without its microphone" in answer.text
    assert "hx-trigger" not in answer.text


def agreed(recording: Recording) -> tuple[bool, bool, bool]:
    return recording.may_send_sound, recording.may_send_text, recording.may_search


ALL: dict[str, Any] = {"may_send_sound": "on", "may_send_text": "on", "may_search": "on"}


def test_what_was_agreed_to_is_kept_where_it_was_asked(visitor: Visitor, clip: Path, settings: Any) -> None:
    settings.DEEPGRAM_API_KEY, settings.GOOGLE_API_KEY, settings.SCHOLARLY_ONLINE = "key", "key", True
    assert visitor.upload(clip, **ALL).status_code == 201
    assert agreed(visitor.session.recordings.get()) == (True, True, True)


@pytest.mark.parametrize("word", ["no", "No", "0", "off", "f", "n", "false", "", "maybe", "[object Object]"])
def test_only_yes_is_yes(word: str, visitor: Visitor, clip: Path, settings: Any) -> None:
    """For programs, whose interface reads these words as false: form and interface are one door."""
    settings.DEEPGRAM_API_KEY, settings.GOOGLE_API_KEY, settings.SCHOLARLY_ONLINE = "key", "key", True
    assert visitor.upload(clip, may_send_sound=word, may_send_text=word, may_search=word).status_code == 201
    assert agreed(visitor.session.recordings.get()) == (False, False, False)


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "y", "t"])
def test_yes_has_many_words(word: str, visitor: Visitor, clip: Path, settings: Any) -> None:
    settings.DEEPGRAM_API_KEY, settings.GOOGLE_API_KEY, settings.SCHOLARLY_ONLINE = "key", "key", True
    assert visitor.upload(clip, may_send_sound=word, may_send_text=word, may_search=word).status_code == 201
    assert agreed(visitor.session.recordings.get()) == (True, True, True)


def test_nothing_is_agreed_to_by_itself(visitor: Visitor, clip: Path, settings: Any) -> None:
    settings.DEEPGRAM_API_KEY, settings.GOOGLE_API_KEY, settings.SCHOLARLY_ONLINE = "key", "key", True
    assert agreed(visitor.uploaded(clip)) == (False, False, False)


def test_what_was_not_asked_for_cannot_be_agreed_to(visitor: Visitor, clip: Path, settings: Any) -> None:
    settings.DEEPGRAM_API_KEY, settings.GOOGLE_API_KEY, settings.SCHOLARLY_ONLINE = "", "", False
    assert visitor.upload(clip, **ALL).status_code == 201
    assert agreed(visitor.session.recordings.get()) == (False, False, False)


def test_the_start_page_names_who_would_be_sent_what(visitor: Visitor, settings: Any) -> None:
    assert "may_send_sound" not in visitor.client.get("/").text
    settings.DEEPGRAM_API_KEY = "key"
    page = visitor.client.get("/").text
    assert 'name="may_send_sound"' in page
    assert "Deepgram" in page
    assert "may_send_text" not in page
