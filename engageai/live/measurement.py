"""A live measurement: a stream, and the recording that it becomes. Talks to rows and files through the store alone.

It is a recording without a file. Its row runs as long as its socket is open, so that nothing sweeps it away meanwhile;
when the socket closes, for whatever reason, it is finished with what was measured, and can be gone on with.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import asdict
from typing import Final, Self

from django.conf import settings
from django.utils import timezone

from analytics import store
from analytics.models import Recording
from analytics.purposes import Terms
from emotion_ml.engine import EmotionEngine
from engageai.engine import get_detectors
from engageai.live import protocol
from engageai.live.protocol import Ended
from engageai.live.stream import Stream

NAME: Final = "Webcam"


class Measurement:
    def __init__(self, owner: str, recording: Recording, stream: Stream) -> None:
        self.owner = owner
        self.recording = recording
        self.stream = stream

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
        """Where one ended whose socket is closed. Raises store.NotFound."""
        recording = store.get_recording(owner, session_id, recording_id)
        store.resume_live(recording)
        since_s = (timezone.now() - (recording.started_at or timezone.now())).total_seconds()
        earlier = store.load_readings(recording)
        return cls(owner, recording, Stream(engine, get_detectors(), start_s=since_s, earlier=earlier))

    def save(self) -> None:
        """What is new, and that somebody is there. Raises store.NotFound or store.Gone after a wipe, or Ended."""
        latest = store.get_recording(self.owner, self.recording.session_id, self.recording.id)
        if unsaved := self.stream.take_unsaved():
            readings, extent = unsaved
            store.append(self.recording.id, readings, 0.0)
            store.update(
                self.recording.id,
                duration_s=extent.duration_s,
                fps=extent.fps,
                analysis_fps=extent.fps,
                width=extent.width,
                height=extent.height,
            )
            if extent.duration_s >= settings.MAX_MINUTES * 60:
                raise Ended(protocol.OVER, f"{settings.MAX_MINUTES} minutes are the most that is measured")
        if latest.cancel_requested:
            raise Ended(protocol.OVER, "ended from another page")

    def conclude(self) -> bool:
        """Whether there is anything to show: without a single reading it is forgotten. Raises as `save` does."""
        with suppress(Ended):
            self.save()
        latest = store.get_recording(self.owner, self.recording.session_id, self.recording.id)
        if not latest.readings_bytes:
            store.discard(latest)
            return False
        store.finish(latest.id)
        return True


def _model(engine: EmotionEngine | None) -> dict[str, str]:
    """As fields of a row; none where no network reads."""
    if engine is None:
        return {}
    return {"model_name": engine.model.name, "model_sha256": engine.model.sha256, "backend": engine.model.backend}
