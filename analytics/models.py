"""The rows of a session. They know what was measured and how far it came; where files lie is the store's business."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from analytics.purposes import Terms
from emotion_ml.types import VideoInfo


class Answered(models.Model):
    """What the visitor said that it is for, and what follows from that (analytics.purposes). Empty: not asked yet."""

    purpose = models.CharField(max_length=16, blank=True, default="")
    exemption = models.CharField(max_length=16, blank=True, default="")
    reads_expressions = models.BooleanField(default=True)

    class Meta:
        abstract = True

    @property
    def terms(self) -> Terms:
        return Terms(self.purpose, self.exemption, self.reads_expressions)


class AnalysisSession(Answered):
    """One load of the start page, and all that came of it. `owner_hash` is the digest of its browser's secret.

    Its answer is the latest; each recording keeps the one that it was read under.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    has_tab = models.BooleanField(default=False)  # a page held it with a socket: it ends soon after its last one closed
    ending_at = models.DateTimeField(null=True, blank=True)  # when its wipe began: from then on nobody finds it

    def __str__(self) -> str:
        return str(self.id)


class Status(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (Status.QUEUED, Status.RUNNING)
SHOWABLE = (Status.DONE, Status.PARTIAL)


class Stage(models.TextChoices):
    QUEUED = "queued"
    PROBE = "probe"
    ANALYSE = "analyse"
    PLAYBACK = "playback"
    FINISH = "finish"


class Source(models.TextChoices):
    FILE = "file"
    LIVE = "live"  # a camera, read as it ran: there is no file, and what was not read is gone


class Recording(Answered):
    """One uploaded video, or one stretch before a camera, and its analysis.

    `progress` in [0, 1] is that of the present stage.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(AnalysisSession, on_delete=models.CASCADE, related_name="recordings")
    name = models.CharField(max_length=120)  # as its visitor calls it: only ever shown as text
    source = models.CharField(max_length=4, choices=Source.choices, default=Source.FILE)
    environment = models.CharField(max_length=32)
    may_send_sound = models.BooleanField(default=False)  # each agreed to on the page that names who gets it
    may_send_text = models.BooleanField(default=False)
    may_search = models.BooleanField(default=False)
    analysis_fps = models.FloatField(default=5.0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED, db_index=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.QUEUED)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True, default="")
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)  # attempts whose worker died or fell silent
    stopped_at_s = models.FloatField(null=True, blank=True)
    readings_bytes = models.PositiveBigIntegerField(default=0)  # what lies behind this in the file was never committed
    faces = models.PositiveIntegerField(default=0)  # most at one instant

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    stage_started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    model_name = models.CharField(max_length=120, blank=True, default="")
    model_sha256 = models.CharField(max_length=64, blank=True, default="")
    backend = models.CharField(max_length=60, blank=True, default="")

    duration_s = models.FloatField(null=True, blank=True)
    fps = models.FloatField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    has_sound = models.BooleanField(null=True, blank=True)
    codec = models.CharField(max_length=40, null=True, blank=True)
    media_type = models.CharField(max_length=60, null=True, blank=True)
    playable = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_showable(self) -> bool:
        return self.status in SHOWABLE

    @property
    def is_live(self) -> bool:
        return self.source == Source.LIVE

    @property
    def analysed_s(self) -> float:
        """Where what was analysed ends."""
        return self.stopped_at_s if self.stopped_at_s is not None else self.duration_s or 0.0

    @property
    def info(self) -> VideoInfo | None:
        if self.duration_s is None:
            return None
        return VideoInfo(
            duration_s=self.duration_s,
            fps=self.fps or 0.0,
            width=self.width or 0,
            height=self.height or 0,
            has_sound=bool(self.has_sound),
            codec=self.codec or "",
            media_type=self.media_type or "",
            playable=bool(self.playable),
        )


class TranscriptStatus(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ABSENT = "absent"  # there is nothing to write down, and `note` says why
    FAILED = "failed"
    CANCELLED = "cancelled"


class Transcript(models.Model):
    """What was said in a recording, and how far writing it down came; the words lie in a file beside the readings."""

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, primary_key=True, related_name="transcript")
    status = models.CharField(max_length=10, choices=TranscriptStatus.choices, default=TranscriptStatus.WAITING)
    progress = models.FloatField(default=0.0)
    engine = models.CharField(max_length=20, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")  # for the visitor
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)  # attempts whose worker died or fell silent
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.recording_id)

    @property
    def is_active(self) -> bool:
        return self.status in (TranscriptStatus.WAITING, TranscriptStatus.RUNNING)


class FilmStatus(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Film(models.Model):
    """The recording with what was read drawn over it, made when it is asked for; it lies beside the readings."""

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, primary_key=True, related_name="film")
    environment = models.CharField(max_length=32)
    status = models.CharField(max_length=10, choices=FilmStatus.choices, default=FilmStatus.WAITING)
    progress = models.FloatField(default=0.0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True, default="")  # why it failed, where that is no fault of ours
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.recording_id)

    @property
    def is_active(self) -> bool:
        return self.status in (FilmStatus.WAITING, FilmStatus.RUNNING)
