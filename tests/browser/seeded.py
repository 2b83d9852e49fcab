"""A long recording for a page to show, its readings made up and stored beside the running server through the store.

Run as a module by the tests: the data folder of the server is that of its own process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, Page

from analytics.readings import Readings
from analytics.tests.synthetic import audience
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut

ROOT: Final = Path(__file__).resolve().parents[2]
PARAGRAPH_S: Final = 25.0


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a recording stands, and the cookies of the browser that owns it."""

    url: str
    cookies: Any


@contextmanager
def stored(browser: Browser, origin: str, data: Path, **what: Any) -> Iterator[Stored]:
    """A page stays open meanwhile: a session without one ends."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(origin)
    url = origin + seed(page, data, **what)
    page.goto(url)
    yield Stored(url, context.storage_state())
    context.close()


def seed(page: Page, data: Path, *, minutes: float = 10, faces: int = 3, said: bool = False) -> str:
    """The address of a recording of the session that `page`, on the start page, began."""
    found = re.search(r"/s/([0-9a-f-]{36})/", page.content())
    assert found is not None
    command = [sys.executable, "-m", __name__, found[1], str(minutes), str(faces), "said" if said else "mute"]
    settings = os.environ | {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "engageai.settings"}
    told = subprocess.run(command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True, check=True)
    return f"/s/{found[1]}/recordings/{told.stdout.strip()}/"


def main(session_id: str, minutes: float, faces: int, said: bool) -> None:
    import django

    django.setup()
    from django.conf import settings

    from analytics.models import AnalysisSession, Transcript
    from analytics.tests.finished import finished

    spans = [(t_s + 1, t_s + PARAGRAPH_S - 2) for t_s in range(0, int(60 * minutes), int(PARAGRAPH_S))]
    recording = finished(
        Path(settings.DATA_DIR),
        waves(minutes, faces),
        60 * minutes,
        said=spans if said else (),
        session=AnalysisSession.objects.get(id=session_id),
        playable=False,
    )
    if said:
        Transcript.objects.create(recording=recording, status="done", engine="whisper")
    print(recording.id)


def waves(minutes: float, faces: int) -> Readings:
    """People who swing between expressions slowly and by chance, are left out now and then, and leave for a while."""
    count = int(300 * minutes)
    rng, times = np.random.default_rng(4), np.arange(count) / 5
    slow = np.stack([np.sin(times / period) for period in (97, 61, 43, 149, 31)], axis=1)
    weights = np.exp(slow[:, None] + 0.4 * rng.standard_normal((count, faces, len(EMOTIONS))))
    away = (times > 0.7 * times[-1]) & (times < 0.78 * times[-1])
    present = np.broadcast_to(~away[:, None], (count, faces)).copy()
    left_out = rng.choice([LeftOut.USED, LeftOut.BLURRED, LeftOut.TURNED], (count, faces), p=[0.92, 0.05, 0.03])
    return audience(times, weights / weights.sum(axis=2, keepdims=True), present, left_out)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "said")
