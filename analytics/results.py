"""A recording's readings -> the result: plain numbers in a fixed order, ready for JSON.

Knows which numbers a result holds and how they are written. Refuses to know how they are computed (timeline, bands,
scoring) and where they go. Numbers are rounded to `DECIMALS` once, here, so that page, file and command line show the
same; whatever was not measured is null.

    version, model {name, sha256, backend}, all "" where no expression was read
    notice               {purpose, exemption, expressions}: what it was said to be for, and whether expressions were
                         read; where they were not, whatever needs them is null or 0, and presence is what there is
    settings             {analysis_fps, windows_s, min_coverage, min_instants, max_hold_s}
    recording            {duration_s, fps, width, height, frames_analysed, first_s, last_s}: the last two are when the
                         first and the last analysed picture were, or null
    stopped_at_s         where a partial analysis ended, or null; then coverage is of the time up to there
    coverage             share of the recording's time with a face that counts
    readings_used        analysed instants with a face that counts
    detection_rate       share of the analysed instants with any face
    confidence           mean probability of the most probable expression
    presence             {share, mean_faces, most_faces, longest_gap_s, longest_gap_from_s, stretches [{from_s, to_s}]}:
                         faces in view, read or not; the longest stretches with one
    peak_faces           most faces found at one instant
    left_out             {reason: faces found but not used}
    distribution         {emotion: share} or null; the plain mean of the series' probabilities
    dominant             the emotion with the largest share, or null
    engagement           {environment: {score, low, high} or null}
    decomposition        {environment: {emotion: share x value} or null}; adds up to the score
    environments         {environment: {label, values {emotion: value}}}
    tracks               [{id, first_s, last_s, readings, used, distribution, engagement}]
    rolling_full_from_s  {"30s", "60s": from when on the window is as long as its name says, or null}
    series               [{t_s, faces, probabilities {emotion: p} or null, engagement {environment: value} or null}]
    rolling              {environment: {"30s", "60s", "cumulative": values or null on the series' times}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics import attendance, bands, timeline
from analytics.readings import Readings
from analytics.scoring import ENVIRONMENTS, score
from analytics.timeline import Floats, Instants
from emotion_ml.labels import EMOTIONS
from emotion_ml.types import LeftOut, VideoInfo

DECIMALS: Final = 8
"""Below what single-precision probabilities carry, far above what anybody reads."""

_NAMES: Final = tuple(environment.name for environment in ENVIRONMENTS)

Result = dict[str, Any]


class Model(Protocol):
    """Which network read the faces."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def backend(self) -> str: ...


def summarise(
    readings: Readings,
    info: VideoInfo,
    model: Model,
    *,
    version: str,
    stopped_at_s: float | None = None,
    notice: Mapping[str, Any] | None = None,
    analysis_fps: float | None = None,
) -> Result:
    """The whole result. Of a partial analysis, which ended at `stopped_at_s`, nothing after that is judged."""
    instants = timeline.instants(readings)
    return {
        "version": version,
        "model": {"name": model.name, "sha256": model.sha256, "backend": model.backend},
        "notice": notice,
        "settings": settings(analysis_fps),
        **_headline(readings, instants, info, stopped_at_s),
        "series": _series(instants),
        "rolling": _rolling(instants),
    }


def settings(analysis_fps: float | None) -> Result:
    """What else decides how the numbers come out, beside the network and what an environment is worth."""
    return {
        "analysis_fps": analysis_fps,
        "windows_s": {name: window_s for name, window_s in timeline.WINDOWS_S.items() if np.isfinite(window_s)},
        "min_coverage": timeline.MIN_COVERAGE,
        "min_instants": timeline.MIN_INSTANTS,
        "max_hold_s": timeline.MAX_HOLD_S,
    }


def headline(readings: Readings, info: VideoInfo, *, stopped_at_s: float | None = None) -> Result:
    """Everything of the result but version, model, notice, settings, series and rolling: what a page needs at once."""
    return _headline(readings, timeline.instants(readings), info, stopped_at_s)


def to_json(result: Result) -> bytes:
    """The one way a result is written: the same result gives the same bytes."""
    return json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _headline(readings: Readings, instants: Instants, info: VideoInfo, stopped_at_s: float | None) -> Result:
    distribution = instants.distribution
    analysed_s = info.duration_s if stopped_at_s is None else stopped_at_s
    return {
        "recording": {
            "duration_s": _number(info.duration_s),
            "fps": _number(info.fps),
            "width": info.width,
            "height": info.height,
            "frames_analysed": len(readings.times),
            "first_s": _number(readings.times[0] if len(readings.times) else None),
            "last_s": _number(readings.times[-1] if len(readings.times) else None),
        },
        "stopped_at_s": _number(stopped_at_s),
        "coverage": _number(timeline.coverage(instants, analysed_s)),
        "readings_used": int(np.count_nonzero(instants.used)),
        "detection_rate": _number(timeline.detection_rate(instants)),
        "confidence": _number(_confidence(instants)),
        "presence": _presence(readings, analysed_s),
        "peak_faces": int(instants.faces.max(initial=0)),
        "left_out": {
            reason.name.lower(): int(np.count_nonzero(readings.left_out == reason))
            for reason in LeftOut
            if reason not in (LeftOut.USED, LeftOut.UNREAD)
        },
        "distribution": None if distribution is None else _by_emotion(distribution),
        "dominant": None if distribution is None else EMOTIONS[int(distribution.argmax())],
        "engagement": _engagement(instants),
        "decomposition": _decomposition(distribution),
        "environments": {
            environment.name: {"label": environment.label, "values": _by_emotion(environment.values)}
            for environment in ENVIRONMENTS
        },
        "tracks": _tracks(readings),
        "rolling_full_from_s": {
            name: _number(timeline.first_full_s(instants, window_s))
            for name, window_s in timeline.WINDOWS_S.items()
            if np.isfinite(window_s)
        },
    }


def _presence(readings: Readings, analysed_s: float) -> Result:
    found = attendance.presence(readings, analysed_s)
    numbers = {name: _number(value) for name, value in found.items() if name != "most_faces"}
    stretches = [
        {"from_s": _number(start_s), "to_s": _number(stop_s)}
        for start_s, stop_s in attendance.stretches(readings, analysed_s)
    ]
    return found | numbers | {"stretches": stretches}


def _engagement(instants: Instants) -> Result:
    found = bands.overall_bands(instants, ENVIRONMENTS)
    if found is None:
        return dict.fromkeys(_NAMES)
    return {
        name: {"score": _number(band.score), "low": _number(band.low), "high": _number(band.high)}
        for name, band in zip(_NAMES, found, strict=True)
    }


def _decomposition(distribution: Floats | None) -> Result:
    if distribution is None:
        return dict.fromkeys(_NAMES)
    return {environment.name: _by_emotion(distribution * np.array(environment.values)) for environment in ENVIRONMENTS}


def _confidence(instants: Instants) -> float | None:
    """Of the faces of an instant, then of the instants: the weights of every other mean here."""
    sightings = instants.sightings
    if not len(sightings.instant):
        return None
    weight = 1.0 / instants.used[sightings.instant]
    return float(np.average(sightings.probabilities.T.copy().max(axis=0), weights=weight))


def _series(instants: Instants) -> list[Result]:
    engagement = _rows(_scores(instants.probabilities), _NAMES)
    probabilities = _rows(instants.probabilities, EMOTIONS)
    times, faces = _numbers(instants.times), instants.faces.tolist()
    return [
        {"t_s": t_s, "faces": count, "probabilities": shares, "engagement": values}
        for t_s, count, shares, values in zip(times, faces, probabilities, engagement, strict=True)
    ]


def _rolling(instants: Instants) -> Result:
    windows = {name: _scores(timeline.rolling(instants, window_s)) for name, window_s in timeline.WINDOWS_S.items()}
    return {
        environment: {window: _numbers(values[:, column]) for window, values in windows.items()}
        for column, environment in enumerate(_NAMES)
    }


def _tracks(readings: Readings) -> list[Result]:
    ids, first, last, found, used, shares = _by_track(readings)
    distributions, engagements = _rows(shares, EMOTIONS), _rows(_scores(shares), _NAMES)
    columns = (ids.tolist(), _numbers(first), _numbers(last), found.tolist(), used.tolist())
    keys = ("id", "first_s", "last_s", "readings", "used", "distribution", "engagement")
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns, distributions, engagements, strict=True)]


def _by_track(readings: Readings) -> tuple[NDArray[Any], Floats, Floats, NDArray[Any], NDArray[Any], Floats]:
    """(id, first and last second, readings, used readings, mean probabilities) of each of K tracks, in order of id."""
    ids, row = np.unique(readings.track, return_inverse=True)
    seen_s = readings.times[readings.frame]
    first, last = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
    np.minimum.at(first, row, seen_s)
    np.maximum.at(last, row, seen_s)
    used = row[readings.used]
    count = np.bincount(used, minlength=len(ids))
    weights = readings.probabilities[readings.used].T
    sums = np.stack([np.bincount(used, column, minlength=len(ids)) for column in weights], axis=1)
    with np.errstate(invalid="ignore"):
        shares = sums / sums.sum(axis=1, keepdims=True)
    return ids, first, last, np.bincount(row, minlength=len(ids)), count, shares


def _scores(probabilities: Floats) -> Floats:
    """(N, E) in the order of ENVIRONMENTS."""
    return np.stack([score(probabilities, environment) for environment in ENVIRONMENTS], axis=1)


def _by_emotion(values: ArrayLike) -> dict[str, float | None]:
    return dict(zip(EMOTIONS, _numbers(np.asarray(values, np.float64)), strict=True))


def _rows(table: Floats, keys: Sequence[str]) -> list[dict[str, float] | None]:
    """One mapping a row, None for a row without values."""
    known = np.isfinite(table[:, 0]).tolist()
    rows: list[list[float]] = table.round(DECIMALS).tolist()
    return [dict(zip(keys, row, strict=True)) if finite else None for row, finite in zip(rows, known, strict=True)]


def _numbers(values: Floats) -> list[float | None]:
    known: list[bool] = np.isfinite(values).tolist()
    numbers: list[float] = values.round(DECIMALS).tolist()
    return [number if finite else None for number, finite in zip(numbers, known, strict=True)]


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), DECIMALS)
