"""A finished recording with readings of one's choice, and a browser that owns it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.test import Client
from django.urls import reverse

from analytics import folders, store
from analytics.models import AnalysisSession, Recording
from analytics.readings import Readings
from analytics.tests.synthetic import audience, dirichlet, info
from emotion_ml.types import LeftOut

OWNER = "the secret of this browser"


def owner() -> Client:
    browser = Client()
    session = browser.session
    session["owner"] = OWNER
    session.save()
    return browser


def finished(
    data_dir: Path,
    readings: Readings,
    duration_s: float,
    *,
    said: Sequence[tuple[float, float]] = (),
    session: AnalysisSession | None = None,
    **row: Any,
) -> Recording:
    """`said` are the paragraphs of its transcript; `row` is written into its row at the end."""
    upload = data_dir / "incoming" / str(uuid.uuid4())
    upload.write_bytes(b"a film")
    fields = {"name": "talk.mp4", "environment": "seminar", "analysis_fps": 5.0}
    recording = store.add_recording(session or store.open_session(OWNER), upload, info(duration_s), 9, **fields)
    store.claim(recording.id)
    store.update(recording.id, model_name="resnet50", model_sha256="ab" * 32, backend="onnxruntime int8")
    store.append(recording.id, readings, 1.0)
    store.finish(recording.id)
    if said:
        folders.put(store.recording_folder(recording) / folders.TRANSCRIPT, json.dumps(response(said)).encode())
    Recording.objects.filter(id=recording.id).update(**row)
    return Recording.objects.get(id=recording.id)


def response(said: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """In Deepgram's shape."""
    paragraphs = [
        {"start": start_s, "end": end_s, "sentences": [{"text": f"Part {row}.", "start": start_s, "end": end_s}]}
        for row, (start_s, end_s) in enumerate(said)
    ]
    return {"results": {"channels": [{"alternatives": [{"words": [], "paragraphs": {"paragraphs": paragraphs}}]}]}}


def url(name: str, recording: Recording) -> str:
    return reverse(name, args=[recording.session_id, recording.id])


def lively(count: int = 900, faces: int = 3, seed: int = 0) -> Readings:
    """Three minutes of people of whom some are left out, some are missing, and for half a minute all are."""
    rng = np.random.default_rng(seed)
    times = np.arange(count) / 5
    present = rng.random((count, faces)) < 0.9
    present[(times > 80) & (times < 110)] = False
    reasons = [LeftOut.USED, LeftOut.SMALL, LeftOut.BLURRED, LeftOut.TURNED]
    left_out = rng.choice(reasons, (count, faces), p=[0.85, 0.05, 0.05, 0.05])
    return audience(times, dirichlet(count, faces, seed), present, left_out)
