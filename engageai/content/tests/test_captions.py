"""Text and captions out of words, and engagement as a track of cues."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from analytics import scoring, timeline
from analytics.tests.synthetic import audience, dirichlet, nobody
from analytics.transcript import ENGLISH_ONLY, Transcript, parse
from engageai.content import captions, shape
from engageai.content.tests.fakes import words

CUE = re.compile(r"^(\d\d:\d\d:\d\d[.,]\d\d\d) --> (\d\d:\d\d:\d\d[.,]\d\d\d)$", re.MULTILINE)


def spoken(text: str, start_s: float = 0.0) -> Transcript:
    made = shape.build(words(text, start_s), language="en", duration_s=9.0, model="whisper-tiny.en", sha256="ab" * 32)
    return parse(json.loads(json.dumps(made)))


def test_words_come_back_as_they_went_in() -> None:
    found = spoken("Hello there. | It works, (really).")
    assert (found.engine, found.model, found.language, found.duration_s) == ("embedded", "whisper-tiny.en", "en", 9.0)
    assert [paragraph.text for paragraph in found.paragraphs] == ["Hello there.", "It works, (really)."]
    assert [round(word.start_s, 2) for word in found.words] == [0.0, 0.3, 2.1, 2.4, 2.7]


def test_text_has_a_paragraph_a_line_with_its_time() -> None:
    assert (
        captions.as_text(spoken("Hello there. | Again.", 3600.0)) == "[01:00:00] Hello there.\n\n[01:00:02] Again.\n\n"
    )


def test_srt_has_numbered_cues_of_at_most_eight_words() -> None:
    srt = captions.as_srt(spoken("one two three four five six seven eight nine ten. | Then."))
    assert CUE.findall(srt) == [
        ("00:00:00,000", "00:00:02,370"),
        ("00:00:02,400", "00:00:02,970"),
        ("00:00:04,500", "00:00:04,770"),
    ]
    assert [line for line in srt.splitlines() if line.isdecimal()] == ["1", "2", "3"]
    assert "nine ten." in srt


def lengths_s(cues: list[tuple[str, str]]) -> list[float]:
    ends = [[int(each[3:5]) * 60 + float(each[6:].replace(",", ".")) for each in cue] for cue in cues]
    return [round(end_s - start_s, 3) for start_s, end_s in ends]


def test_words_without_spaces_fill_lines_of_a_few_seconds() -> None:
    srt = captions.as_srt(spoken(" ".join("今天我们学习怎样让听众保持注意力。" * 4)))
    lines = [line for line in srt.splitlines() if line and not line[0].isdecimal()]
    assert [len(line) for line in lines] == [21, 21, 21, 5]
    assert not any(" " in line for line in lines)
    assert max(lengths_s(CUE.findall(srt))) <= 7.0


def test_a_cue_is_neither_long_nor_wide() -> None:
    slow = Transcript("en", tuple(words("one two three four", each_s=3.0)), (), "embedded", "", 12.0, "")
    assert lengths_s(CUE.findall(captions.as_srt(slow))) == [5.7, 5.7]
    lines = captions.as_srt(spoken("extraordinarily " * 4)).splitlines()
    assert [line for line in lines if "extra" in line] == ["extraordinarily extraordinarily"] * 2


def test_webvtt_says_who_transcribed_and_escapes_what_was_said() -> None:
    vtt = captions.as_vtt(spoken("if a < b && c --> d <b>then</b> stop."))
    assert vtt.startswith(f"WEBVTT\n\nNOTE\nTranscribed by whisper-tiny.en\n{ENGLISH_ONLY}\n\n00:00")
    assert "a &lt; b &amp;&amp; c --&gt; d\n" in vtt
    assert "\n&lt;b&gt;then&lt;/b&gt; stop." in vtt
    assert len(CUE.findall(vtt)) == 2


def test_no_words_make_no_captions() -> None:
    nothing = spoken("")
    assert (captions.as_text(nothing), captions.as_srt(nothing), captions.as_vtt(nothing)) == ("", "", "WEBVTT\n")


def test_engagement_is_a_cue_every_five_seconds_with_its_interval() -> None:
    environment = scoring.environment("seminar")
    instants = timeline.instants(audience(np.arange(300) / 5, dirichlet(300, 2)))
    vtt = captions.engagement_vtt(instants, environment)
    payloads = [json.loads(line) for line in vtt.splitlines() if line.startswith("{")]
    cues = CUE.findall(vtt)
    assert vtt.startswith("WEBVTT\n")
    assert cues[-1] == ("00:00:55.000", "00:01:00.000")
    assert len(cues) == len(payloads) > 8
    for payload in payloads:
        assert payload["environment"] == "seminar"
        assert 1 <= payload["low"] <= payload["score"] <= payload["high"] <= 5
    expected = scoring.score(timeline.rolling(instants, 30.0)[275], environment)
    assert payloads[-1]["score"] == pytest.approx(float(expected), abs=1e-3)


def test_where_nobody_was_seen_there_is_no_cue() -> None:
    for instants in (timeline.instants(nobody(np.arange(100) / 5)), timeline.instants(nobody([]))):
        vtt = captions.engagement_vtt(instants, scoring.environment("general"))
        assert vtt.startswith("WEBVTT\n")
        assert CUE.findall(vtt) == []
