"""A recording's film, as a task: its pictures with boxes, labels and the score, its own sound, its own times.

The row is the truth: claimed before anything is done, written to once a second, and one that was wiped or cancelled
stops the work at its next step. How a picture is drawn and encoded is emotion_ml's.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from typing import Final

from django.db import transaction
from django_tasks import task

from analytics import films, scoring, store, takeaway, timeline
from analytics.models import Film, FilmStatus, Recording
from engageai import errors, tasks
from engageai.film.captions import captions
from engageai.film.rows import Rows

log = logging.getLogger(__name__)

FULL: Final = "The disk of this machine is too full for another video. Nothing else is affected."
STEP_S: Final = 1.0  # between two looks at the row; also how long a cancel may take to be noticed


class Cancelled(Exception):
    """The visitor asked to stop."""


class Interrupted(Exception):
    """The server is stopping; the film waits for the next one."""


def begin(recording: Recording, environment: str) -> None:
    """Have the film made, unless it is on its way. Raises store.NotFound, and tasks.Full: then nothing has changed."""
    with transaction.atomic():  # holds the write lock, for which a task that begins at once has to wait
        if films.ask(recording, environment):
            draw.enqueue(str(recording.id))


def resume(recording: Recording) -> None:
    """Take up what a server that stopped or died left behind, as soon as somebody looks at it."""
    film = films.of(recording)
    if film is None or not film.is_active or tasks.holds(draw.backend, str(recording.id)):
        return
    if films.take_back(film):
        with suppress(tasks.Full):
            draw.enqueue(str(recording.id))


@task(backend="film")
def draw(recording_id: str) -> None:
    film = films.claim(uuid.UUID(recording_id))
    if film is None:
        return
    with suppress(store.Gone):  # wiped meanwhile: there is nobody left to tell
        try:
            _work(film)
        except Cancelled:
            films.end(film, FilmStatus.CANCELLED)
        except Interrupted:
            films.release(film)
        except store.Gone:
            log.info("recording %s was wiped or taken over while its film was made", film.recording_id)
        except Exception as error:
            films.cancel_is_requested(film)  # a file that a wipe took away is no fault
            log.exception("the film of recording %s could not be made", film.recording_id)
            films.end(film, FilmStatus.FAILED, message=FULL if errors.disk_is_full(error) else "")


def _work(film: Film) -> None:
    from emotion_ml import render  # takes a second to import, which the first page need not wait for

    recording, watch = film.recording, _Watch(film)
    readings = store.load_readings(recording)
    environment = scoring.environment(film.environment)
    spoken = captions(timeline.instants(readings), environment) if recording.reads_expressions else []
    render.annotate(
        store.source_path(recording),
        films.path(recording),
        Rows(readings),
        captions=spoken,
        comment=takeaway.label(recording, environment).caption,
        on_progress=watch.tell,
        should_stop=watch.is_over,
    )
    films.finish(film)


class _Watch:
    """Once a second a sign of life with the share that is done, or Cancelled, Interrupted or store.Gone."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.due = time.monotonic()
        self.share = 0.0

    def tell(self, share: float) -> None:
        self.share = max(self.share, min(share, 1.0))

    def is_over(self) -> bool:
        """Never says so: what ends a film early is raised, so that each reason has its own end."""
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + STEP_S
            if tasks.stopping.is_set():
                raise Interrupted
            if films.cancel_is_requested(self.film):
                raise Cancelled
            films.update(self.film, progress=self.share)
        return False
