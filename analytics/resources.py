"""What was found to read next for a recording, kept beside its readings: for the session alone, a wipe takes it along.

The store's third part. Knows a file and when it may be written; what stands in it is the business of who finds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from analytics import folders, store
from analytics.models import Recording


def load(recording: Recording) -> dict[str, Any]:
    """What was saved last; empty where nothing was, or nothing that can be read."""
    with suppress(OSError, ValueError):
        found = json.loads((store.recording_folder(recording) / folders.RESOURCES).read_bytes())
        return found if isinstance(found, dict) else {}
    return {}


def save(recording: Recording, found: Mapping[str, Any]) -> None:
    """Nothing is kept of a recording that was wiped meanwhile."""
    data = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    with suppress(FileNotFoundError):
        folders.put(store.recording_folder(recording) / folders.RESOURCES, data)
