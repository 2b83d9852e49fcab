"""The MP4 that browsers play: the same pictures at the same times, the same sound, and boxes where they belong."""

from __future__ import annotations

import errno
import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from emotion_ml.labels import COLOURS, EMOTIONS
from emotion_ml.overlay import Overlay, draw_faces, label_of
from emotion_ml.render import Stopped, annotate, transcode
from emotion_ml.tests.clips import Image, Look, Sound, Time, clicks, loop, read_clock, steady, write
from emotion_ml.types import Box, Face, LeftOut, Quality, Reading
from emotion_ml.video import NotAVideo, frames, probe

AVI = Look(codec="mpeg4", time_base=Fraction(1, 25))
MPEG = Look(codec="mpeg1video")
GIF = Look(codec="gif", pixels="rgb8", time_base=Fraction(1, 100))
MP2 = Sound(2, codec="mp2", clicks_s=(0.5, 1.5))
AAC = Sound(2, clicks_s=(0.5, 1.5))
GREY = 128


def plain(_: Time, width: int, height: int) -> Image:
    return np.full((height, width, 3), GREY, np.uint8)


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize(
    ("name", "look", "sound"),
    [
        ("a.mp4", Look(), AAC),
        ("a.mov", Look(), Sound(2, codec="pcm_s16le", clicks_s=(0.5, 1.5))),
        ("a.mkv", Look(codec="libx265"), AAC),
        ("a.webm", Look(codec="libvpx"), None),
        ("a.mpg", MPEG, MP2),
        ("a.ts", Look(), AAC),
        ("a.avi", AVI, MP2),
        ("a.gif", GIF, None),
    ],
)
def test_the_output_plays_everywhere_at_the_same_times_with_the_same_sound(
    tmp_path: Path, name: str, look: Look, sound: Sound | None, drawn: bool
) -> None:
    source = write(tmp_path / name, steady(20 if look is GIF else 25, 2), look, sound=sound)
    out = _rendered(source, drawn)
    before, after = probe(source), probe(out)
    assert after.playable
    assert (after.codec, after.media_type, after.has_sound) == ("h264", "video/mp4", sound is not None)
    assert after.duration_s == pytest.approx(before.duration_s, abs=1 / before.fps)
    assert _clocks(out) == pytest.approx(_clocks(source))
    assert _stream_codecs(out) == (["h264", "aac"] if sound else ["h264"])
    if sound:
        start_s = _start_s(source)
        assert clicks(out) == pytest.approx([click_s - start_s for click_s in clicks(source)], abs=0.003)


@pytest.mark.parametrize("drawn", [False, True])
def test_a_varying_rate_is_kept_to_the_last_picture(tmp_path: Path, drawn: bool) -> None:
    times = [0, 0.01, 0.04, 0.3, 0.31, 1.0, 1.9, 2.0]
    source = write(tmp_path / "a.mkv", times, Look(time_base=Fraction(1, 1000)), last_s=1.5)
    out = _rendered(source, drawn)
    assert [frame.t_s for frame in frames(out, 1000)] == pytest.approx(times, abs=0.0011)
    assert probe(out).duration_s == pytest.approx(probe(source).duration_s, abs=0.002)


def test_reordered_pictures_out_of_matroska_are_copied_in_order(tmp_path: Path) -> None:
    look = Look(options=(("preset", "ultrafast"), ("bf", "3"), ("b_strategy", "0"), ("g", "12")))
    source = write(tmp_path / "a.mkv", steady(25, 2), look)
    out = _rendered(source, drawn=False)
    assert _payload_bytes(out) == _payload_bytes(source)
    assert _clocks(out) == pytest.approx(_clocks(source))


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("start_s", [0.0, 1.2])
def test_sound_that_starts_apart_from_the_pictures_stays_apart(tmp_path: Path, start_s: float, codec: str) -> None:
    """Time 0 of the output is the first picture, as in the readings; sound from before it is not heard."""
    sound = Sound(3, start_s=start_s, clicks_s=(0.3, 1.5, 2.5), codec=codec)
    source = write(tmp_path / "a.mov", [t + 0.6 for t in steady(25, 2)], sound=sound)
    assert clicks(_rendered(source, drawn=False)) == pytest.approx([0.9, 1.9], abs=0.005)


def test_a_gap_in_the_sound_becomes_silence(tmp_path: Path) -> None:
    look, sound = Look(), Sound(1, codec="mp2", clicks_s=(0.5,))
    one = write(tmp_path / "1.ts", steady(25, 1), look, sound=sound)
    later = Sound(1, codec="mp2", start_s=2, clicks_s=(2.5,))
    two = write(tmp_path / "2.ts", [t + 2 for t in steady(25, 1)], look, sound=later)
    joined = tmp_path / "a.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    heard = clicks(_rendered(joined, drawn=False))
    assert heard[1] - heard[0] == pytest.approx(2.0, abs=0.03)


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_the_output_is_upright_in_square_pixels_with_even_sides(tmp_path: Path, rotation_deg: int) -> None:
    look = Look(161, 121, pixels="yuv444p", rotation_deg=rotation_deg, pixel_aspect=Fraction(4, 3))
    source = write(tmp_path / "a.mp4", steady(25, 1), look)
    info = probe(_rendered(source, drawn=False))
    assert (info.width, info.height) == ((120, 214) if rotation_deg % 180 else (214, 120))
    assert _clocks(tmp_path / "out.mp4") == pytest.approx(_clocks(source))


def test_colours_survive_the_way_through_the_encoder(tmp_path: Path) -> None:
    orange = (213, 94, 0)
    look = Look(paint=lambda _, width, height: np.full((height, width, 3), orange, np.uint8))
    source = write(tmp_path / "a.mp4", steady(25, 0.4), look)
    for out in (_rendered(source, drawn=False), _rendered(source, drawn=True)):
        image = next(frames(out, 5)).image
        assert np.abs(image.reshape(-1, 3).mean(axis=0) - orange).max() < 6


@pytest.mark.parametrize("drawn", [False, True])
def test_of_a_broken_recording_the_good_part_is_kept(tmp_path: Path, drawn: bool) -> None:
    source = write(tmp_path / "a.mkv", steady(25, 4), Look(codec="libx265"))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    out = _rendered(source, drawn)
    assert 1 < probe(out).duration_s < 3
    assert _clocks(out) == pytest.approx([frame.t_s for frame in frames(out, 5)], abs=0.002)


def test_what_is_no_video_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(NotAVideo):
        transcode(tmp_path / "a.mp4", tmp_path / "out.mp4")
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("drawn", [False, True])
def test_a_full_disk_is_no_fault_of_the_recording_and_leaves_nothing_behind(tmp_path: Path, drawn: bool) -> None:
    source = write(tmp_path / "a.mpg", steady(25, 1), MPEG)
    (tmp_path / "out.mp4.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="The disk is full") as fault:
        _rendered(source, drawn)
    assert fault.value.errno == errno.ENOSPC
    assert not list(tmp_path.glob("out*"))


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mpg", steady(25, 2), MPEG)
    asked: list[None] = []

    def should_stop() -> bool:
        asked.append(None)
        return len(asked) > 20  # it is asked at each of up to a hundred steps of progress

    with pytest.raises(Stopped):
        transcode(source, tmp_path / "out.mp4", should_stop=should_stop)
    assert not list(tmp_path.glob("out*"))


def test_an_older_output_is_replaced_only_when_the_new_one_is_whole(tmp_path: Path) -> None:
    source, out = write(tmp_path / "a.mpg", steady(25, 1), MPEG), tmp_path / "out.mp4"
    out.write_text("old")
    with pytest.raises(Stopped):
        transcode(source, out, should_stop=lambda: True)
    assert out.read_text() == "old"
    transcode(source, out)
    assert probe(out).playable


def test_progress_rises_to_the_end_and_is_told_at_most_a_hundred_times(tmp_path: Path) -> None:
    told: list[float] = []
    transcode(write(tmp_path / "a.mpg", steady(25, 6), MPEG), tmp_path / "out.mp4", on_progress=told.append)
    assert told == sorted(set(told))
    assert 50 < len(told) <= 100
    assert 0.9 < told[-1] <= 1


def test_the_index_comes_first_so_that_playing_starts_at_once(tmp_path: Path) -> None:
    data = _rendered(write(tmp_path / "a.mpg", steady(25, 1), MPEG), drawn=False).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_boxes_are_drawn_where_and_when_the_readings_say(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp4", steady(25, 2), Look(320, 240, paint=plain))
    readings = [Reading(0.4, (_face("Happy"),)), Reading(0.6, (_face("Sad"),)), Reading(0.8, ())]
    annotate(source, tmp_path / "out.mp4", readings)
    images = {round(frame.t_s, 2): frame.image for frame in frames(tmp_path / "out.mp4", 25)}
    drawn = {t_s: _edge_colour(image) for t_s, image in images.items()}
    assert drawn[0.36] == pytest.approx((GREY,) * 3, abs=4)
    assert drawn[0.4] == pytest.approx(_rgb("Happy"), abs=50)
    assert drawn[0.56] == pytest.approx(_rgb("Happy"), abs=50)
    assert drawn[0.6] == pytest.approx(_rgb("Sad"), abs=50)
    assert drawn[0.8] == pytest.approx((GREY,) * 3, abs=4)
    assert images[0.4][130, 160].tolist() == pytest.approx([GREY] * 3, abs=4)


def test_a_reading_speaks_for_a_step_and_a_half(tmp_path: Path) -> None:
    overlay = Overlay([Reading(t_s, ()) for t_s in (0.0, 0.2, 0.4)])
    assert overlay.reading_at(-0.01) is None
    assert overlay.reading_at(0.19) == Reading(0.0, ())
    assert overlay.reading_at(0.2) == Reading(0.2, ())
    assert overlay.reading_at(0.69) == Reading(0.4, ())
    assert overlay.reading_at(0.71) is None
    assert Overlay([]).reading_at(0.0) is None


def test_labels_claim_what_was_read_or_say_why_nothing_is() -> None:
    assert label_of(_face("Happy")) == "#3 Happy 82 %"
    assert label_of(_face("Happy", LeftOut.TURNED)) == "#3 left out: turned"


@pytest.mark.parametrize("box", [(-40, -40, 60, 60), (140, 100, 90, 90), (-900, 500, 10, 10), (5, 5, 0.4, 0.4)])
def test_boxes_beyond_the_edge_do_no_harm(box: tuple[float, float, float, float]) -> None:
    image = plain(0, 160, 120)
    draw_faces(image, [replace(_face("Angry"), box=Box(*box))])
    assert (image != GREY).any()


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    short = write(tmp_path / "short.mp4", steady(25, 2), Look(320, 240), sound=AAC)
    source = loop(short, tmp_path / "long.mp4", 20)
    sizes: list[float] = []
    gc.disable()
    try:
        annotate(source, tmp_path / "out.mp4", [], on_progress=lambda _: sizes.append(_resident_mib()))
    finally:
        gc.enable()
    assert max(sizes) - sizes[len(sizes) // 4] < 6


@pytest.mark.parametrize("name", ["bbaf2n.mpg", "classroom.gif", "school.mkv", "single_face.mp4"])
def test_real_clips_come_out_playable_and_in_step(shared: Path, tmp_path: Path, name: str) -> None:
    source, out = shared / "videos" / name, tmp_path / "out.mp4"
    readings = [Reading(frame.t_s, (_face("Surprise"),)) for frame in frames(source, 5)]
    annotate(source, out, readings)
    before, after = probe(source), probe(out)
    assert after.playable
    assert after.has_sound is before.has_sound
    assert after.duration_s == pytest.approx(before.duration_s, abs=1 / before.fps)
    assert [frame.t_s for frame in frames(out, 5)] == pytest.approx([reading.t_s for reading in readings], abs=0.001)


def _rendered(source: Path, drawn: bool) -> Path:
    out = source.with_name("out.mp4")
    if drawn:
        annotate(source, out, [])
    else:
        transcode(source, out)
    return out


def _clocks(path: Path) -> list[float]:
    """What the pictures show, five times a second."""
    return [read_clock(frame.image) for frame in frames(path, 5)]


def _packets(path: Path) -> Iterator[Any]:
    with av.open(str(path)) as container:
        yield from (packet for packet in container.demux(video=0) if packet.size)


def _payload_bytes(path: Path) -> int:
    return sum(packet.size for packet in _packets(path))


def _start_s(path: Path) -> float:
    return min(float(packet.pts * packet.time_base) for packet in _packets(path))


def _stream_codecs(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams]


def _face(emotion: str, left_out: LeftOut = LeftOut.USED) -> Face:
    probabilities = tuple(0.82 if name == emotion else 0.045 for name in EMOTIONS)
    return Face(3, Box(100, 80, 120, 100), probabilities, Quality(100, 1, 0), left_out)


def _edge_colour(image: Image) -> tuple[float, ...]:
    """In the middle of the box's lower edge, which no label covers."""
    return tuple(float(value) for value in image[180, 140:180].mean(axis=0))


def _rgb(emotion: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(COLOURS[emotion][1:]))


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
