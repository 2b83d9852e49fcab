"""A lecture that never was, stored beside the running server: made-up readings of eight copies of one face, and a talk.

It is what the pictures of the pages show. Run as a module by the walk: the data folder of the server is that of its
own process. Knows what is said and how the row ends.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page
from skimage.data import astronaut
from skimage.transform import resize

from emotion_ml.tests import clips
from tests.browser.made_up import moods
from tests.browser.planted import ROOT, stored_by

FACES: Final = 8
MINUTES: Final = 10.0
WIDTH, HEIGHT = 1280, 720
SEAT: Final = (230, 272)  # width and height of a portrait
NAME: Final = "Bridges, lecture 3.mp4"
TALK: Final = (
    "Welcome back. Today we ask why bridges stand, and why a few of them did not.",
    "A bridge carries its own weight first. The traffic is the smaller part. Keep the dead load in mind all morning.",
    "An arch turns weight into compression. Stone likes compression. That is why Roman arches still stand.",
    "A beam bends instead. Its top is pressed and its bottom is pulled, and in between lies the neutral axis.",
    "Now the bending moment. We write the second derivative of the deflection, and integrate it twice along the span.",
    "The boundary conditions fix both constants. Simply supported ends give zero deflection and zero moment.",
    "Enough algebra for a while. Let us look at what engineers do with it when the span gets longer.",
    "A suspension bridge hangs its deck from cables. Steel cables like tension, and so spans grew past a kilometre.",
    "In 1940 the Tacoma Narrows Bridge began to twist in a steady wind. Here is the film. Watch the deck.",
    "What you saw was aeroelastic flutter. The wind fed the twisting, and the twisting shaped the wind.",
    "Since then every long bridge goes into a wind tunnel. Aeroelastic flutter is a design case like traffic.",
    "For next week, read the chapter on wind loads, and bring one bridge that you would like to take apart.",
)
ROWS: Final[dict[str, dict[str, Any]]] = {
    "done": {},
    "partial": {
        "status": "partial",
        "stopped_at_s": 431.0,
        "message": "You stopped the analysis.",
    },
    "running": {"status": "running", "stage": "analyse", "progress": 0.42},
    "failed": {
        "status": "failed",
        "message": "The file ends in the middle of a picture, and nothing before it could be read.",
    },
    "cancelled": {"status": "cancelled", "message": "You stopped the analysis before anything was read."},
}
"""How the row is left."""


def film(folder: Path) -> Path:
    """A minute of the room, over and over."""
    room = _room()
    look = clips.Look(width=WIDTH, height=HEIGHT, paint=lambda *_: room)
    minute = clips.write(folder / "minute.mp4", clips.steady(1, 60.0), look, last_s=1.0)
    return clips.loop(minute, folder / "lecture.mp4", round(MINUTES))


def _room() -> NDArray[np.uint8]:
    """One portrait on two rows of seats."""
    shown = astronaut()[30:212, 145:299]  # type: ignore[no-untyped-call]
    portrait = np.asarray(resize(shown, (SEAT[1], SEAT[0]), preserve_range=True), np.uint8)  # type: ignore[no-untyped-call]
    room = np.repeat(np.linspace(150, 60, HEIGHT).astype(np.uint8)[:, None, None], WIDTH, 1).repeat(3, 2)
    for left, top in (_corner(seat) for seat in range(FACES)):
        room[top : top + SEAT[1], left : left + SEAT[0]] = portrait
    return room


def _corner(seat: int) -> tuple[int, int]:
    return 70 + seat % 4 * 304, 60 + seat // 4 * 330


def _boxes(track: NDArray[np.int32]) -> NDArray[np.float32]:
    """Around the face in each portrait."""
    corners = np.array([_corner(seat) for seat in range(FACES)], np.float32)
    margin = np.array([34, 36, 150, 176], np.float32)
    return np.concatenate([corners, np.zeros_like(corners)], axis=1)[track - 1] + margin


def seed(page: Page, data: Path, film: Path, ending: str = "done") -> str:
    """The path of a recording of the session that `page`, on the start page, began."""
    return stored_by(__name__, page, data, ending, str(film))


def main(session_id: str, ending: str, film: str) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from analytics import folders, store
    from analytics.models import AnalysisSession, Transcript
    from analytics.tests.finished import finished

    made = moods(60 * MINUTES, FACES)
    recording = finished(
        Path(settings.DATA_DIR),
        replace(made, boxes=_boxes(made.track)),
        60 * MINUTES,
        session=AnalysisSession.objects.get(id=session_id),
        playable=True,
        name=NAME,
        purpose="event",
        model_sha256=_shipped(),
        heartbeat_at=timezone.now() + timedelta(hours=1),  # nobody works on it, and it is not to be given up
        **ROWS[ending],
    )
    shutil.copyfile(film, store.source_path(recording))
    folders.put(store.recording_folder(recording) / folders.TRANSCRIPT, json.dumps(_said()).encode())
    Transcript.objects.create(recording=recording, status="done", engine="whisper")
    print(recording.id)


def _shipped() -> str:
    """The digest of the weights that ship, of which the page knows how good they are."""
    figures = json.loads((ROOT / "emotion_ml/weights/figures.json").read_text(encoding="utf-8"))
    return str(figures[0]["sha256"])


def _said() -> dict[str, Any]:
    """In Deepgram's shape: every paragraph fills its share of the lecture but for a pause."""
    share_s = 60 * MINUTES / len(TALK)
    paragraphs: list[dict[str, Any]] = [
        {
            "start": row * share_s,
            "end": (row + 1) * share_s - 2,
            "sentences": _sentences(text, row * share_s, share_s - 2),
        }
        for row, text in enumerate(TALK)
    ]
    words = [word for each in paragraphs for word in _words(each["sentences"])]
    transcript = " ".join(TALK)
    alternative = {"transcript": transcript, "words": words, "paragraphs": {"paragraphs": paragraphs}}
    return {"results": {"channels": [{"alternatives": [alternative]}]}}


def _sentences(text: str, start_s: float, length_s: float) -> list[dict[str, Any]]:
    sentences = re.split(r"(?<=\.) ", text)
    each_s = length_s / len(sentences)
    return [
        {"text": sentence, "start": start_s + row * each_s, "end": start_s + (row + 1) * each_s}
        for row, sentence in enumerate(sentences)
    ]


def _words(sentences: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for sentence in sentences:
        words = sentence["text"].split()
        each_s = (sentence["end"] - sentence["start"]) / len(words)
        for row, word in enumerate(words):
            start_s = sentence["start"] + row * each_s
            found.append(
                {
                    "word": word.strip(".,").lower(),
                    "punctuated_word": word,
                    "start": start_s,
                    "end": start_s + 0.8 * each_s,
                }
            )
    return found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
