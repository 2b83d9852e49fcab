"""Opening a file that a stranger sent, and reading pictures with true times from it.

Knows libav through PyAV: which formats may be opened, where a file's one picture stream is, when each picture is
shown, and whether all of it was there. Refuses to know what the pictures are for, and opens nothing but the one file.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from emotion_ml.media import stills

VIDEO_DEMUXERS: Final = ("mov", "matroska", "avi", "mpeg", "mpegts", "gif", "flv", "ogg", "asf")
SOUND_DEMUXERS: Final = ("mp3", "wav", "flac", "aac")
"""Opened only so that a sound file is refused as one. Playlists, images, text and subtitles are never opened."""

VIDEO_DECODERS: Final = (
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg1video,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,h263,flv,mjpeg,theora,"
    "wmv1,wmv2,wmv3,vc1,gif,prores,dnxhd,ffv1,huffyuv,ffvhuff,utvideo,dvvideo,rawvideo,vp6,vp6f,vp6a"
)
SOUND_DECODERS: Final = (
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,ac3,eac3,opus,libopus,vorbis,flac,alac,wmav1,wmav2,amrnb,"
    "amrwb,nellymoser,speex,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,"
    "pcm_s32le,pcm_f32le,pcm_u8,pcm_alaw,pcm_mulaw"
)
"""What people's recordings hold. libav has hundreds more, mostly for games of the nineties, and little tested."""
MAX_DECODED_PIXELS: Final = 64_000_000
"""No decoder allocates a picture above this, whatever the stream claims of itself midway."""

OPTIONS: Final = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(VIDEO_DEMUXERS + SOUND_DEMUXERS),
    "codec_whitelist": f"{VIDEO_DECODERS},{SOUND_DECODERS}",
    "max_pixels": str(MAX_DECODED_PIXELS),
}
STATES_DURATION: Final = frozenset({"matroska,webm", "flv", "asf"})
"""Formats whose header says how long the recording is; for the others libav works it out from what the file holds."""
LOSS_S: Final = 0.25
MAX_PACKETS_TO_FIRST_PICTURE: Final = 1000
MAX_THREADS: Final = 8
"""Of a decoder or an encoder. Each holds pictures of its own: sixteen at 4K take most of what a child may have."""

Alive = Callable[[], None]
"""Told at every step of the work that it goes on."""


def nobody() -> None:
    """For who need not be told."""


class NotAVideo(Exception):
    """Why a file cannot be analysed; `code` for programs, str() for the person who sent it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Truncated(Exception):
    """The recording goes on after `t_s` by its own account, but nothing after it could be decoded."""

    def __init__(self, t_s: float) -> None:
        super().__init__(f"The recording is damaged or incomplete after {t_s:.1f} s.")
        self.t_s = t_s


UNREADABLE: Final = (
    "unreadable",
    "This file cannot be read as a video: it is of another kind, incomplete or damaged.",
)
NO_PICTURE: Final = ("no-picture", "No picture of this video can be decoded: it may be incomplete or damaged.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. `pts` counts the stream's time base from the first picture, `t_s` is the same in seconds."""

    pts: int
    t_s: float
    duration: int
    frame: VideoFrame


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its picture stream, or NotAVideo."""
    if path.stat().st_size == 0:
        raise NotAVideo("empty", "The file is empty.")
    try:
        # A name with a colon in it is a file all the same.
        container = av.open(f"file:{path}", options=OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise NotAVideo(*(stills.SINGLE if stills.is_single(path) else UNREADABLE)) from error
    with container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads()
        stream.codec_context.options = OPTIONS
        yield container, stream


def threads() -> int:
    """One more than there are cores, as libav would have it, but not without end."""
    return min(MAX_THREADS, (os.cpu_count() or 1) + 1)


def picture_stream(container: InputContainer) -> VideoStream:
    """The stream a player would show; the cover of a sound file is none."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    if not moving and container.streams.audio:
        raise NotAVideo("audio-only", "This file holds sound but no moving picture.")
    if not moving:
        raise NotAVideo("no-video-stream", "This file holds no moving picture.")
    best = container.streams.best("video")
    stream = next((stream for stream in moving if stream is best), moving[0])
    # PyAV leaves the context out where it has no decoder, which its types do not say.
    context: Any = stream.codec_context
    if context is None or context.name not in VIDEO_DECODERS.split(","):
        raise NotAVideo("unknown-codec", "The pictures of this video are stored in a way that cannot be decoded here.")
    return stream


class Reader:
    """Reads one open video to its end, keeps the clock, and can say afterwards whether all of it was there.

    A damaged packet is stepped over: the decoder picks up again later and the times stay true. Times come from the
    presentation time stamps, or from decoding time stamps or the rate where a file has none.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, alive: Alive = nobody) -> None:
        self.container = container
        self.stream = stream
        self._alive = alive
        self.time_base: Fraction = stream.time_base or Fraction(1, 90_000)
        self._ticks_s = [float(each.time_base or 0) for each in container.streams]
        self.first_pts: int | None = None
        self.packets_read = 0
        self._step = round(1 / ((stream.average_rate or 25) * self.time_base)) or 1
        self._last_pts = 0
        self._skipped = 0
        self._failing = False
        self._packet_pts: int | None = None
        self._packet_dts: int | None = None
        self._packets_end_pts: int | None = None
        self._all_streams_end_s = -math.inf
        self._stopped = False

    @property
    def start_s(self) -> Fraction:
        """Where the container's own clock stands at the first picture decoded."""
        return (self.first_pts or 0) * self.time_base

    @property
    def duration_s(self) -> float:
        """From the first picture decoded to the end of the last picture read so far, decoded or not."""
        return self._seconds((self._packets_end_pts or 0) - (self.first_pts or 0))

    def packets(self) -> Iterator[Packet[Stream]]:
        """Every packet of every stream, up to the end or to where the container itself is broken."""
        try:
            for packet in self.container.demux():
                self._alive()
                # An empty packet would tell the decoder that the stream ends.
                if packet.size:
                    self._note(packet)
                    yield packet
        except av.FFmpegError:
            self._stopped = True
        except IndexError:
            # PyAV, once all is read, trips over streams that a damaged file grew on the way. At the start it notes in
            # one byte each which streams are wanted, and for every later one it looks beyond those bytes (`demux` of
            # 18.1.0): the sandbox contains whatever comes of that.
            return

    def survey(self, max_duration_s: float = math.inf) -> VideoFrame:
        """The first picture. Reads every packet to the end, but decodes none after that picture's."""
        first: Picture | None = None
        for packet in self.packets():
            if first is None and packet.stream is self.stream:
                first = next(self.decode(packet), None)
                if first is None and self.packets_read > MAX_PACKETS_TO_FIRST_PICTURE:
                    break
            if first is not None and self.duration_s > max_duration_s:
                limit = f"{max_duration_s / 60:g} minutes"
                raise NotAVideo("too-long", f"This video is longer than {limit}, the most that is analysed.")
        # A threaded decoder holds the first pictures back; with very few packets, until it is told of the end.
        first = first or next(self.decode(None), None)
        if first is None:
            raise NotAVideo(*NO_PICTURE)
        return first.frame

    def pictures(self) -> Iterator[Picture]:
        for packet in self.packets():
            if packet.stream is self.stream:
                yield from self.decode(packet)
        yield from self.decode(None)

    def decode(self, packet: Packet[Stream] | None) -> Iterator[Picture]:
        """The pictures that this packet completes; None for those still inside the decoder at the end."""
        try:
            decoded = [] if packet is not None and packet.is_corrupt else self.stream.codec_context.decode(packet)
        except av.FFmpegError:
            decoded = []
            self._failing = True
        for frame in decoded:
            picture = self._timed(frame)
            if picture is not None:
                yield picture

    def check_complete(self, *, breaks_off: bool = False) -> None:
        """Raises Truncated, or NotAVideo where not one picture came; call it after the last picture.

        Only a clear loss counts: the container or the file breaks off; the decoder fails on the last packets, or their
        times have gone back; the list of pictures goes on; the stated length does (a coarser claim: up to a second may
        lack).
        """
        if self.first_pts is None:
            raise NotAVideo(*NO_PICTURE)
        undecoded_pts = (self._packet_pts or 0) - self.first_pts - self._last_pts if self._failing else 0
        lost_s = max(self._seconds(max(undecoded_pts, self._skipped)), self._missing_s())
        stated_s = self._stated_s()
        short_s = stated_s - self._all_streams_end_s
        if self._stopped or breaks_off or lost_s > LOSS_S or short_s > min(1.0, max(LOSS_S, 0.05 * stated_s)):
            raise Truncated(self._seconds(self._last_pts))

    def _missing_s(self) -> float:
        """How much of what the container lists picture by picture it does not hold."""
        entries = self.stream.index_entries
        if not self.container.format.name.startswith("mov") or not len(entries) or self._packet_dts is None:
            return 0.0
        return self._seconds(entries[len(entries) - 1].timestamp - self._packet_dts)

    def _stated_s(self) -> float:
        """The time at which the container says that it ends; 0 where it says nothing."""
        name = self.container.format.name
        if name == "avi":
            # libav scales an AVI's duration down to what is left of the file, but not its number of pictures.
            return self._seconds(self.stream.frames * self._step)
        return (self.container.duration or 0) / av.time_base if name in STATES_DURATION else 0.0

    def _note(self, packet: Packet[Stream]) -> None:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None:
            end_s = (time + (packet.duration or 0)) * self._ticks_s[packet.stream_index]
            self._all_streams_end_s = max(self._all_streams_end_s, end_s)
        if packet.stream is not self.stream:
            return
        self._packet_dts = packet.dts if packet.dts is not None else self._packet_dts
        if time is not None and not packet.is_discard:
            self.packets_read += 1
            self._packet_pts = _later(self._packet_pts, time)
            self._packets_end_pts = _later(self._packets_end_pts, time + (packet.duration or self._step))

    def _timed(self, frame: VideoFrame) -> Picture | None:
        """None for a picture that would go back in time."""
        pts = frame.pts if frame.pts is not None else frame.dts
        if self.first_pts is None:
            self.first_pts = pts or 0
        elif pts is None:
            pts = self.first_pts + self._last_pts + self._step
        elif pts - self.first_pts <= self._last_pts:
            self._skipped += self._step
            return None
        self._last_pts = (pts or 0) - self.first_pts
        self._skipped, self._failing = 0, False
        return Picture(self._last_pts, self._seconds(self._last_pts), frame.duration or self._step, frame)

    def _seconds(self, pts: int) -> float:
        return pts * self.time_base.numerator / self.time_base.denominator


def _later(one: int | None, other: int) -> int:
    return other if one is None else max(one, other)
