"""The sound of a recording as mono samples on the clock of its pictures, read in this process: `video` has it done in
another.

Knows libav through PyAV, opened as `decoding` does. Time 0 is the first picture; where sound is missing there is
silence, so that a sample's place always says when it was heard. Knows nothing of speech.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from emotion_ml.media.decoding import OPTIONS, SOUND_DECODERS, Alive, NotAVideo, Reader, nobody, opened

Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
MAX_DRIFT_S: Final = 0.1
"""Time stamps may be off by so much before they are believed more than the number of samples."""
MAX_OVERLAP_S: Final = 10.0
"""Sound whose stamps lie so far behind is heard twice, and the second time is dropped; farther, a clock began anew."""
STEP_S: Final = 10.0
PIECE_SAMPLES: Final = round(STEP_S * SAMPLE_RATE)


class NoSound(Exception):
    """There is none to be read; str() says why, for the person who sent it."""


def pieces(path: Path, max_s: float, alive: Alive = nobody) -> Iterator[Samples]:
    """At most PIECE_SAMPLES each, and that many but for the last; NoSound at once. Damage ends the sound early, or
    leaves silence in it.
    """
    with _opened(path) as (container, stream):
        held: list[Samples] = []
        size = 0
        line = _Line(_origin_s(path, alive), min(_end_s(container), max_s))
        for samples in _samples(container, stream, line, alive):
            held.append(samples)
            size += len(samples)
            while size >= PIECE_SAMPLES:
                whole = np.concatenate(held)
                yield whole[:PIECE_SAMPLES]
                held, size = [whole[PIECE_SAMPLES:]], size - PIECE_SAMPLES
        if size:
            yield np.concatenate(held)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    try:
        container = av.open(f"file:{path}", options=OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise NoSound("The sound of this recording cannot be read.") from error
    with container:
        stream: Any = container.streams.best("audio")
        if stream is None:
            raise NoSound("This recording has no sound.")
        # PyAV leaves the context out where it has no decoder, which its types do not say.
        context: Any = stream.codec_context
        if context is None or context.name not in SOUND_DECODERS.split(","):
            raise NoSound("The sound of this recording is stored in a way that cannot be read here.")
        context.options = OPTIONS
        yield container, stream


def _samples(container: InputContainer, stream: AudioStream, line: _Line, alive: Alive) -> Iterator[Samples]:
    """Pieces of sound without a gap between them, from the first picture on."""
    mono = _Mono()
    for frame in _frames(container, stream, alive):
        time_s = frame.time
        yield from line.put(mono.convert(frame), time_s)
        if line.is_full:
            return
    yield from line.put(mono.flush(), None)


def _frames(container: InputContainer, stream: AudioStream, alive: Alive) -> Iterator[AudioFrame]:
    with suppress(av.FFmpegError):  # what cannot be demuxed ends the sound
        for packet in container.demux(stream):
            alive()
            with suppress(av.FFmpegError):  # what cannot be decoded is a gap in it
                yield from packet.decode()


def _origin_s(path: Path, alive: Alive) -> float:
    """When the first picture that can be decoded is shown, on the file's clock.

    A file cut out of a longer one states the time of its first packet, and may show nothing until its first key frame.
    """
    with suppress(NotAVideo), opened(path) as (container, stream):
        reader = Reader(container, stream, alive)
        next(reader.pictures(), None)
        return float(reader.start_s)
    return 0.0


def _end_s(container: InputContainer) -> float:
    return container.duration / av.time_base + 1.0 if container.duration else float("inf")


class _Line:
    """Puts samples where their times say, with silence in between; what comes before the first picture is dropped, and
    what repeats the time of samples before it.
    """

    def __init__(self, origin_s: float, end_s: float) -> None:
        self.origin_s = origin_s
        self.end_s = end_s
        self.at: int | None = None  # the place of the next sample

    @property
    def is_full(self) -> bool:
        return self.at is not None and self.at >= self.end_s * SAMPLE_RATE

    def put(self, samples: Samples, time_s: float | None) -> Iterator[Samples]:
        stamp = self.at if time_s is None else round((time_s - self.origin_s) * SAMPLE_RATE)
        if self.at is None:
            self.at = min(stamp or 0, 0)
        gap = (stamp or 0) - self.at
        if gap > MAX_DRIFT_S * SAMPLE_RATE and (stamp or 0) <= self.end_s * SAMPLE_RATE:
            yield from self._silence(gap)
        repeats = MAX_DRIFT_S * SAMPLE_RATE < -gap <= MAX_OVERLAP_S * SAMPLE_RATE
        fresh = samples[-gap:] if repeats else samples
        yield fresh[max(-self.at, 0) :]
        self.at += len(fresh)

    def _silence(self, count: int) -> Iterator[Samples]:
        assert self.at is not None
        end = self.at + count
        self.at = max(self.at, 0)
        while self.at < end:
            piece = min(end - self.at, round(STEP_S * SAMPLE_RATE))
            yield np.zeros(piece, np.float32)
            self.at += piece
        self.at = end


class _Mono:
    """Any sound as mono samples at SAMPLE_RATE, also when its form changes on the way."""

    def __init__(self) -> None:
        self._form: object = None
        self._resampler = _resampler()

    def convert(self, frame: AudioFrame) -> Samples:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        before = np.empty(0, np.float32)
        if form != self._form:
            before = self.flush() if self._form else before
            self._form, self._resampler = form, _resampler()
        frame.pts = None  # the line keeps the time; the resampler would fill gaps its own way
        return np.concatenate([before, _joined(self._resampler.resample(frame))])

    def flush(self) -> Samples:
        return _joined(self._resampler.resample(None)) if self._form else np.empty(0, np.float32)


def _resampler() -> AudioResampler:
    return AudioResampler("flt", "mono", SAMPLE_RATE)


def _joined(frames: list[AudioFrame]) -> Samples:
    arrays = [frame.to_ndarray().reshape(-1) for frame in frames]
    found = np.concatenate(arrays) if arrays else np.empty(0, np.float32)
    return np.nan_to_num(found.astype(np.float32), copy=False)
