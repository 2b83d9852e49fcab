"""A recording in which it is known what happened, stored beside the running server.

Run as a module by the tests: the data folder of the server is that of its own process.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from playwright.sync_api import Browser, Page

from emotion_ml.tests import clips
from tests.browser import made_up

ROOT: Final = Path(__file__).resolve().parents[2]
SENTENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Planted:
    """Where a recording stands, and the cookies of the browser that owns it."""

    url: str
    cookies: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted. A paragraph takes all of its time but a second; with 0 s nothing was said."""

    minutes: float
    faces: int
    readings: Literal["moods", "waves", "cut_short"] = "moods"
    paragraph_s: float = SENTENCE_S
    video: str = ""
    live: bool = False
    name: str = "A long afternoon.mp4"

    @property
    def said(self) -> list[tuple[float, float]]:
        if self.live or not self.paragraph_s:
            return []
        return [
            (t_s, t_s + self.paragraph_s - 1) for t_s in np.arange(0.0, 60 * self.minutes, self.paragraph_s).tolist()
        ]


@contextmanager
def planted(browser: Browser, origin: str, data: Path, *, video: Path | None = None, **what: Any) -> Iterator[Planted]:
    """Its session lives as long as the page that stays open meanwhile."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(origin)
    url = origin + plant(page, data, Plan(video=str(video or ""), **what))
    yield Planted(url, context.storage_state())
    context.close()


def plant(page: Page, data: Path, plan: Plan) -> str:
    """The path of a recording of the session that `page`, on the start page, began."""
    return stored_by(__name__, page, data, json.dumps(asdict(plan)))


def stored_by(module: str, page: Page, data: Path, *words: str) -> str:
    """The path of what `module`, run beside the server and told these words, stored in the session of `page`."""
    found = re.search(r"/s/([0-9a-f-]{36})/", page.content())
    assert found is not None
    command = [sys.executable, "-m", module, found[1], *words]
    settings = os.environ | {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "engageai.settings"}
    told = subprocess.run(command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True, check=True)
    return f"/s/{found[1]}/recordings/{told.stdout.strip()}/"


def main(session_id: str, plan: Plan) -> None:
    import django

    django.setup()
    from django.conf import settings

    from analytics import shelf, store
    from analytics.models import AnalysisSession, Transcript
    from analytics.tests.finished import finished

    duration_s = 60 * plan.minutes
    recording = finished(
        Path(settings.DATA_DIR),
        getattr(made_up, plan.readings)(duration_s, plan.faces),
        duration_s,
        said=plan.said,
        session=AnalysisSession.objects.get(id=session_id),
        playable=bool(plan.video),
        source="live" if plan.live else "file",
        name=plan.name,
    )
    if plan.video:
        shutil.copyfile(plan.video, store.source_path(recording))
    if plan.said:
        Transcript.objects.create(recording=recording, status="done", engine="whisper")
    shelf.fill(recording.id)  # as at the end of every analysis
    print(recording.id)


def film(path: Path, minutes: float) -> Path:
    """A clock at two pictures a second."""
    look = clips.Look(width=160, height=90, paint=clips.clock)
    return clips.write(path, clips.steady(2, 60 * minutes), look, last_s=0.5)


def long_film(folder: Path, minutes: float) -> Path:
    """A minute of 25 pictures a second, over and over."""
    look = clips.Look(width=320, height=180)
    minute = clips.write(folder / "minute.mp4", clips.steady(25, 60.0), look)
    return clips.loop(minute, folder / "long.mp4", round(minutes))


if __name__ == "__main__":
    main(sys.argv[1], Plan(**json.loads(sys.argv[2])))
