"""A recording as it is exported, with every expression known, for tests of the exports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from analytics.exports.label import Label
from analytics.exports.material import Material
from analytics.readings import Readings
from analytics.scoring import environment
from analytics.tests.synthetic import audience, dirichlet, info, one_hot
from analytics.transcript import Paragraph, Sentence, Transcript
from emotion_ml.types import LeftOut

AT: Final = datetime(2026, 11, 22, 10, 30, 14, tzinfo=UTC)
SHA256: Final = "ab" * 32


def room(count: int = 600, faces: int = 3) -> Readings:
    """Two minutes of three people, one of them now and then left out, a quarter of a minute of nobody."""
    shares = dirichlet(count, faces)
    shares[200:275] = 0.4 * shares[200:275] + 0.6 * one_hot("Happy")
    present = np.ones((count, faces), np.bool_)
    present[400:475] = False
    left_out = np.full((count, faces), LeftOut.USED)
    left_out[::3, 1] = LeftOut.BLURRED
    left_out[::7, 2] = LeftOut.SMALL
    return audience(np.arange(count) / 5, shares, present, left_out)


def unread(found: Readings) -> Readings:
    nothing = np.full_like(found.probabilities, np.nan)
    return replace(found, probabilities=nothing, left_out=np.full_like(found.left_out, LeftOut.UNREAD))


def spoken(*texts: str, each_s: float = 20.0) -> Transcript:
    paragraphs = tuple(
        Paragraph(row * each_s, (row + 0.9) * each_s, (Sentence(text, row * each_s, (row + 0.9) * each_s),))
        for row, text in enumerate(texts)
    )
    return Transcript("en", (), paragraphs, "embedded", "whisper", each_s * len(texts), "")


def material(
    readings: Readings | None = None,
    environment_name: str = "seminar",
    *,
    reads_expressions: bool = True,
    **changes: Any,
) -> Material:
    found = room() if readings is None else readings
    network = ("resnet50", SHA256, "onnxruntime int8") if reads_expressions else ("", "", "")
    fields: dict[str, Any] = {
        "name": "talk.mp4",
        "source_sha256": "cd" * 32,
        "finished_at": AT,
        "info": info(120.0),
        "readings": found,
        "label": Label("1.2.3", *network, environment(environment_name), 5.0, reads_expressions),
        "stopped_at_s": None,
        "transcript": None,
        "evaluation": None,
    }
    return Material(**fields | changes)
