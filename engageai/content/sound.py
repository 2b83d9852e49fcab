"""The sound of a recording in blocks that end in a quiet place, and alone in a file of its own.

It comes out of the sandbox as mono samples on the clock of the pictures: time 0 is the first of them, and where sound
is missing there is silence. Knows nothing of speech. Memory: one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from emotion_ml import video
from emotion_ml.video import SAMPLE_RATE, NoSound, Samples

__all__ = ["SAMPLE_RATE", "Block", "NoSound", "Samples", "as_ogg", "blocks"]

BLOCK_S: Final = 300.0
SEARCH_S: Final = 30.0
"""The last so much of a block is searched for the quietest place to cut."""
QUIET_S: Final = 0.4
SILENCE: Final = 1e-3
"""Peak below which nobody hears anything: -60 dB of full scale."""
OGG_BITS_PER_S: Final = 32_000
UNREADABLE: Final = "The sound of this recording cannot be read."


@dataclass(frozen=True, slots=True)
class Block:
    start_s: float
    samples: Samples

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / SAMPLE_RATE

    @property
    def is_silent(self) -> bool:
        return not len(self.samples) or float(np.abs(self.samples).max()) < SILENCE


def blocks(path: Path, *, max_s: float, block_s: float = BLOCK_S) -> Iterator[Block]:
    """Raises NoSound at once; damage ends the sound early, or leaves silence in it."""
    with closing(video.sound(path, max_s)) as pieces:
        start = 0
        for samples in _cut(_readable(pieces), round(block_s * SAMPLE_RATE)):
            yield Block(start / SAMPLE_RATE, samples)
            start += len(samples)


def as_ogg(path: Path, out: Path, *, max_s: float) -> Iterator[Block]:
    """Write the sound alone to `out`, as Opus in Ogg; yields each block when it is written."""
    with av.open(str(out), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE)
        stream.layout, stream.bit_rate = "mono", OGG_BITS_PER_S
        to_encoder = AudioResampler("flt", "mono", SAMPLE_RATE, frame_size=stream.codec_context.frame_size)
        for block in blocks(path, max_s=max_s, block_s=SEARCH_S):
            frame = AudioFrame.from_ndarray(block.samples[None], "flt", "mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, round(block.start_s * SAMPLE_RATE)
            for part in to_encoder.resample(frame):
                container.mux(stream.encode(part))
            yield block
        for part in to_encoder.resample(None):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


def _readable(pieces: Iterator[Samples]) -> Iterator[Samples]:
    try:
        yield from pieces
    except video.DecoderFailed as failure:
        raise NoSound(UNREADABLE) from failure


def _cut(pieces: Iterator[Samples], count: int) -> Iterator[Samples]:
    """The same samples in blocks of at most `count`; a longer piece makes a longer block."""
    held: list[Samples] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= count:
            whole = np.concatenate(held)
            at = _quietest(whole)
            yield whole[:at]
            held, size = [whole[at:].copy()], len(whole) - at
    if size:
        yield np.concatenate(held)


def _quietest(samples: Samples) -> int:
    """The middle of the quietest stretch in the last SEARCH_S."""
    window = round(QUIET_S * SAMPLE_RATE)
    tail = samples[-round(SEARCH_S * SAMPLE_RATE) :]
    if len(tail) < 2 * window:
        return len(samples)
    energy = np.concatenate([[0.0], np.cumsum(tail.astype(np.float64) ** 2)])
    start = int(np.argmin(energy[window:] - energy[:-window]))
    return len(samples) - len(tail) + start + window // 2
