"""What a page shows of a finished recording, kept beside its readings so that showing it is reading it.

Everything here can be computed from the readings at any time, and is where it is absent or was computed by another
version, from other readings or with other values of the environments. A wipe takes it along. Knows the recording's
folder and which functions compute what; no requests.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from django.conf import settings

from analytics import attendance_figures, figures, folders, moments, results, scoring, store, timeline
from analytics.models import Recording
from analytics.moments import Moment, Moments
from analytics.results import Result
from analytics.scoring import ENVIRONMENTS, Environment
from emotion_ml.types import VideoInfo

log = logging.getLogger(__name__)

FORMAT: Final = 4
NOTHING_TO_SEE: Final = VideoInfo(0.0, 0.0, 0, 0, False, "", "", False)
_LOCKS: Final = tuple(threading.Lock() for _ in range(16))


def headline(recording: Recording) -> Result:
    """As results.headline."""

    def computed() -> Result:
        readings = store.load_readings(recording)
        return results.headline(readings, _info(recording), stopped_at_s=recording.stopped_at_s)

    found: Result = json.loads(_kept(recording, "headline.json", computed))
    return found


def drawn(recording: Recording, environment: Environment) -> bytes:
    """All figures of the page, as JSON."""

    def computed() -> dict[str, Any]:
        readings = store.load_readings(recording)
        if not recording.reads_expressions:
            return attendance_figures.figures(readings, _info(recording))
        return figures.figures(readings, _info(recording), environment)

    return _kept(recording, f"figures-{environment.name}.json", computed)


def exact(recording: Recording, environment: Environment) -> bytes:
    """As figures.exact, as JSON."""

    def computed() -> dict[str, Any]:
        return figures.exact(store.load_readings(recording), _info(recording), environment)

    return _kept(recording, f"exact-{environment.name}.json", computed)


def told(recording: Recording, environment: Environment) -> Moments:
    """As moments.find; nothing is found where no expressions were read."""

    def computed() -> dict[str, Any]:
        if not recording.reads_expressions:
            return asdict(Moments((), is_long_enough=False))
        return asdict(moments.find(timeline.instants(store.load_readings(recording)), environment))

    found = json.loads(_kept(recording, f"moments-{environment.name}.json", computed))
    return Moments(tuple(Moment(**each) for each in found["found"]), found["is_long_enough"])


def fill(recording_id: uuid.UUID) -> None:
    """What the page asks for first, computed before anybody does. Called when an analysis has ended."""
    recording = Recording.objects.filter(id=recording_id).first()
    if recording is None or not recording.is_showable:
        return
    environment = scoring.environment(recording.environment)
    headline(recording)
    drawn(recording, environment)
    told(recording, environment)


def _kept(recording: Recording, name: str, compute: Callable[[], dict[str, Any]]) -> bytes:
    """A file is the key of what it was computed from, and then the value as JSON. Nobody computes it twice at once."""
    path = store.recording_folder(recording) / name
    key = _key(recording)
    with _LOCKS[hash((recording.id, name)) % len(_LOCKS)]:
        with suppress(OSError):
            found_key, _, data = path.read_bytes().partition(b"\n")
            if found_key == key:
                return data
        data = results.to_json(compute())
        try:
            folders.put(path, key + b"\n" + data)
        except OSError as error:  # wiped meanwhile, or the disk is full: the page is shown all the same
            log.info("%s of recording %s was not kept: %s", name, recording.id, error)
        return data


def _key(recording: Recording) -> bytes:
    made_from = [
        FORMAT,
        settings.VERSION,
        recording.readings_bytes,
        recording.stopped_at_s,
        recording.analysis_fps,
        asdict(_info(recording)),
        [[each.name, each.label, each.values] for each in ENVIRONMENTS],
    ]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest().encode()


def _info(recording: Recording) -> VideoInfo:
    return recording.info or NOTHING_TO_SEE
