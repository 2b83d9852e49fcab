"""The report is a document that a presenter hands round: whole sentences, real letters, true numbers."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from analytics import page, scoring
from analytics.exports import cjk, direction, report, typeset
from analytics.exports.material import Material
from analytics.exports.scene import Anchor, Words
from analytics.readings import Readings
from analytics.tests.exported import SHA256, material, room, spoken, unread
from analytics.tests.synthetic import audience, dirichlet
from emotion_ml.labels import EMOTIONS

MEASURED = {
    "protocol": "ferplus-plurality",
    "n": 3232,
    "accuracy": 0.850557,
    "recall": {"Angry": 0.75, "Happy": 0.94, "Neutral": 0.86, "Sad": 0.68, "Surprise": 0.89},
}
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
ARABIC = "\u0645\u0631\u062d\u0628\u0627"


class Placed:
    """A canvas that remembers what was written where."""

    def __init__(self) -> None:
        self.drawn: list[tuple[float, str]] = []

    def setFillColor(self, colour: object) -> None:  # noqa: N802  (reportlab's name)
        """Any will do."""

    def setFont(self, name: str, size: float) -> None:  # noqa: N802
        """The width says which it was."""

    def drawString(self, x: float, y: float, text: str) -> None:  # noqa: N802
        self.drawn.append((x, text))


def opened(found: Material) -> PdfReader:
    return PdfReader(io.BytesIO(report.written(found)))


def text_of(found: Material) -> str:
    whole = " ".join(page.extract_text() for page in opened(found).pages)
    return " ".join(whole.split())


@pytest.fixture(scope="module")
def found() -> Material:
    return material(evaluation=MEASURED, transcript=spoken(*(f"Sentence number {row}." for row in range(6))))


def test_the_score_stands_first_with_its_interval(found: Material) -> None:
    first = " ".join(opened(found).pages[0].extract_text().split())
    band = found.result["engagement"]["seminar"]
    assert f"{band['score']:.1f} of 5" in first
    assert f"95 % interval {band['low']:.2f} to {band['high']:.2f}" in first
    assert "Engagement, read as a seminar audience" in first


def test_it_says_with_which_file_of_the_network_its_figures_were_measured(found: Material) -> None:
    by_another = material(evaluation=MEASURED | {"measured_with": "net.int8.onnx"})
    assert "measured with net.int8.onnx, the same network in another file" in text_of(by_another)
    assert "measured with" not in text_of(found)


def test_it_says_what_it_does_not_claim_and_what_made_it(found: Material) -> None:
    text = text_of(found)
    for part in (
        "What a face shows is not what a person feels",
        "Do not grade, rank or judge a single person by it.",
        SHA256,
        "cd" * 32,
        "EngageAI 1.2.3",
        f"settings {found.label.settings_id}",
        "85.1\u00a0% of 3,232".replace("\u00a0", " "),
        "5 readings a second",
    ):
        assert part in text.replace("\u00a0", " "), part


def test_what_each_expression_adds_is_the_decomposition(found: Material) -> None:
    text = text_of(found)
    for emotion, part in page.parts(found.result, "seminar").items():
        assert f"{emotion} {100 * found.result['distribution'][emotion]:.0f}" in text
        assert f"{part:.2f}" in text


@pytest.mark.parametrize("name", scoring.NAMES)
def test_what_each_expression_adds_is_what_the_page_shows_and_adds_up(name: str) -> None:
    for seed in range(3):
        found = material(audience(np.arange(300) / 5, dirichlet(300, 1, seed)), name)
        shown = page.parts(found.result, name)
        text = text_of(found).replace("\u00a0", " ").split("Expression Share Worth Adds")[1]
        printed = [float(re.findall(rf"{emotion} \d+ % \d\.\d (\d\.\d\d)", text)[0]) for emotion in EMOTIONS]
        assert printed == [round(shown[emotion], 2) for emotion in EMOTIONS]
        assert f"Share times worth adds up to {sum(printed):.2f}." in text


def test_a_share_is_never_rounded_to_what_it_is_not() -> None:
    shares = np.tile([0.001, 0.996, 0.001, 0.001, 0.001], (600, 1, 1))
    text = text_of(material(audience(np.arange(600) / 5, shares))).replace("\u00a0", " ")
    assert "Happy >99 % 4.0" in text
    assert "Sad <1 % 2.0" in text


def test_it_is_two_or_three_pages_with_properties_and_a_language(found: Material) -> None:
    document = opened(found)
    assert 2 <= len(document.pages) <= 3
    facts = document.metadata
    assert facts is not None
    assert (facts.title, facts.author) == ("talk.mp4: engagement report", "EngageAI")
    assert facts.creation_date == found.finished_at
    assert str(document.root_object["/Lang"]) == "en"
    assert "Page 1 of" in document.pages[0].extract_text()


def test_without_expressions_it_is_headed_for_what_it_is() -> None:
    found = material(unread(room()), reads_expressions=False)
    facts = opened(found).metadata
    assert facts is not None
    assert facts.title == "talk.mp4: presence report"
    assert "engagement" not in text_of(found).lower()


def test_its_fonts_travel_with_it(found: Material) -> None:
    fonts: Any = opened(found).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    used = [fonts[name].get_object() for name in fonts]
    assert used
    assert all("/FontFile2" in each["/FontDescriptor"] for each in used if "DejaVu" in each["/BaseFont"])
    assert any("DejaVu" in each["/BaseFont"] for each in used)


def test_the_same_recording_gives_the_same_bytes(found: Material) -> None:
    assert report.written(found) == report.written(found)


def test_a_name_or_a_sentence_cannot_break_it() -> None:
    hostile = "</para><b>x & <font size=999> \x00\u202e 漢 🙂 " + "word" * 200
    found = material(name=hostile, transcript=spoken(*([hostile] * 6)))
    text = text_of(found)
    assert "</para><b>x & <font size=999>" in text
    assert len(opened(found).pages) <= 4


EASTERN = {
    "STSong-Light": "\u4eca\u5929\u8bb2\u673a\u5668\u5b66\u4e60\u7684\u57fa\u7840\u3002",
    "MSung-Light": "\u4eca\u5929\u8b1b\u6a5f\u5668\u5b78\u7fd2\u7684\u57fa\u790e\uff0c\u8acb\u8a18\u4e0b\u4f86\u3002",
    "HeiseiMin-W3": "\u300c\u6a5f\u68b0\u5b66\u7fd2\u300d\u306e\u57fa\u790e\u3092\u5b66\u3073\u307e\u3059\u3002",
    "HYSMyeongJo-Medium": "\uae30\uacc4 \ud559\uc2b5\uc758 \uae30\ucd08\uc785\ub2c8\ub2e4.",
}
DEVICE = "Chinese, Japanese and Korean are set in a font of the device that opens this file."
THAI = "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35"


def called(sentence: str) -> Material:
    """A name and paragraphs of which one is called and printed."""
    return material(name=f"{sentence}.mp4", transcript=spoken(*([sentence] * 6)))


@pytest.mark.parametrize("font", EASTERN)
def test_chinese_japanese_and_korean_are_letters_and_not_boxes(font: str) -> None:
    sentence = EASTERN[font]
    found = called(sentence)
    document = opened(found)
    first, whole = document.pages[0].extract_text(), text_of(found)
    assert f"{sentence}.mp4" in first
    assert DEVICE in " ".join(first.split())
    assert whole.count(sentence) >= 2  # the name and what was said
    assert typeset.UNKNOWN_LETTER not in whole
    assert set(cjk.fonts(typeset.letters(sentence).replace(" ", "")).values()) == {font}
    fonts: Any = document.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    assert f"/{font}" in str([fonts[name].get_object()["/BaseFont"] for name in fonts])
    assert document.metadata is not None
    assert document.metadata.title == f"{sentence}.mp4: engagement report"


def test_a_letter_that_no_font_has_is_a_box_that_explains_itself() -> None:
    text = text_of(called(f"{THAI} talk"))
    assert f"{typeset.UNKNOWN_LETTER * len(THAI)} talk.mp4" in text
    assert f"{typeset.UNKNOWN_LETTER} stands for a letter that the report has no font for; the tables have it." in text
    assert DEVICE not in text


def test_plain_letters_need_no_note(found: Material) -> None:
    assert typeset.about([found.name, "\u0416 \u05e9 \u0628 \u03a9"]) == ""
    assert DEVICE not in text_of(found)
    assert "stands for a letter" not in text_of(found)


def test_words_of_a_chart_stand_where_they_are_anchored_in_any_script() -> None:
    canvas = Placed()
    anchors: tuple[Anchor, ...] = ("start", "middle", "end")
    for anchor in anchors:
        typeset._paint(canvas, Words(100, 10, f"Room {EASTERN['STSong-Light'][:2]}", 10, anchor=anchor))
    width = typeset._width("Room ", typeset.REGULAR, 10)
    starts = [100, 100 - (width + 20) / 2, 100 - width - 20]
    assert [text for _, text in canvas.drawn] == ["Room ", EASTERN["STSong-Light"][:2]] * 3
    places = [place for start in starts for place in (start, start + width)]
    assert [x for x, _ in canvas.drawn] == pytest.approx(places)


def test_hebrew_and_arabic_read_from_the_right() -> None:
    assert direction.visual(f"{HEBREW} 42 (a)") == f"(a) 42 {HEBREW[::-1]}"
    assert direction.visual(f"Dr {HEBREW} 42") == f"Dr 42 {HEBREW[::-1]}"
    assert direction.visual(f"Room 42, {HEBREW}") == f"Room 42, {HEBREW[::-1]}"
    assert direction.visual("plain (a) 42") == "plain (a) 42"
    assert direction.visual(f"{HEBREW} ({HEBREW})") == f"({HEBREW[::-1]}) {HEBREW[::-1]}"
    shaped = direction.visual(ARABIC)
    assert [f"{ord(letter):04x}" for letter in shaped[::-1]] == ["fee3", "feae", "feA3".lower(), "fe92", "fe8e"]
    assert direction.visual("\u0644\u0627") == "\ufefb"
    assert direction.is_right_to_left(f"- {HEBREW} a")


def test_without_a_face_it_explains_itself() -> None:
    assert "No face could be read, so there is no score." in text_of(material(Readings.of([])))


def test_without_expressions_it_tells_who_was_there() -> None:
    text = text_of(material(unread(room()), reads_expressions=False))
    assert "Expressions were not read." in text
    assert "Happy" not in text.split("What made")[0]
    assert "of 5" not in text


def test_where_no_moment_could_be_told_it_does_not_say_that_none_stands_out() -> None:
    short = text_of(material(audience(np.arange(100) / 5, dirichlet(100, 1))))
    assert "Too little was seen to tell a moment from chance." in short
    assert "No moment stands out" not in short
    assert "No moment stands out" in text_of(material())


def test_paragraphs_that_nobody_compared_are_not_called_like_the_rest() -> None:
    times = np.arange(600) / 5
    late = audience(times, dirichlet(600, 1), (times > 60)[:, None])
    text = text_of(material(late, transcript=spoken("Hello.", "Is anybody there?")))
    assert "No paragraph could be compared with the rest of the recording" in text
    assert "can be told from the rest" not in text
    some = text_of(material(late, transcript=spoken("Hello.", "Are you?", "Still not?", "There you are.", "Yes.")))
    assert "None of the 2 paragraphs that could be compared can be told from the rest" in some
    assert "of 3 more" in some


def test_a_partial_result_says_so() -> None:
    assert "A partial result." in text_of(material(stopped_at_s=41.0))
