"""Small clips for tests, made with PyAV: any times, codec, turn, shape and sound, and a clock that reads back.

Every picture shows its own true time as a grid of black and white cells: whatever a decoder, a rotation or an encoder
does to it, `read_clock` says which instant it is, and fails on a picture that is not upright.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Time = Fraction | float

COLUMNS: Final = 6
ROWS: Final = 4
BITS: Final = COLUMNS * ROWS - 2
"""The first cell is always white and the last always black: a turned or mirrored picture has them elsewhere."""
CLICK_S: Final = 0.05
SAMPLE_RATE: Final = 44_100


def clock(t_s: Time, width: int = 160, height: int = 120) -> Image:
    """The time in milliseconds, highest bit first, row by row."""
    bits = [int(bit) for bit in f"{round(t_s * 1000):0{BITS}b}"]
    cells = np.array([1, *bits, 0], np.uint8).reshape(ROWS, COLUMNS) * 255
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    return np.repeat(cells[rows][:, columns, None], 3, axis=2)


def read_clock(image: Image) -> float:
    """Seconds; AssertionError where the picture is not an upright clock."""
    height, width = image.shape[:2]
    rows = (np.arange(ROWS) * 2 + 1) * height // (2 * ROWS)
    columns = (np.arange(COLUMNS) * 2 + 1) * width // (2 * COLUMNS)
    cells = (image[rows][:, columns].mean(axis=2) > 127).astype(int).ravel()
    assert (cells[0], cells[-1]) == (1, 0), "not an upright clock"
    return int("".join(str(cell) for cell in cells[1:-1]), 2) / 1000


def steady(fps: Time, duration_s: float) -> list[Fraction]:
    """The times of pictures at a constant rate."""
    rate = Fraction(fps).limit_denominator(1001)
    return [Fraction(k) / rate for k in range(round(duration_s * rate))]


@dataclass(frozen=True, slots=True)
class Sound:
    """Silence with a click at each of `clicks_s`, on the same clock as the pictures."""

    duration_s: float
    start_s: float = 0.0
    clicks_s: Sequence[float] = ()
    codec: str = "aac"
    layout: str = "mono"

    def samples(self) -> NDArray[np.float32]:
        times = self.start_s + np.arange(round(self.duration_s * SAMPLE_RATE)) / SAMPLE_RATE
        loud = np.zeros(len(times), bool)
        for click_s in self.clicks_s:
            loud |= (times >= click_s) & (times < click_s + CLICK_S)
        return np.where(loud, 0.7 * np.sin(2 * np.pi * 1000 * times), 0).astype(np.float32)

    def stream(self, out: OutputContainer) -> Any:
        stream: Any = out.add_stream(self.codec, rate=SAMPLE_RATE)
        stream.layout = self.layout
        return stream

    def packets(self, stream: Any) -> Iterator[Any]:
        samples, block = self.samples(), 1152
        for at in range(0, len(samples), block):
            part = np.repeat(samples[None, at : at + block], stream.layout.nb_channels, axis=0)
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout=self.layout)
            frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
            frame.pts = at + round(self.start_s * SAMPLE_RATE)
            yield from (stream.encode(each) for each in _converted(stream, frame))
        yield stream.encode(None)


@dataclass(frozen=True, slots=True)
class Look:
    """How the pictures are stored. `rotation_deg` is the display matrix's, counter-clockwise."""

    width: int = 160
    height: int = 120
    codec: str = "libx264"
    pixels: str = "yuv420p"
    time_base: Fraction = Fraction(1, 90_000)
    rotation_deg: int = 0
    mirrored: bool = False
    pixel_aspect: Fraction | None = None
    options: tuple[tuple[str, str], ...] = (("preset", "ultrafast"), ("crf", "18"), ("g", "25"))
    paint: Callable[[Time, int, int], Image] = clock


def write(
    path: Path,
    times: Iterable[Time],
    look: Look = Look(),
    *,
    sound: Sound | None = None,
    last_s: Time = Fraction(1, 25),
    format: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A clip whose pictures are shown at `times` (the last for `last_s`); returns `path`."""
    times = list(times)
    with av.open(str(path), "w", format=format, options=options or {}) as out:
        stream = _picture_stream(out, times, look)
        audio = sound.stream(out) if sound else None
        for packets in _pictures(stream, times, look, last_s):
            out.mux(packets)
        if sound:
            for packets in sound.packets(audio):
                out.mux(packets)
    return path


def loop(source: Path, out: Path, times: int) -> Path:
    """`source` `times` over, a moment apart, without encoding anything: a long recording in no time."""
    streams: dict[int, Any] = {}
    shift = end = Fraction(0)
    with av.open(str(out), "w") as target:
        for _ in range(times):
            with av.open(str(source)) as container:
                for stream in container.streams if not streams else ():
                    streams[stream.index] = target.add_stream_from_template(stream, opaque=True)
                for packet in container.demux():
                    if packet.dts is not None and packet.pts is not None and packet.time_base:
                        packet.pts += round(shift / packet.time_base)
                        packet.dts += round(shift / packet.time_base)
                        end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                        packet.stream = streams[packet.stream.index]
                        target.mux(packet)
            shift = end + Fraction(1, 20)
    return out


def clicks(path: Path) -> list[float]:
    """When the sound of a file becomes loud, in seconds of the container's clock."""
    onsets: list[float] = []
    quiet_until_s = -1.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(av.AudioResampler(format="flt", layout="mono").resample(frame)[0].to_ndarray()[0])
            for at in np.flatnonzero(samples > 0.2):
                t_s = float(frame.time or 0) + int(at) / frame.sample_rate
                if t_s > quiet_until_s:
                    onsets.append(t_s)
                quiet_until_s = t_s + CLICK_S
    return onsets


def _picture_stream(out: OutputContainer, times: Sequence[Time], look: Look) -> Any:
    span_s = float(times[-1] - times[0]) if len(times) > 1 else 1.0
    rate = Fraction(max(1.0, (len(times) - 1) / span_s)).limit_denominator(1001)
    stream: Any = out.add_stream(look.codec, rate=rate, options=dict(look.options if look.codec == "libx264" else ()))
    stream.width, stream.height, stream.pix_fmt = look.width, look.height, look.pixels
    # MPEG-1 and its kin know a few constant rates and nothing else.
    stream.codec_context.time_base = 1 / rate if look.codec.startswith("mpeg") else look.time_base
    if look.pixel_aspect:
        stream.codec_context.sample_aspect_ratio = look.pixel_aspect
    if look.rotation_deg or look.mirrored:
        stream.set_display_rotation(look.rotation_deg, hflip=look.mirrored)
    return stream


def _pictures(stream: Any, times: Sequence[Time], look: Look, last_s: Time) -> Iterator[Any]:
    base = stream.codec_context.time_base
    stamps = [round(t_s / base) for t_s in [*times, times[-1] + last_s]]
    durations = dict(zip(stamps, np.diff(stamps).tolist(), strict=False))
    for t_s, pts in zip(times, stamps, strict=False):
        frame = VideoFrame.from_ndarray(_stored(look, t_s), format="rgb24")
        frame.time_base, frame.pts, frame.duration = base, pts, durations[pts]
        yield _lasting(stream.encode(frame), durations)
    yield _lasting(stream.encode(None), durations)


def _lasting(packets: list[Any], durations: dict[int, int]) -> list[Any]:
    """x264 drops the durations, and the last one cannot be told from the next picture's time."""
    for packet in packets:
        packet.duration = durations.get(packet.pts, packet.duration)
    return packets


def _stored(look: Look, t_s: Time) -> Image:
    """The picture as the camera's sensor saw it, so that the display matrix turns it upright."""
    quarters = look.rotation_deg // 90
    size = (look.height, look.width) if quarters % 2 else (look.width, look.height)
    upright = look.paint(t_s, *size)
    upright = upright[:, ::-1] if look.mirrored else upright
    return np.ascontiguousarray(np.rot90(upright, -quarters))


def _converted(stream: Any, frame: AudioFrame) -> list[AudioFrame]:
    wanted = stream.codec_context.format.name
    if wanted == "fltp":
        return [frame]
    return list(av.AudioResampler(format=wanted, layout=frame.layout.name, rate=SAMPLE_RATE).resample(frame))
