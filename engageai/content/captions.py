"""A transcript as text and captions (deepgram-captions), and engagement as a WebVTT metadata track. Pure.

Text is text: what could be read as markup in WebVTT is escaped. Knows formats; measures nothing itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import deepgram_captions
import numpy as np
from numpy.typing import NDArray

from analytics import bands, scoring, spacing, timeline
from analytics.scoring import Environment
from analytics.timeline import Instants
from analytics.transcript import Transcript, Word

WORDS_A_LINE: Final = 8
LINE_LETTERS: Final = 42  # of Latin
LINE_S: Final = 7.0
LINE_PAUSE_S: Final = 0.8
WINDOW_S: Final = 30.0
CUE_S: Final = 5.0
ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def as_text(transcript: Transcript) -> str:
    return "".join(f"[{stamp(each.start_s)[:8]}] {each.text}\n\n" for each in transcript.paragraphs)


def as_srt(transcript: Transcript) -> str:
    return str(deepgram_captions.srt(_Lines(transcript, str))) if transcript.words else ""


def as_vtt(transcript: Transcript) -> str:
    escaped = _Lines(transcript, lambda text: text.translate(ENTITIES))
    return str(deepgram_captions.webvtt(escaped)) if transcript.words else "WEBVTT\n"


def engagement_vtt(instants: Instants, environment: Environment, label: str = "") -> str:
    """A cue each CUE_S with the rolling score at its beginning, where there is one, and its 95 % interval.

    `label` says what made it.
    """
    head = f"WEBVTT\n\nNOTE Engagement ({environment.label}): mean of the {WINDOW_S:.0f} s before each cue, of 1 to 5\n"
    cues = [head, f"NOTE {label}\n"] if label else [head]
    rows = _rows(instants)
    at_s = instants.times[rows]
    scores = scoring.score(timeline.rolling(instants, WINDOW_S)[rows], environment)
    low, high = bands.rolling_bands(instants, WINDOW_S, environment, at_s)
    for row, score in enumerate(scores):
        if np.isfinite(score):
            end_s = min(at_s[row] + CUE_S, at_s[row + 1]) if row + 1 < len(at_s) else at_s[row] + CUE_S
            cues.append(_cue(at_s[row], end_s, {"score": score, "low": low[row], "high": high[row]}, environment))
    return "\n".join(cues)


def stamp(t_s: float) -> str:
    """As WebVTT writes it: 01:02:03.456."""
    ms = round(t_s * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _rows(instants: Instants) -> NDArray[np.int64]:
    """The first instant of each stretch of CUE_S."""
    return np.unique(np.floor(instants.times / CUE_S), return_index=True)[1]


def _cue(start_s: float, end_s: float, values: Mapping[str, float], environment: Environment) -> str:
    payload: dict[str, Any] = {name: round(float(value), 3) for name, value in values.items() if np.isfinite(value)}
    text = json.dumps({"environment": environment.name, "window_s": WINDOW_S} | payload)
    return f"{stamp(start_s)} --> {stamp(end_s)}\n{text}\n"


class _Lines:
    """A converter as deepgram-captions takes it: lines of words, a new one after a pause and when one is full.

    Each comes as one word: what stands between words is decided here.
    """

    def __init__(self, transcript: Transcript, write: Callable[[str], str]) -> None:
        self._transcript = transcript
        self._write = write

    def get_headers(self) -> list[str]:
        found = self._transcript
        return ["NOTE", f"Transcribed by {found.model or found.engine}", *filter(None, [found.caution])]

    def get_lines(self, line_length: int = WORDS_A_LINE) -> list[list[dict[str, Any]]]:
        lines: list[list[Word]] = []
        for word in self._transcript.words:
            if not lines or _is_full(lines[-1], word, line_length):
                lines.append([])
            lines[-1].append(word)
        return [[self._line(line)] for line in lines]

    def _line(self, line: Sequence[Word]) -> dict[str, Any]:
        return {"word": self._write(_text(line)), "start": line[0].start_s, "end": line[-1].end_s}


def _is_full(line: Sequence[Word], word: Word, most_words: int) -> bool:
    """Whether `word` begins a new line."""
    is_pause = word.start_s - line[-1].end_s >= LINE_PAUSE_S
    text = _text([*line, word])
    is_long = spacing.width(text) > LINE_LETTERS or word.end_s - line[0].start_s > LINE_S
    return is_pause or is_long or (len(line) >= most_words and not spacing.letters(text))


def _text(line: Sequence[Word]) -> str:
    return spacing.joined(word.text for word in line)
