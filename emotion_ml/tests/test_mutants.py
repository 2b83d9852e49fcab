"""Good recordings, damaged in hundreds of ways: each gives a result, a part of one with its end, or a reason."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av
import pytest

from emotion_ml.tests.clips import Look, Sound, read_clock, steady, write
from emotion_ml.video import DecoderFailed, Frame, NotAVideo, Truncated, frames, probe

FPS: Final = 5.0
CHANCES: Final = 12
"""Mutants of each recording and each kind of damage that is left to chance; the chances are always the same."""

SLACK_S: Final = 0.25 + 1 / FPS
"""What may lack without being told (`decoding.LOSS_S`), and the picture that would have come in it."""

Damage = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`said` is the code of a refusal, "stopped" or "whole"; what was read before is in `frames`."""

    said: str
    frames: list[Frame]
    stopped_at_s: float | None = None


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Two seconds each, of every container that is read, and of every shape of time and picture that R7 names."""
    folder = tmp_path_factory.mktemp("good")
    fast = {"movflags": "faststart"}
    avi = small(codec="mpeg4", time_base=Fraction(1, 25))
    paths = [
        write(folder / "plain.mp4", steady(25, 2), small(), sound=Sound(2), options=fast),
        write(folder / "silent.mp4", steady(25, 2), small(), options=fast),
        write(folder / "varying.mp4", varying(), small(), options=fast),
        write(folder / "quarter.mp4", steady(25, 2), small(rotation_deg=90), options=fast),
        write(folder / "half.mp4", steady(25, 2), small(rotation_deg=180), options=fast),
        write(folder / "varying.mkv", varying(), small(time_base=Fraction(1, 1000)), sound=Sound(2)),
        write(folder / "a.webm", steady(25, 2), small(codec="libvpx")),
        write(folder / "a.avi", steady(25, 2), avi, sound=Sound(2, codec="libmp3lame")),
        write(folder / "a.mpg", steady(25, 2), small(codec="mpeg1video"), sound=Sound(2, codec="mp2")),
        write(folder / "a.ts", steady(25, 2), small(), sound=Sound(2)),
        write(folder / "a.flv", steady(25, 2), small(time_base=Fraction(1, 1000))),
        write(folder / "a.gif", steady(20, 2), small(codec="gif", pixels="rgb8", time_base=Fraction(1, 100))),
    ]
    return {path.name: path.read_bytes() for path in paths}


def small(**look: Any) -> Look:
    return Look(width=64, height=48, **look)


def varying() -> list[float]:
    """Between 7 and 60 pictures a second."""
    chance = random.Random(1)
    times = [0.0]
    while times[-1] < 1.85:
        times.append(round(times[-1] + chance.uniform(1 / 60, 1 / 7), 3))
    return times


def flipped(data: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 8, 64))):
        mutant[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(mutant)


def blanked(data: bytes, chance: random.Random) -> bytes:
    start, length = chance.randrange(len(data)), chance.choice((16, 500, 4000))
    length = min(length, len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


def swapped(data: bytes, chance: random.Random) -> bytes:
    """Two blocks change places, as after a failed repair of a disk."""
    one, other = sorted(chance.sample(range(0, len(data) - 512, 512), 2))
    return (
        data[:one] + data[other : other + 512] + data[one + 512 : other] + data[one : one + 512] + data[other + 512 :]
    )


def scrambled_head(data: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(data)
    for _ in range(4):
        mutant[chance.randrange(min(600, len(data)))] = chance.randrange(256)
    return bytes(mutant)


@pytest.mark.parametrize("damage", [flipped, blanked, swapped, scrambled_head])
def test_no_damage_breaks_anything(damage: Damage, recordings: dict[str, bytes], tmp_path: Path) -> None:
    outcomes = []
    for name, data in recordings.items():
        for number in range(CHANCES // 4 if damage is swapped else CHANCES // 3):
            chance = random.Random(f"{damage.__name__} {name} {number}")
            path = tmp_path / name
            path.write_bytes(damage(data, chance))
            outcomes.append(outcome_of(path))
    assert len(outcomes) >= 36
    assert "whole" in {outcome.said for outcome in outcomes}
    for outcome in outcomes:
        assert_in_order(outcome)


@pytest.mark.parametrize("name", ["plain.mp4", "varying.mp4", "quarter.mp4", "half.mp4", "varying.mkv"])
def test_a_cut_anywhere_gives_the_good_part_and_where_it_stops(
    name: str, recordings: dict[str, bytes], tmp_path: Path
) -> None:
    """At every hundredth for the first, at every tenth or so for the others."""
    data, path = recordings[name], tmp_path / name
    path.write_bytes(data)
    whole = list(frames(path, FPS))
    last_s = whole[-1].t_s
    lengths = []
    for percent in range(1, 100) if name == "plain.mp4" else range(7, 100, 8):
        path.write_bytes(data[: len(data) * percent // 100])
        outcome = outcome_of(path)
        assert_in_order(outcome)
        assert_true_times(outcome.frames)
        assert outcome.said != "whole" or outcome.frames[-1].t_s >= last_s - SLACK_S
        lengths.append(len(outcome.frames))
    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert lengths[-1] >= 0.8 * len(whole)


@pytest.mark.parametrize("name", ["a.webm", "a.avi", "a.mpg", "a.ts", "a.flv", "a.gif"])
@pytest.mark.parametrize("percent", [5, 35, 61, 79])
def test_a_cut_of_any_format_is_told(name: str, percent: int, recordings: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(recordings[name][: len(recordings[name]) * percent // 100])
    outcome = outcome_of(path)
    assert_in_order(outcome)
    assert outcome.said != "whole"


@pytest.mark.parametrize("name", ["varying.mp4", "varying.mkv"])
@pytest.mark.parametrize("percent", [100, 60])
def test_varying_times_are_those_of_the_container_to_the_sample(
    name: str, percent: int, recordings: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(recordings[name][: len(recordings[name]) * percent // 100])
    stamps = list(stamps_s(path))
    read = [frame.t_s for frame in outcome_of(path, fps=1000).frames]
    assert len(read) > 5
    assert read == pytest.approx(stamps[: len(read)], abs=1e-9)
    assert percent < 100 or len(read) == len(stamps)


def stamps_s(path: Path) -> Iterator[float]:
    """Read by nothing of ours: the times of the pictures in order, from the first on."""
    with av.open(str(path)) as container:
        stamps = []
        try:
            for packet in container.demux(video=0):
                stamps += [packet.pts * packet.time_base] if packet.pts is not None and packet.time_base else []
        except av.FFmpegError:
            pass
    return (float(stamp - min(stamps)) for stamp in sorted(stamps))


JOINED: Final = {
    "another pixel format": (small(), small(pixels="yuv444p")),
    "another depth": (small(), small(pixels="yuv420p10le")),
    "another size": (small(), Look(width=128, height=96)),
    "another codec": (small(), small(codec="mpeg2video")),
}


@pytest.mark.parametrize("change", JOINED)
def test_a_stream_that_changes_midway_is_followed_or_ends_there(change: str, tmp_path: Path) -> None:
    one, two = JOINED[change]
    first = write(tmp_path / "1.ts", steady(25, 1), one).read_bytes()
    second = write(tmp_path / "2.ts", [1 + t for t in steady(25, 1)], two).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(first + second)
    outcome = outcome_of(path)
    assert_in_order(outcome)
    assert len(outcome.frames) >= 4
    assert_true_times([frame for frame in outcome.frames if frame.t_s < 0.9])


@pytest.mark.parametrize("suffix", ["ts", "mpg"])
@pytest.mark.parametrize("sounds", [1, 3])
def test_streams_that_grow_midway_do_no_harm(suffix: str, sounds: int, tmp_path: Path) -> None:
    """PyAV looks beyond its own memory for them; the sandbox is there for what may come of that."""
    look = small(codec="mpeg2video") if suffix == "mpg" else small()
    plain = write(tmp_path / f"plain.{suffix}", steady(25, 1), look).read_bytes()
    path = tmp_path / f"grown.{suffix}"
    path.write_bytes(plain + b"".join(_with_sound(tmp_path, suffix, look, 1 + k) for k in range(sounds)))
    outcome = outcome_of(path)
    assert_in_order(outcome)
    assert len(outcome.frames) >= 4


def _with_sound(folder: Path, suffix: str, look: Look, start_s: int) -> bytes:
    sound = Sound(1, start_s=start_s, codec="mp2")
    return write(folder / f"{start_s}.{suffix}", [start_s + t for t in steady(25, 1)], look, sound=sound).read_bytes()


def outcome_of(path: Path, fps: float = FPS) -> Outcome:
    """Probed and read as an upload is; a crash, and whatever else is no refusal and no end, fails the test."""
    kept: list[Frame] = []
    try:
        probe(path)
        kept.extend(frames(path, fps))
    except DecoderFailed:
        raise
    except NotAVideo as refusal:
        return Outcome(refusal.code, kept)
    except Truncated as end:
        return Outcome("stopped", kept, end.t_s)
    return Outcome("whole", kept)


def assert_in_order(outcome: Outcome) -> None:
    assert all(before.t_s < after.t_s for before, after in pairwise(outcome.frames))
    if outcome.said == "whole":
        assert outcome.frames
    if outcome.stopped_at_s is not None and outcome.frames:
        assert outcome.frames[-1].t_s <= outcome.stopped_at_s


def assert_true_times(kept: list[Frame]) -> None:
    assert [read_clock(frame.image) for frame in kept] == pytest.approx([frame.t_s for frame in kept], abs=0.0015)
