"""A recording as an MP4 that every current browser plays: as it was, or with what was read drawn over it.

Pictures keep their own presentation times and sound keeps its place relative to them; time 0 is the first picture, as
in `video.frames`. Knows which streams go into the file; refuses to know how they are encoded or what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from emotion_ml.decoding import SOUND_DECODERS, Reader, opened
from emotion_ml.encoding import Copied, Draw, EncodedPictures, EncodedSound, OutputStream
from emotion_ml.overlay import Overlay
from emotion_ml.types import Reading
from emotion_ml.upright import AS_STORED, turn_of

OnProgress = Callable[[float], None]
ShouldStop = Callable[[], bool]

COPIED_AAC: Final = frozenset({"LC", "HE-AAC", "HE-AACv2"})
COPIED_FROM: Final = ("mov", "matroska")
"""Formats that keep H.264 and AAC in the form that MP4 wants, with reliable decoding times."""
COPIED_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})


class Stopped(Exception):
    """The caller asked to stop; nothing is left behind."""


def transcode(
    source: Path, out: Path, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
) -> None:
    """`source` as H.264 and AAC in an MP4; of a damaged one, the good part."""
    _render(source, out, None, on_progress, should_stop)


def annotate(
    source: Path,
    out: Path,
    readings: Sequence[Reading],
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """The same, with the box and label of every face on every picture that a reading speaks for."""
    _render(source, out, Overlay(readings), on_progress, should_stop)


def _render(
    source: Path, out: Path, draw: Draw | None, on_progress: OnProgress | None, should_stop: ShouldStop | None
) -> None:
    """Writes beside `out` and moves it into place when it is whole."""
    part = out.with_name(f"{out.name}.part")
    with opened(source) as (container, stream):
        survey = Reader(container, stream)
        first = survey.survey()
    try:
        with (
            opened(source) as (container, stream),
            av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as target,
        ):
            reader = Reader(container, stream)
            streams = _streams(target, reader, first, survey.start_s, draw)
            _feed(target, reader, streams, _Progress(survey, on_progress), should_stop)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _feed(
    target: OutputContainer,
    reader: Reader,
    streams: dict[int, OutputStream],
    progress: _Progress,
    should_stop: ShouldStop | None,
) -> None:
    for packet in reader.packets():
        if should_stop and should_stop():
            raise Stopped
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

    def __init__(self, survey: Reader, on_progress: OnProgress | None) -> None:
        self._survey = survey
        self._on_progress = on_progress
        self._told_percent = 0

    def tell(self, packet: Packet[Stream]) -> None:
        if self._on_progress is None or packet.pts is None or not packet.time_base:
            return
        done_s = float(packet.pts * packet.time_base - self._survey.start_s)
        percent = min(100, int(100 * done_s / self._survey.duration_s)) if self._survey.duration_s > 0 else 100
        if percent > self._told_percent:
            self._told_percent = percent
            self._on_progress(percent / 100)
