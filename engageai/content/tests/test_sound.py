"""Sound on the clock of the pictures: where it starts, where it is missing, and how it is cut."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from emotion_ml import video
from emotion_ml.tests import clips
from engageai.content import sound
from engageai.content.sound import SAMPLE_RATE, Block, Samples
from engageai.content.tests.fakes import noise, talking_clip

TS_PACKET = 188


def heard(path: Path, **limits: float) -> Samples:
    blocks = list(sound.blocks(path, max_s=limits.get("max_s", 3600.0)))
    return np.concatenate([block.samples for block in blocks])


def onset_s(samples: Samples) -> float:
    return float(np.flatnonzero(np.abs(samples) > 0.2)[0]) / SAMPLE_RATE


def test_sound_becomes_mono_samples_on_the_clock_of_the_pictures(tmp_path: Path) -> None:
    samples = heard(talking_clip(tmp_path / "a.mp4", layout="stereo"))
    assert samples.dtype == np.float32
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert onset_s(samples) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv"])
def test_sound_that_begins_later_is_late(tmp_path: Path, name: str) -> None:
    path = clips.write(tmp_path / name, clips.steady(10, 3), sound=clips.Sound(1.0, start_s=1.5, clicks_s=(1.75,)))
    samples = heard(path)
    assert onset_s(samples) == pytest.approx(1.75, abs=0.03)
    assert not samples[:SAMPLE_RATE].any()


def test_sound_before_the_first_picture_is_dropped(tmp_path: Path) -> None:
    times = [1.0 + k / 10 for k in range(20)]
    path = clips.write(tmp_path / "early.mkv", times, sound=clips.Sound(3.0, clicks_s=(0.3, 1.5)))
    assert onset_s(heard(path)) == pytest.approx(0.5, abs=0.03)


def test_sound_that_was_cut_out_of_a_broadcast_begins_with_the_first_picture_shown(tmp_path: Path) -> None:
    """Cut between two key frames: its pictures up to the next one, at 4 s, cannot be decoded, its sound can."""
    look = clips.Look(options=(("preset", "ultrafast"), ("x264-params", "keyint=100:min-keyint=100:scenecut=0")))
    whole = clips.write(tmp_path / "whole.ts", clips.steady(25, 8), look, sound=clips.Sound(8.0, clicks_s=(5.0,)))
    cut = tmp_path / "cut.ts"
    data = whole.read_bytes()
    cut.write_bytes(data[len(data) // 4 // TS_PACKET * TS_PACKET :])
    pictures = list(video.frames(cut, 25))
    assert pictures[-1].t_s == pytest.approx(4.0, abs=0.1)
    assert onset_s(heard(cut)) == pytest.approx(1.0, abs=0.05)


def test_a_clip_without_sound_says_so(clip: Path) -> None:
    with pytest.raises(sound.NoSound, match=r"This recording has no sound\."):
        next(sound.blocks(clip, max_s=60))


def test_what_is_no_recording_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"nothing of the kind")
    with pytest.raises(sound.NoSound, match="cannot be read"):
        next(sound.blocks(tmp_path / "a", max_s=60))


def test_damage_costs_no_more_than_itself(tmp_path: Path) -> None:
    path = clips.write(
        tmp_path / "a.mpg",
        clips.steady(25, 8),
        clips.Look(codec="mpeg1video"),
        sound=clips.Sound(8.0, clicks_s=(0.5, 7.0), codec="mp2"),
    )
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    samples = heard(path)
    late = samples[6 * SAMPLE_RATE :]
    assert onset_s(late) == pytest.approx(1.0, abs=0.15)


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    samples = heard(talking_clip(tmp_path / "a.mp4", 6.0), max_s=2.0)
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)


def test_a_block_ends_in_its_quietest_place() -> None:
    loud = noise(60.0)
    loud[45 * SAMPLE_RATE : 46 * SAMPLE_RATE] *= 0.01
    pieces = list(sound._cut(iter(np.split(loud, 600)), 50 * SAMPLE_RATE))
    np.testing.assert_array_equal(np.concatenate(pieces), loud)
    assert 45.0 < len(pieces[0]) / SAMPLE_RATE < 46.0


def test_silence_is_silent() -> None:
    assert Block(0.0, np.zeros(100, np.float32)).is_silent
    assert Block(0.0, np.full(100, 5e-4, np.float32)).is_silent
    assert not Block(0.0, noise(1.0, 0.01)).is_silent


def test_no_block_grows_with_the_recording(tmp_path: Path) -> None:
    path = clips.loop(talking_clip(tmp_path / "a.mp4", 20.0), tmp_path / "long.mp4", 15)
    blocks = list(sound.blocks(path, max_s=10_000, block_s=60.0))
    assert max(block.end_s - block.start_s for block in blocks) < 61
    assert [block.end_s for block in blocks[:-1]] == pytest.approx([block.start_s for block in blocks[1:]])
    assert 300 < blocks[-1].end_s < 303


def test_the_sound_alone_is_what_may_be_sent(tmp_path: Path) -> None:
    out = tmp_path / "sound.ogg"
    blocks = list(sound.as_ogg(talking_clip(tmp_path / "a.mp4"), out, max_s=60))
    assert not all(block.is_silent for block in blocks)
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
    assert clips.clicks(out) == pytest.approx([0.2, 1.0], abs=0.03)
