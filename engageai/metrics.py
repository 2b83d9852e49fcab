"""What this process counts as it happens, for Prometheus. What can be looked up when somebody asks is in gauges.py.

Knows numbers and a few fixed words. No label ever holds what came from outside: no name, no address, no id.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

registry: Final = CollectorRegistry()

INFERENCE_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
JOB_BUCKETS_S: Final = (1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800)
SOCKETS: Final = ("live", "presence", "progress", "other")

inference = Histogram(
    "engageai_inference_seconds", "One call of the network", buckets=INFERENCE_BUCKETS_S, registry=registry
)
faces = Counter("engageai_faces_read", "Faces whose expressions were inferred", registry=registry)
results = Counter("engageai_results", "Instants that were analysed", ["source"], registry=registry)
dropped = Counter("engageai_frames_dropped", "Webcam frames that a newer one replaced", registry=registry)
uploads = Counter("engageai_uploads", "Recordings that were taken in", registry=registry)
upload_bytes = Counter("engageai_upload_bytes", "Bytes of the recordings that were taken in", registry=registry)
refused = Counter(
    "engageai_refused", "Requests that were refused, by the code of the answer", ["code"], registry=registry
)
wipes = Counter("engageai_wipes", "Sessions that were wiped", registry=registry)
jobs = Histogram(
    "engageai_job_seconds", "Jobs, by how they ended", ["kind", "end"], buckets=JOB_BUCKETS_S, registry=registry
)
sockets = Gauge("engageai_sockets", "Open sockets", ["kind"], registry=registry)
responses = Counter(
    "engageai_responses", "Answers to requests, by the first digit of the status", ["status"], registry=registry
)

for kind in SOCKETS:  # so that a series is there before its first socket
    sockets.labels(kind)
for source in ("live", "recording"):
    results.labels(source)


def inferred(count: int, seconds: float) -> None:
    faces.inc(count)
    inference.observe(seconds)


def uploaded(size_bytes: int) -> None:
    uploads.inc()
    upload_bytes.inc(size_bytes)


def wiped(session_id: uuid.UUID) -> None:
    """Called by the store (settings.AFTER_WIPE)."""
    wipes.inc()


@dataclass(slots=True)
class Run:
    """How a job ended: done, failed, cancelled or interrupted; gone where its recording was wiped meanwhile."""

    end: str = "gone"


@contextmanager
def timed(kind: str) -> Iterator[Run]:
    run, started_s = Run(), time.monotonic()
    try:
        yield run
    finally:
        jobs.labels(kind, run.end).observe(time.monotonic() - started_s)
