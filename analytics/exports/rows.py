"""The rows of each table, in the order of its columns.

Knows where each number of a row is measured. Refuses to know headings, labels and how a cell is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from analytics import bands, timeline
from analytics.correlate import Comparison
from analytics.exports.cells import Cell, Row
from analytics.exports.material import Material
from analytics.scoring import ENVIRONMENTS, score
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut

REASONS: Final = tuple("" if reason is LeftOut.USED else reason.name.lower() for reason in LeftOut)
NOTHING: Final[tuple[None, ...]] = (None,) * len(EMOTIONS)
FACES_A_PIECE: Final = 2000
BOX_DECIMALS, SHARE_DECIMALS, QUALITY_DECIMALS = 2, 9, 4
"""What single precision carries of a position, a share and a quality; more digits would only be its rounding errors."""


def face_rows(material: Material) -> Iterator[Row]:
    """An instant without faces has no row here; instants.csv has it."""
    found = material.readings
    times = found.times[found.frame]
    for start in range(0, len(found.frame), FACES_A_PIECE):
        piece = slice(start, start + FACES_A_PIECE)
        columns = [times[piece], found.track[piece], *found.boxes[piece].T.astype(np.float64).round(BOX_DECIMALS)]
        columns += [*found.probabilities[piece].T.astype(np.float64).round(SHARE_DECIMALS)]
        columns += [*found.quality[piece].T.astype(np.float64).round(QUALITY_DECIMALS)]
        reasons = [REASONS[reason] for reason in found.left_out[piece].tolist()]
        yield from zip(*(column.tolist() for column in columns), reasons, strict=True)


def instant_rows(material: Material) -> Iterator[Row]:
    instants = material.instants
    scores = np.stack([score(instants.probabilities, each) for each in ENVIRONMENTS], axis=1)
    values = np.concatenate([instants.probabilities, scores], axis=1).tolist()
    counts = zip(instants.times.tolist(), instants.faces.tolist(), instants.used.tolist(), strict=True)
    for head, row in zip(counts, values, strict=True):
        yield (*head, *row)


def rolling_rows(material: Material) -> Iterator[Row]:
    instants, environment = material.instants, material.environment
    columns = []
    for window_s in timeline.WINDOWS_S.values():
        columns.append(score(timeline.rolling(instants, window_s), environment))
        columns.extend(bands.rolling_bands(instants, window_s, environment, instants.times))
    for t_s, row in zip(instants.times.tolist(), np.stack(columns, axis=1).tolist(), strict=True):
        yield (t_s, environment.name, *row)


def paragraph_rows(material: Material) -> Iterator[Row]:
    if material.transcript is None or material.correlation is None:
        return
    comparisons = material.correlation.comparisons
    lag_s = material.correlation.lag_s
    for paragraph, found in zip(material.transcript.paragraphs, comparisons, strict=True):
        said: tuple[Cell, ...] = (paragraph.start_s, paragraph.end_s, paragraph.text)
        yield (*said, lag_s, *_read(found, material.environment.name))


def _read(found: Comparison, environment: str) -> Row:
    return (
        found.readings,
        found.coverage,
        *(found.distribution or NOTHING),
        environment,
        found.score,
        found.low,
        found.high,
        found.difference,
        found.adjusted_p,
        found.verdict,
    )


def moment_rows(material: Material) -> Iterator[Row]:
    for occasion in material.occasions:
        each = occasion.moment
        at = (each.t_s, each.start_s, each.end_s, each.kind, material.environment.name)
        yield (*at, each.size, each.low, each.high, each.p_value, each.width_s, occasion.said)


def environment_rows(material: Material) -> Iterator[Row]:
    distribution = material.instants.distribution
    shares = NOTHING if distribution is None else distribution.tolist()
    found = bands.overall_bands(material.instants, ENVIRONMENTS)
    for row, each in enumerate(ENVIRONMENTS):
        band = (found[row].score, found[row].low, found[row].high) if found else (None, None, None)
        for emotion, value, reason, share in zip(EMOTIONS, each.values, each.reasons, shares, strict=True):
            yield (each.name, each.label, emotion, value, reason, share, *band)


def setting_rows(material: Material) -> Iterator[Row]:
    label, settings = material.label, material.label.settings
    yield ("model_name", label.model_name)
    yield ("model_sha256", label.model_sha256)
    yield ("backend", label.backend)
    yield from _flat("", settings)


def _flat(prefix: str, found: Mapping[str, Any]) -> Iterator[Row]:
    """environments.seminar.Happy and its like."""
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield (f"{prefix}{name}", value)
