"""A recording in which it is known what happened, with the video to look at, stored beside the running server.

Run as a module by the tests: the data folder of the server is that of its own process.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from analytics.readings import Readings
from analytics.tests.synthetic import audience, autoregressive
from emotion_ml.labels import EMOTIONS
from emotion_ml.tests import clips
from emotion_ml.types import LeftOut

ROOT: Final = Path(__file__).resolve().parents[2]
FPS: Final = 5
DIP_S: Final = (200.0, 240.0)
PEAK_S: Final = (400.0, 440.0)
SENTENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Planted:
    """Where a recording stands, and the cookies of the browser that owns it."""

    url: str
    cookies: Any


@contextmanager
def planted(browser: Browser, origin: str, data: Path, **what: Any) -> Iterator[Planted]:
    """Its session lives as long as the page that stays open meanwhile."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(origin)
    url = origin + plant(page, data, **what)
    yield Planted(url, context.storage_state())
    context.close()


def plant(page: Page, data: Path, *, minutes: float, faces: int, video: Path | None, live: bool = False) -> str:
    """The path of a recording of the session that `page`, on the start page, began."""
    found = re.search(r"/s/([0-9a-f-]{36})/", page.content())
    assert found is not None
    source = "live" if live else "file"
    command = [sys.executable, "-m", __name__, found[1], str(minutes), str(faces), str(video or ""), source]
    settings = os.environ | {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "engageai.settings"}
    told = subprocess.run(command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True, check=True)
    return f"/s/{found[1]}/recordings/{told.stdout.strip()}/"


def main(session_id: str, minutes: float, faces: int, video: str, source: str) -> None:
    import django

    django.setup()
    from django.conf import settings

    from analytics import shelf, store
    from analytics.models import AnalysisSession, Transcript
    from analytics.tests.finished import finished

    duration_s = 60 * minutes
    recording = finished(
        Path(settings.DATA_DIR),
        audience_of(duration_s, faces),
        duration_s,
        said=[(t_s, t_s + SENTENCE_S - 1) for t_s in np.arange(0.0, duration_s, SENTENCE_S)]
        if source == "file"
        else (),
        session=AnalysisSession.objects.get(id=session_id),
        playable=bool(video),
        source=source,
        name="A long afternoon.mp4",
    )
    if video:
        shutil.copyfile(video, store.source_path(recording))
    if source == "file":
        Transcript.objects.create(recording=recording, status="done", engine="whisper")
    shelf.fill(recording.id)  # as at the end of every analysis
    print(recording.id)


def audience_of(duration_s: float, faces: int) -> Readings:
    """People who change their expression every few seconds and share a mood, which sinks once and rises once."""
    count = int(duration_s * FPS)
    rng, times = np.random.default_rng(7), np.arange(count) / FPS
    own = autoregressive(rng, count, (faces, len(EMOTIONS)), 3.0, 1 / FPS)
    shared = autoregressive(rng, count, (1, len(EMOTIONS)), 2.0, 1 / FPS)
    mood = np.zeros(count)
    mood[(times >= DIP_S[0]) & (times < DIP_S[1])] = -3.0
    mood[(times >= PEAK_S[0]) & (times < PEAK_S[1])] = 3.0
    logits = 1.2 * own + 0.3 * shared + mood[:, None, None] * np.array([0.0, 1.0, 0.0, -1.0, 0.5])
    weights = np.exp(logits)
    left_out = rng.choice([LeftOut.USED, LeftOut.BLURRED, LeftOut.TURNED], (count, faces), p=[0.92, 0.05, 0.03])
    present = rng.random((count, faces)) < 0.95
    made = audience(times, weights / weights.sum(axis=2, keepdims=True), present, left_out)
    return replace(made, boxes=places(made.track))


def places(track: NDArray[np.int32]) -> NDArray[np.float32]:
    """Rows of eight seats in a picture of 1280 x 720."""
    row, seat = (track - 1) // 8, (track - 1) % 8
    wide, high = np.full(len(track), 110), np.full(len(track), 130)
    return np.stack([30 + seat * 155, 25 + row * 170, wide, high], axis=1).astype(np.float32)


def film(path: Path, minutes: float) -> Path:
    """A clock at two pictures a second."""
    look = clips.Look(width=160, height=90, paint=clips.clock)
    return clips.write(path, clips.steady(2, 60 * minutes), look, last_s=Fraction(1, 2))


def long_film(folder: Path, minutes: float) -> Path:
    """A minute of 25 pictures a second, over and over."""
    look = clips.Look(width=320, height=180)
    minute = clips.write(folder / "minute.mp4", clips.steady(25, 60.0), look)
    return clips.loop(minute, folder / "long.mp4", round(minutes))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
