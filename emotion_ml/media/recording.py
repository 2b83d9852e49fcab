"""What a recording is, and its pictures by presentation time, read in this process: `video` has it done in another.

Knows containers and clocks; refuses to know faces. A duration is always read off the packets, from the first picture
to the end of the last: that costs a third of a second per gigabyte and holds where headers lie or say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from emotion_ml.media import ending, stills
from emotion_ml.media.decoding import Alive, NotAVideo, Reader, Truncated, nobody, opened
from emotion_ml.media.upright import Upright, turn_of
from emotion_ml.types import VideoInfo

__all__ = ["ALL_MEDIA_TYPES", "UNKNOWN", "Frame", "NotAVideo", "Truncated", "frames", "probe"]

MAX_DURATION_S: Final = 3 * 3600.0
MAX_PIXELS: Final = 3840 * 2160
MAX_FPS: Final = 1000
SAME_INSTANT_S: Final = 0.1

MEDIA_TYPES: Final = {
    "mov,mp4,m4a,3gp,3g2,mj2": "video/mp4",
    "matroska,webm": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpeg": "video/mpeg",
    "mpegts": "video/mp2t",
    "gif": "image/gif",
    "flv": "video/x-flv",
    "ogg": "video/ogg",
    "asf": "video/x-ms-asf",
}
QUICKTIME: Final = "video/quicktime"
WEBM: Final = "video/webm"
UNKNOWN: Final = "application/octet-stream"
ALL_MEDIA_TYPES: Final = frozenset({*MEDIA_TYPES.values(), QUICKTIME, WEBM, UNKNOWN})
PLAYED: Final = {
    "video/mp4": (frozenset({"h264"}), frozenset({"aac", "mp3"})),
    WEBM: (frozenset({"vp8", "vp9", "av1"}), frozenset({"opus", "vorbis"})),
}
"""Pictures and sound that current Chromium, Firefox and Safari all play, per media type."""
PLAYED_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture kept for analysis: u8 RGB (H, W, 3), contiguous, upright, square pixels, VideoInfo's size."""

    t_s: float
    image: NDArray[np.uint8]


def frames(path: Path, fps: float, alive: Alive = nobody) -> Generator[Frame]:
    """The first picture at or after each tick k / fps, with its own time since the first picture.

    Raises NotAVideo before the first, or Truncated after the last good one. A picture that serves several ticks comes
    once.
    """
    with opened(path) as (container, stream):
        reader = Reader(container, stream, alive)
        upright: Upright | None = None
        tick = 0
        for picture in reader.pictures():
            # A millionth of a tick absorbs the division; real time stamps are far coarser.
            ticks = picture.t_s * fps + 1e-6
            if ticks < tick:
                continue
            tick = math.floor(ticks) + 1
            upright = upright or _upright(picture.frame, stream)
            yield Frame(picture.t_s, upright.rgb(picture.frame))
        reader.check_complete(breaks_off=ending.breaks_off(path, container.format.name))


def probe(
    path: Path, *, max_duration_s: float = MAX_DURATION_S, max_pixels: int = MAX_PIXELS, alive: Alive = nobody
) -> VideoInfo:
    """What the file is; NotAVideo when it is nothing that can be analysed.

    The size is checked against the header before a picture is decoded, the length while the packets are read.
    """
    with opened(path) as (container, stream):
        _check_size(stream.width, stream.height, max_pixels)
        # Before the packets: a damaged file grows streams while it is read, which PyAV does not follow.
        sound = _sound_codec(container)
        reader = Reader(container, stream, alive)
        first = reader.survey(max_duration_s)
        _check_pace(reader.packets_read, reader.duration_s)
        upright = _upright(first, stream, max_pixels)
        codec = stream.codec_context.codec.canonical_name
        media_type = _media_type(path, container)
        return VideoInfo(
            duration_s=reader.duration_s,
            fps=reader.packets_read / reader.duration_s,
            width=upright.width,
            height=upright.height,
            has_sound=sound is not None,
            codec=codec,
            media_type=media_type,
            playable=_plays(media_type, codec, sound, first) and _starts_at_zero(reader),
        )


def _upright(first: VideoFrame, stream: VideoStream, max_pixels: int = MAX_PIXELS) -> Upright:
    upright = Upright(first, stream.sample_aspect_ratio)
    _check_size(upright.width, upright.height, max_pixels)
    return upright


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise NotAVideo(
            "too-large", f"The pictures are {width} x {height}; at most {max_pixels / 1e6:.1f} megapixels are analysed."
        )


def _check_pace(pictures: int, duration_s: float) -> None:
    if pictures < 2:
        raise NotAVideo(*stills.SINGLE)
    if duration_s <= 0:
        raise NotAVideo("no-duration", "This video has no duration.")
    if pictures / duration_s > MAX_FPS:
        raise NotAVideo("bad-rate", f"This video claims more than {MAX_FPS} pictures a second: its times are damaged.")


def _sound_codec(container: InputContainer) -> str | None:
    """Of the stream that a player would play; None without one, "unknown" when nothing here decodes it."""
    stream = container.streams.best("audio")
    if stream is None:
        return None
    context: Any = stream.codec_context
    return context.codec.canonical_name if context else "unknown"


def _media_type(path: Path, container: InputContainer) -> str:
    if container.format.name.startswith("mov") and container.metadata.get("major_brand", "qt  ") == "qt  ":
        return QUICKTIME
    if container.format.name == "matroska,webm":
        with path.open("rb") as file:
            # The EBML header names its document type; libav does not tell the two apart.
            return WEBM if b"\x42\x82\x84webm" in file.read(64) else "video/x-matroska"
    return MEDIA_TYPES.get(container.format.name, UNKNOWN)


def _plays(media_type: str, codec: str, sound: str | None, first: VideoFrame) -> bool:
    pictures, sounds = PLAYED.get(media_type, (frozenset(), frozenset()))
    return (
        codec in pictures
        and (sound is None or sound in sounds)
        and first.format.name in PLAYED_PIXELS
        and not turn_of(first).reverses
    )


def _starts_at_zero(reader: Reader) -> bool:
    """Whether a player's clock and ours, which counts from the first picture, agree."""
    container_s = (reader.container.start_time or 0) / av.time_base
    return abs(container_s) <= SAME_INSTANT_S and abs(reader.start_s) <= SAME_INSTANT_S
