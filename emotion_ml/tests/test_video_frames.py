"""The right pictures at the right times, whatever the file does; every picture shows its own true time."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotion_ml.media import recording
from emotion_ml.tests.clips import Look, Sound, Time, loop, read_clock, steady, write
from emotion_ml.video import NotAVideo, frames, probe

FPS = 5.0
STEP_S = 1 / FPS
GIF = Look(codec="gif", pixels="rgb8", time_base=Fraction(1, 100))


def _varying(duration_s: float) -> list[float]:
    """Between 7 and 60 pictures a second, as phones and screen recorders do."""
    random_s = random.Random(1)
    times = [0.0]
    while times[-1] < duration_s - 0.15:
        times.append(round(times[-1] + random_s.uniform(1 / 60, 1 / 7), 3))
    return times


RATES: dict[str, Sequence[Time]] = {
    "24": steady(24, 4),
    "25": steady(25, 4),
    "29.97": steady(Fraction(30_000, 1001), 4),
    "50": steady(50, 4),
    "59.94": steady(Fraction(60_000, 1001), 4),
    "60": steady(60, 4),
    "varying": _varying(4),
}


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("rate", RATES)
def test_the_same_footage_gives_the_same_seconds_at_any_rate(tmp_path: Path, rate: str, suffix: str) -> None:
    kept = list(frames(write(tmp_path / f"a.{suffix}", RATES[rate]), FPS))
    assert len(kept) == 20
    for tick, frame in enumerate(kept):
        assert frame.t_s == pytest.approx(read_clock(frame.image), abs=0.0015)
        assert 0 <= frame.t_s - tick * STEP_S + 0.001 < STEP_S


def test_the_picture_kept_is_the_first_at_or_after_its_tick(tmp_path: Path) -> None:
    times = _varying(4)
    kept = [frame.t_s for frame in frames(write(tmp_path / "a.mp4", times), FPS)]
    at_or_after = ([t_s for t_s in times if t_s >= tick * STEP_S - 1e-9] for tick in range(20))
    assert kept == pytest.approx(sorted({later[0] for later in at_or_after if later}), abs=1e-4)


def test_a_picture_that_stays_for_long_comes_once(tmp_path: Path) -> None:
    kept = [frame.t_s for frame in frames(write(tmp_path / "a.mp4", [0, 0.1, 2.0, 2.1]), FPS)]
    assert kept == pytest.approx([0, 2.0])


def test_pictures_are_contiguous_rgb(tmp_path: Path) -> None:
    red = Look(paint=lambda _, width, height: np.full((height, width, 3), (250, 10, 10), np.uint8), pixels="yuv444p")
    frame = next(frames(write(tmp_path / "a.mp4", steady(25, 1), red), FPS))
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    assert frame.image.shape == (120, 160, 3)
    assert np.abs(frame.image.astype(int) - (250, 10, 10)).max() < 8


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_pictures_come_upright(tmp_path: Path, rotation_deg: int, mirrored: bool) -> None:
    look = Look(rotation_deg=rotation_deg, mirrored=mirrored)
    _assert_true_times(write(tmp_path / "a.mp4", steady(25, 1), look), 5)


@pytest.mark.parametrize(
    "look",
    [
        Look(width=161, height=121, pixels="yuv444p"),
        Look(width=97, height=63, codec="ffv1"),
        Look(pixel_aspect=Fraction(16, 11)),
        Look(pixel_aspect=Fraction(3, 4), rotation_deg=90),
    ],
)
def test_pictures_of_any_shape_have_the_size_that_the_probe_says(tmp_path: Path, look: Look) -> None:
    path = write(tmp_path / ("a.mkv" if look.codec == "ffv1" else "a.mp4"), steady(25, 1), look)
    info = probe(path)
    assert {frame.image.shape for frame in frames(path, FPS)} == {(info.height, info.width, 3)}
    _assert_true_times(path, 5)


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("a.gif", GIF),
        ("a.mpg", Look(codec="mpeg1video")),
        ("a.mpg", Look(codec="mpeg2video")),
        ("a.webm", Look(codec="libvpx")),
        ("a.webm", Look(codec="libvpx-vp9")),
        ("a.avi", Look(codec="mpeg4", time_base=Fraction(1, 25))),
        ("a.mp4", Look(codec="libx265")),
        ("a.mp4", Look(pixels="yuv420p10le")),
        ("a.mov", Look(codec="mjpeg", pixels="yuvj420p")),
        ("a.ts", Look()),
        ("a.flv", Look(codec="flv", time_base=Fraction(1, 1000))),
        ("a.wmv", Look(codec="wmv2", time_base=Fraction(1, 1000))),
    ],
)
def test_formats_that_people_have_are_read(tmp_path: Path, name: str, look: Look) -> None:
    rate = 20 if look is GIF else 25
    _assert_true_times(write(tmp_path / name, steady(rate, 1), look), 5)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_times_count_from_the_first_picture(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [t + 7 for t in steady(25, 1)])
    kept = list(frames(path, FPS))
    assert [frame.t_s for frame in kept] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.002)
    assert read_clock(kept[0].image) == pytest.approx(7)


def test_an_avi_whose_sound_comes_first_keeps_its_times(tmp_path: Path) -> None:
    """Its writer fills the wait with an empty picture, which must not end the stream for the decoder."""
    look = Look(codec="mpeg4", time_base=Fraction(1, 25))
    kept = list(frames(write(tmp_path / "a.avi", steady(25, 2), look, sound=Sound(2, codec="libmp3lame")), 25))
    assert len(kept) == 50
    assert [frame.t_s - read_clock(frame.image) for frame in kept[1:]] == pytest.approx([0.04] * 49)


def test_a_change_of_resolution_midway_keeps_the_size_and_the_clock(tmp_path: Path) -> None:
    """As calls do when the line gets worse; joining transport streams makes one file of both."""
    path = _joined(tmp_path, Look(), Look(width=320, height=240))
    kept = list(frames(path, FPS))
    assert {frame.image.shape for frame in kept} == {(120, 160, 3)}
    assert [read_clock(frame.image) for frame in kept] == pytest.approx([frame.t_s for frame in kept], abs=0.0015)
    assert len(kept) == 10


def test_a_change_of_shape_midway_keeps_the_proportions_on_black(tmp_path: Path) -> None:
    white = Look(paint=lambda _, width, height: np.full((height, width, 3), 255, np.uint8))
    tall = Look(width=120, height=240, paint=white.paint)
    last = list(frames(_joined(tmp_path, white, tall), FPS))[-1].image
    assert last.shape == (120, 160, 3)
    assert last[60, 75:85].min() > 240
    assert last[:, [0, 40, 120, 159]].max() < 16


def test_a_change_of_pixel_format_midway_is_followed(tmp_path: Path) -> None:
    path = _joined(tmp_path, Look(), Look(pixels="yuv444p"))
    assert len(list(frames(path, FPS))) == 10


def test_what_is_no_video_is_refused_before_the_first_picture(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(NotAVideo):
        next(frames(tmp_path / "a.mp4", FPS))


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """Nor does it wait for the garbage collector, which counts objects and not their megabytes."""
    short = write(tmp_path / "short.mp4", steady(25, 4), Look(width=480, height=360), sound=Sound(4))
    path = loop(short, tmp_path / "long.mp4", 60)
    gc.disable()
    try:
        sizes = [_resident_mib() for _ in recording.frames(path, FPS)]
    finally:
        gc.enable()
    assert len(sizes) > 1000
    assert max(sizes) - sizes[len(sizes) // 10] < 4


def test_files_are_closed_even_when_the_pictures_are_not_wanted_any_more(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", steady(25, 2))
    before = _open_files()
    for _ in range(5):
        pictures = frames(path, FPS)
        next(pictures)
        pictures.close()
    assert _open_files() == before


def test_every_real_clip_is_whole(shared: Path) -> None:
    for path in sorted((shared / "videos").iterdir()):
        if path.suffix == ".json":
            continue
        info = probe(path)
        times = [frame.t_s for frame in frames(path, FPS)]
        assert times == sorted(set(times))
        assert info.duration_s - 2 * STEP_S - 0.1 < times[-1] < info.duration_s
        assert len(times) == pytest.approx(info.duration_s * FPS, abs=1.5)


def _assert_true_times(path: Path, count: int) -> None:
    kept = list(frames(path, FPS))
    assert len(kept) == count
    start_s = read_clock(kept[0].image)
    for frame in kept:
        assert frame.t_s == pytest.approx(read_clock(frame.image) - start_s, abs=0.0015)


def _joined(folder: Path, first: Look, second: Look) -> Path:
    one = write(folder / "1.ts", steady(25, 1), first)
    two = write(folder / "2.ts", [t + 1 for t in steady(25, 1)], second)
    path = folder / "joined.ts"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    return path


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
