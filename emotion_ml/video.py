"""What a recording is, its pictures by presentation time, and its sound: read in the sandbox, never in this process.

Knows what may be asked of a file and believes no answer unchecked; how it is read is `recording`'s and `sound`'s.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion_ml import sandbox
from emotion_ml.media.recording import ALL_MEDIA_TYPES, MAX_DURATION_S, MAX_PIXELS, UNKNOWN, Frame, NotAVideo, Truncated
from emotion_ml.media.sound import SAMPLE_RATE, NoSound, Samples
from emotion_ml.sandbox import Bytes, DecoderFailed, Item, Limits
from emotion_ml.types import VideoInfo

__all__ = [
    "SAMPLE_RATE",
    "DecoderFailed",
    "Frame",
    "NoSound",
    "NotAVideo",
    "Samples",
    "Truncated",
    "frames",
    "passing_frames",
    "probe",
    "sound",
]

PROBE: Final = Limits(cpu_s=120, wall_s=120.0)
READ: Final = Limits()


def probe(path: Path, *, max_duration_s: float = MAX_DURATION_S, max_pixels: int = MAX_PIXELS) -> VideoInfo:
    """What the file is; NotAVideo when it is nothing that can be analysed.

    The size is checked against the header before a picture is decoded, the length while the packets are read.
    """
    answers = [*_items(path, "probe", PROBE, max_duration_s=max_duration_s, max_pixels=max_pixels)]
    return _info(answers[-1].note)


def frames(path: Path, fps: float) -> Generator[Frame]:
    """The first picture at or after each tick k / fps, with its own time since the first picture.

    Raises NotAVideo before the first, or Truncated after the last good one; DecoderFailed, which is a NotAVideo, at any
    time. A picture that serves several ticks comes once. The next few are decoded while the caller looks at this one.
    """
    with closing(passing_frames(path, fps)) as passing:
        for frame in passing:
            yield Frame(frame.t_s, frame.image.copy())


def passing_frames(path: Path, fps: float) -> Generator[Frame]:
    """The same without a copy: each image is shared with the decoder, and gone when the next is asked for."""
    with closing(_items(path, "frames", fps=fps)) as items:
        for item in items:
            if item.data is not None:
                yield Frame(float(item.note["t_s"]), image_of(item.note, item.data))


def sound(path: Path, max_s: float) -> Generator[Samples]:
    """Mono samples at `sound.SAMPLE_RATE` in pieces without a gap, from the first picture on; NoSound at once."""
    with closing(_items(path, "hear", max_s=max_s)) as items:
        for item in items:
            if item.data is not None:
                yield item.data.view(np.float32).copy()


def _items(path: Path, task: str, limits: Limits = READ, **arguments: float) -> Generator[Item]:
    with path.open("rb") as file:
        yield from sandbox.current().run(task, arguments, [file.fileno()], limits)


def image_of(note: dict[str, Any], data: Bytes) -> Bytes:
    """The picture that a child says is in `data`, still shared with it."""
    return data.reshape(note["height"], note["width"], 3)


def _info(said: dict[str, Any]) -> VideoInfo:
    """Of the right types whatever was said, and a media type that may go into a header."""
    media_type = str(said["media_type"])
    return VideoInfo(
        duration_s=float(said["duration_s"]),
        fps=float(said["fps"]),
        width=int(said["width"]),
        height=int(said["height"]),
        has_sound=bool(said["has_sound"]),
        codec=str(said["codec"]),
        media_type=media_type if media_type in ALL_MEDIA_TYPES else UNKNOWN,
        playable=bool(said["playable"]),
    )
