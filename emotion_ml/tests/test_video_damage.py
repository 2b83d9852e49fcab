"""What is left of a damaged recording: the good part, with true times, and never a crash."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest

from emotion_ml.tests.clips import Look, Sound, read_clock, steady, write
from emotion_ml.video import Frame, NotAVideo, Truncated, frames, probe

FPS = 5.0
GIF = Look(codec="gif", pixels="rgb8", time_base=Fraction(1, 100))


@pytest.mark.parametrize("percent", [85, 60, 30])
@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("a.mp4", Look()),
        ("a.mkv", Look()),
        ("a.webm", Look(codec="libvpx")),
        ("a.flv", Look(time_base=Fraction(1, 1000))),
        ("a.avi", Look(codec="mpeg4", time_base=Fraction(1, 25))),
    ],
)
def test_a_recording_that_breaks_off_gives_its_good_part(tmp_path: Path, name: str, look: Look, percent: int) -> None:
    options = {"movflags": "faststart"} if name.endswith("mp4") else None
    path = write(tmp_path / name, steady(25, 4), look, options=options)
    assert len(list(frames(path, FPS))) == 20
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    kept = _until_truncated(path)
    assert 20 * (percent - 25) / 100 < len(kept) < 20
    assert [read_clock(frame.image) for frame in kept] == pytest.approx([frame.t_s for frame in kept], abs=0.0015)


@pytest.mark.parametrize("percent", [90, 50, 30])
@pytest.mark.parametrize("name", ["a.gif", "a.mpg", "a.ts", "a.ogv"])
def test_a_format_that_never_says_how_long_it_is_is_told_by_its_last_packet(
    tmp_path: Path, name: str, percent: int
) -> None:
    path = _lengthless(tmp_path / name)
    whole = list(frames(path, FPS))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    kept = _until_truncated(path)
    assert len(whole) * (percent - 25) / 100 < len(kept) <= len(whole) == 20
    assert probe(path).duration_s == pytest.approx(kept[-1].t_s, abs=0.5)


@pytest.mark.parametrize("name", ["a.mpg", "a.ts"])
def test_a_cut_between_two_packets_cannot_be_told_from_an_end(tmp_path: Path, name: str) -> None:
    path = _lengthless(tmp_path / name)
    data = path.read_bytes()
    middle = len(data) // 2
    at = middle - middle % 188 if name == "a.ts" else data.rindex(b"\x00\x00\x01\xba", 0, middle)
    path.write_bytes(data[:at])
    assert 5 < len(list(frames(path, FPS))) < 15


def _lengthless(path: Path) -> Path:
    look = {
        ".gif": GIF,
        ".mpg": Look(codec="mpeg1video"),
        ".ts": Look(),
        ".ogv": Look(codec="libvpx", time_base=Fraction(1, 25)),
    }[path.suffix]
    return write(path, steady(20 if look is GIF else 25, 4), look)


def test_a_file_whose_second_half_was_never_written_is_truncated(tmp_path: Path) -> None:
    """As a download leaves it that reserved its space: the size is right, the end is zeros."""
    path = write(tmp_path / "a.mp4", steady(25, 4), options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    with pytest.raises(Truncated, match="damaged or incomplete after") as truncated:
        list(frames(path, FPS))
    assert 1.0 < truncated.value.t_s < 2.5


def test_a_hole_in_the_middle_is_stepped_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", steady(25, 6), options={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    hole = slice(len(data) * 40 // 100, len(data) * 45 // 100)
    data[hole] = bytes(hole.stop - hole.start)
    path.write_bytes(data)
    kept = list(frames(path, FPS))
    assert kept[-1].t_s == pytest.approx(5.8)
    assert read_clock(kept[-1].image) == pytest.approx(5.8)


def test_damaged_bytes_never_do_worse_than_a_refusal(tmp_path: Path) -> None:
    chance = random.Random(7)
    sources = [
        write(tmp_path / "a.mp4", steady(25, 1), sound=Sound(1)),
        write(tmp_path / "a.mkv", steady(25, 1), sound=Sound(1)),
        write(tmp_path / "a.webm", steady(25, 1), Look(codec="libvpx")),
        write(tmp_path / "a.gif", steady(20, 1), GIF),
        write(tmp_path / "a.mpg", steady(25, 1), Look(codec="mpeg1video"), sound=Sound(1, codec="mp2")),
        write(tmp_path / "a.avi", steady(25, 1), Look(codec="mpeg4", time_base=Fraction(1, 25))),
    ]
    outcomes = {_outcome(_damaged(sources[k % len(sources)], chance)) for k in range(60)}
    assert {"whole", "refused", "truncated"} >= outcomes
    assert "whole" in outcomes


def test_a_clock_that_jumps_back_never_takes_the_times_with_it(tmp_path: Path) -> None:
    """Two recordings joined carelessly: the second starts at zero again."""
    first = write(tmp_path / "1.ts", steady(25, 2))
    path = tmp_path / "a.ts"
    path.write_bytes(first.read_bytes() * 2)
    kept = _until_truncated(path)
    assert [frame.t_s for frame in kept] == sorted({frame.t_s for frame in kept})
    assert len(kept) == 10


def _until_truncated(path: Path) -> list[Frame]:
    kept: list[Frame] = []
    with pytest.raises(Truncated) as truncated:
        kept.extend(frames(path, FPS))
    assert kept[-1].t_s <= truncated.value.t_s < kept[-1].t_s + 1 / FPS
    return kept


def _damaged(source: Path, chance: random.Random) -> Path:
    data = bytearray(source.read_bytes())
    reach = chance.choice((64, 2000, len(data)))
    for _ in range(chance.choice((1, 5, 50))):
        data[chance.randrange(min(reach, len(data)))] = chance.randrange(256)
    path = source.with_name(f"damaged{source.suffix}")
    path.write_bytes(data)
    return path


def _outcome(path: Path) -> str:
    try:
        probe(path)
        for frame in frames(path, FPS):
            assert frame.image.ndim == 3
    except NotAVideo:
        return "refused"
    except Truncated:
        return "truncated"
    return "whole"
