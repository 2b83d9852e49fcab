"""Writes a recording as an MP4 that every current browser plays, in this process: `render` has it done in another.

Pictures keep their own presentation times and sound keeps its place relative to them; time 0 is the first picture, as
in `recording.frames`. Knows which streams go into the file; refuses to know how they are encoded or what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from emotion_ml.media.decoding import SOUND_DECODERS, Alive, Reader, opened
from emotion_ml.media.encoding import Copied, Draw, EncodedPictures, EncodedSound, OutputStream
from emotion_ml.media.upright import AS_STORED, turn_of

OnProgress = Callable[[float], None]

COPIED_AAC: Final = frozenset({"LC", "HE-AAC", "HE-AACv2"})
COPIED_FROM: Final = ("mov", "matroska")
"""Formats that keep H.264 and AAC in the form that MP4 wants, with reliable decoding times."""
COPIED_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})


def write(source: Path, out: Path, draw: Draw | None, on_progress: OnProgress, alive: Alive, comment: str = "") -> None:
    """`source` as H.264 and AAC, drawn on if asked; of a damaged one, the good part. `comment`: the file's own."""
    with opened(source) as (container, stream):
        survey = Reader(container, stream, alive)
        first = survey.survey()
    with (
        opened(source) as (container, stream),
        av.open(f"file:{out}", "w", format="mp4", options={"movflags": "faststart"}) as target,
    ):
        if comment:
            target.metadata["comment"] = comment
        reader = Reader(container, stream, alive)
        streams = _streams(target, reader, first, survey.start_s, draw)
        _feed(target, reader, streams, _Progress(survey, on_progress))


def _feed(
    target: OutputContainer,
    reader: Reader,
    streams: dict[int, OutputStream],
    progress: _Progress,
) -> None:
    for packet in reader.packets():
        stream = streams.get(packet.stream.index)
        if stream is None or packet.is_corrupt:
            continue
        progress.tell(packet)
        for encoded in stream.packets(packet):
            target.mux(encoded)
    for stream in streams.values():
        for encoded in stream.packets(None):
            target.mux(encoded)


def _streams(
    target: OutputContainer, reader: Reader, first: VideoFrame, start_s: Fraction, draw: Draw | None
) -> dict[int, OutputStream]:
    """What to make of which stream of the source, by its index."""
    streams: dict[int, OutputStream] = {}
    if draw is None and _can_copy_pictures(reader, first):
        streams[reader.stream.index] = Copied(target, reader.stream, start_s)
    else:
        streams[reader.stream.index] = EncodedPictures(target, reader, first, draw)
    sound: Any = reader.container.streams.best("audio")
    if sound is not None and sound.codec_context and sound.codec_context.name in SOUND_DECODERS.split(","):
        copies = _keeps_mp4_form(reader, sound) and sound.codec_context.profile in COPIED_AAC
        streams[sound.index] = (Copied if copies else EncodedSound)(target, sound, start_s)
    return streams


def _can_copy_pictures(reader: Reader, first: VideoFrame) -> bool:
    """H.264 that browsers play and that needs no turning: it only has to move into another box."""
    return (
        reader.stream.codec_context.name == "h264"
        and _keeps_mp4_form(reader, reader.stream)
        and first.format.name in COPIED_PIXELS
        and turn_of(first) == AS_STORED
    )


def _keeps_mp4_form(reader: Reader, stream: Stream) -> bool:
    return reader.container.format.name.startswith(COPIED_FROM) and bool(stream.codec_context.extradata)


class _Progress:
    """Tells the share done, at most a hundred times."""

    def __init__(self, survey: Reader, on_progress: OnProgress) -> None:
        self._survey = survey
        self._on_progress = on_progress
        self._told_percent = 0

    def tell(self, packet: Packet[Stream]) -> None:
        if packet.pts is None or not packet.time_base:
            return
        done_s = float(packet.pts * packet.time_base - self._survey.start_s)
        percent = min(100, int(100 * done_s / self._survey.duration_s)) if self._survey.duration_s > 0 else 100
        if percent > self._told_percent:
            self._told_percent = percent
            self._on_progress(percent / 100)
