"""The streams of the MP4 that we write: H.264 pictures and AAC sound, encoded or, where browsers play them, copied.

Each is fed the packets of its source stream and gives packets of the output, on a clock that starts at `start_s` of the
source. Knows encoders; refuses to know files and faces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final, Protocol

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from emotion_ml.media.decoding import Picture, Reader, threads
from emotion_ml.media.upright import Upright

Draw = Callable[[NDArray[np.uint8], float], None]

X264_OPTIONS: Final = {"preset": "veryfast", "crf": "23", "bf": "0"}
"""No B-pictures: MP4 keeps durations in decoding order, and where it differs browsers show variable rates wrongly."""
KEY_PICTURES_EVERY_S: Final = 2
"""So that a click on the timeline shows its picture at once."""
SOUND_RATE: Final = 48_000
FINEST_TIME_BASE: Final = Fraction(1, 1_000_000)
SOUND_PRE_ROLL_S: Final = 0.1
MAX_REORDERED: Final = 16
"""As many pictures as H.264 may hold back to reorder."""
SWS_MATRICES: Final = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
"""AVColorSpace of a stream to the number by which swscale knows the same matrix."""
BT601: Final = 6


class OutputStream(Protocol):
    """None says that the source stream has ended."""

    def packets(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]: ...


class Copied:
    """Packets as they are, moved to the output's clock.

    Those from before the first picture stay where something after it depends on them; players do not play them.
    """

    def __init__(self, target: OutputContainer, source: Any, start_s: Fraction) -> None:
        self._stream = target.add_stream_from_template(source, opaque=True)
        self._start_s = start_s
        self._earliest_s = -math.inf if source.type == "video" else -SOUND_PRE_ROLL_S
        self._undated: list[Packet[Any]] = []
        self._last_dts = -math.inf

    def packets(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is None or packet.pts is None:
            return
        if packet.dts is None:
            # Matroska has no decoding times; libav knows them from the first few packets on.
            self._undated = [*self._undated, packet][-MAX_REORDERED:]
            return
        for back, held in enumerate(reversed(self._undated), start=1):
            held.dts = packet.dts - back * (packet.duration or 1)
        for whole in (*self._undated, packet):
            yield from self._moved(whole)
        self._undated = []

    def _moved(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        start = round(self._start_s / packet.time_base)
        packet.pts, packet.dts = (packet.pts or 0) - start, (packet.dts or 0) - start
        if (packet.pts + (packet.duration or 0)) * packet.time_base <= self._earliest_s:
            return
        if packet.is_discard and packet.pts > 0:
            return
        # A damaged file's times go astray; MP4 has no place for a packet out of order.
        if packet.dts > self._last_dts and packet.pts >= packet.dts:
            self._last_dts = packet.dts
            packet.stream = self._stream
            yield packet


class EncodedSound:
    """AAC at 48 kHz, mono or stereo; gaps become silence, what lies before the first picture is left out."""

    def __init__(self, target: OutputContainer, source: Any, start_s: Fraction) -> None:
        layout = "mono" if source.codec_context.layout.nb_channels == 1 else "stereo"
        self._source = source
        self._start_s = start_s
        self._next_sample: int | None = None
        self._stream: Any = target.add_stream("aac", rate=SOUND_RATE)
        self._stream.layout = layout
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=SOUND_RATE, options={"async": "1"})

    def packets(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        for frame in self._decoded(packet):
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(self._start_s / frame.time_base)
            if frame.pts is None or frame.pts * frame.time_base + Fraction(frame.samples, frame.sample_rate) > 0:
                yield from self._encoded(frame)
        if packet is None:
            yield from self._encoded(None)
            yield from self._stream.encode(None)

    def _decoded(self, packet: Packet[Any] | None) -> list[Any]:
        try:
            return list(self._source.codec_context.decode(packet))
        except av.FFmpegError:
            return []

    def _encoded(self, frame: Any) -> Iterator[Packet[Any]]:
        try:
            resampled = self._resampler.resample(frame)
        except ValueError:
            # The sound changed its format midway, which the resampler does not follow.
            return
        for part in resampled:
            # With gaps filled and overlaps cut, the count of samples is the clock; the stamps still jitter.
            start = self._next_sample if self._next_sample is not None else round((part.time or 0.0) * SOUND_RATE)
            part.time_base, part.pts = Fraction(1, SOUND_RATE), start
            self._next_sample = start + part.samples
            yield from self._stream.encode(part)


class EncodedPictures:
    """H.264, 8 bit 4:2:0, upright, square pixels, even sides; each picture at its own time, drawn on if asked."""

    def __init__(self, target: OutputContainer, reader: Reader, first: VideoFrame, draw: Draw | None) -> None:
        self._reader = reader
        self._draw = draw
        self._upright = Upright(first, reader.stream.sample_aspect_ratio)
        self._reformatter = VideoReformatter()
        self._matrix = SWS_MATRICES.get(first.colorspace)
        self._width, self._height = _even(self._upright.width), _even(self._upright.height)
        self._time_base = max(reader.time_base, FINEST_TIME_BASE)
        self._durations: dict[int, int] = {}
        self._stream = self._opened(target, first)

    def packets(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        for picture in self._reader.decode(packet):
            yield from self._timed(self._stream.encode(self._prepared(picture)))
        if packet is None:
            yield from self._timed(self._stream.encode(None))

    def _timed(self, packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
        """With the duration that x264 drops and the last picture needs."""
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts or 0, None)
            yield packet

    def _opened(self, target: OutputContainer, first: VideoFrame) -> Any:
        rate = Fraction(self._reader.stream.average_rate or 25).limit_denominator(1001)
        stream: Any = target.add_stream("libx264", rate=rate, options=dict(X264_OPTIONS))
        stream.width, stream.height, stream.pix_fmt = self._width, self._height, "yuv420p"
        stream.gop_size = min(250, max(12, round(KEY_PICTURES_EVERY_S * rate)))
        stream.thread_type = "FRAME"
        context = stream.codec_context
        context.thread_count = threads()
        context.time_base = self._time_base
        context.colorspace = BT601 if first.format.is_rgb else first.colorspace
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        context.color_range = ColorRange.MPEG
        return stream

    def _prepared(self, picture: Picture) -> VideoFrame:
        shown = picture.frame
        if self._draw or not self._upright.is_upright(shown):
            image = self._upright.rgb(shown)
            if self._draw:
                self._draw(image, picture.t_s)
            shown = VideoFrame.from_ndarray(image, format="rgb24")
        frame = self._reformatter.reformat(
            shown,
            self._width,
            self._height,
            "yuv420p",
            dst_colorspace=self._matrix,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pict_type = PictureType.NONE  # else x264 repeats the source's choices
        ratio = self._reader.time_base / self._time_base
        frame.time_base, frame.pts = self._time_base, round(picture.pts * ratio)
        self._durations[frame.pts] = round(picture.duration * ratio)
        return frame


def _even(side: int) -> int:
    return max(2, side - side % 2)
