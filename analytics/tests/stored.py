"""Sessions with something in them, for the tests of the store."""

from __future__ import annotations

import uuid
from pathlib import Path

from analytics import store
from analytics.models import AnalysisSession, Recording
from analytics.readings import Readings
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading, VideoInfo

INFO = VideoInfo(12.5, 25.0, 640, 360, True, "h264", "video/mp4", True)
ALICE, BOB = "alice's secret", "bob's secret"
VIDEO = b"a video"


def files(data_dir: Path) -> list[Path]:
    return sorted(path for path in data_dir.rglob("*") if path.is_file())


def add(
    session: AnalysisSession, data_dir: Path, *, limit: int = 3, info: VideoInfo = INFO, name: str = "talk.mp4"
) -> Recording:
    upload = data_dir / "incoming" / f"{uuid.uuid4()}.upload"
    upload.write_bytes(VIDEO)
    return store.add_recording(session, upload, info, limit, name=name, environment="general")


def running(session: AnalysisSession, data_dir: Path) -> Recording:
    recording = store.claim(add(session, data_dir).id)
    assert recording is not None
    return recording


def readings(*times: float) -> Readings:
    face = Face(1, Box(1, 2, 30, 40), (0.1, 0.6, 0.1, 0.1, 0.1), Quality(30, 90, 0), LeftOut.USED)
    return Readings.of([Reading(t_s, (face,)) for t_s in times])
