"""A live measurement: a stream, and the recording that it becomes. Talks to rows and files through the store alone.

It is a recording without a file. Its row runs as long as its socket is open, so that nothing sweeps it away meanwhile;
when the socket closes, for whatever reason, it is finished with what was measured, and can be gone on with.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from typing import Any, Final, Self

from django.conf import settings
from django.utils import timezone

from analytics import store
from analytics.models import SHOWABLE, Recording
from analytics.purposes import Terms
from analytics.readings import Readings
from emotion_ml.engine import EmotionEngine
from engageai.engine import get_detectors
from engageai.live import protocol
from engageai.live.protocol import Ended
from engageai.live.stream import Extent, Stream

log = logging.getLogger(__name__)

NAME: Final = "Webcam"


class Measurement:
    def __init__(self, owner: str, recording: Recording, stream: Stream) -> None:
        self.owner = owner
        self.recording = recording
        self.stream = stream
        self._unsaved: list[Readings] = []  # more than one where saving failed before
        self._extent: Extent | None = None

    @classmethod
    def begin(
        cls, owner: str, session_id: uuid.UUID, environment: str, terms: Terms, engine: EmotionEngine | None
    ) -> Self:
        """Without an engine faces are found and not read. Raises store.NotFound."""
        session = store.get_session(owner, session_id)
        store.answer(session_id, terms)
        row = asdict(terms) | _model(engine)
        recording = store.add_live(session, name=NAME, environment=environment, **row)
        return cls(owner, recording, Stream(engine, get_detectors()))

    @classmethod
    def go_on(cls, owner: str, session_id: uuid.UUID, recording_id: uuid.UUID, engine: EmotionEngine | None) -> Self:
        """Where one ended whose socket is closed: who calls knows that. Raises store.NotFound."""
        recording = store.get_recording(owner, session_id, recording_id)
        store.resume_live(recording)
        since_s = (timezone.now() - (recording.started_at or timezone.now())).total_seconds()
        earlier = store.load_readings(recording)
        return cls(owner, recording, Stream(engine, get_detectors(), start_s=since_s, earlier=earlier))

    def save(self) -> None:
        """What is new, and that somebody is there. Raises store.NotFound or store.Gone after a wipe, or Ended."""
        latest = store.get_recording(self.owner, self.recording.session_id, self.recording.id)
        if taken := self.stream.take_unsaved():
            readings, self._extent = taken
            self._unsaved.append(readings)
        if self._unsaved:
            store.append(self.recording.id, Readings.concat(self._unsaved), 0.0)
            self._unsaved = []
        store.update(self.recording.id, **_row(self._extent))
        if self._extent and self._extent.duration_s >= settings.MAX_MINUTES * 60:
            raise Ended(protocol.OVER, f"{settings.MAX_MINUTES} minutes are the most that is measured")
        if latest.cancel_requested:
            raise Ended(protocol.OVER, "ended from another page")

    def conclude(self) -> bool:
        """Whether there is anything to show: without a single reading it is forgotten. Raises store.NotFound.

        What cannot be saved now is lost; what was saved before is shown all the same.
        """
        try:
            self.save()
        except (Ended, store.NotFound, store.Gone):
            pass
        except Exception:
            log.exception("the end of a measurement could not be kept")
        latest = store.get_recording(self.owner, self.recording.session_id, self.recording.id)
        if latest.status in SHOWABLE:  # taken back while this machine slept
            return True
        if not latest.readings_bytes:
            store.discard(latest)
            return False
        store.finish(latest.id)
        return True


def _row(extent: Extent | None) -> dict[str, Any]:
    """As fields of a row; none before the first reading."""
    if extent is None:
        return {}
    row = {"duration_s": extent.duration_s, "fps": extent.fps, "analysis_fps": extent.fps}
    return row | {"width": extent.width, "height": extent.height}


def _model(engine: EmotionEngine | None) -> dict[str, str]:
    """As fields of a row; none where no network reads."""
    if engine is None:
        return {}
    return {"model_name": engine.model.name, "model_sha256": engine.model.sha256, "backend": engine.model.backend}
