"""What a file is said to be, and what is refused in which words."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame
from PIL import Image

from emotion_ml.tests.clips import Look, Sound, clock, steady, write
from emotion_ml.video import NotAVideo, probe

GIF_TIME_BASE = Fraction(1, 100)


def test_a_clip_is_described_by_its_upright_first_picture_and_true_length(tmp_path: Path) -> None:
    info = probe(write(tmp_path / "a.mp4", steady(25, 2), sound=Sound(2)))
    assert (info.width, info.height, info.has_sound, info.codec) == (160, 120, True, "h264")
    assert info.duration_s == pytest.approx(2.0)
    assert info.fps == pytest.approx(25)
    assert (info.media_type, info.playable) == ("video/mp4", True)


@pytest.mark.parametrize("rotation_deg", [90, 270, -90])
def test_a_clip_held_upright_swaps_its_sides(tmp_path: Path, rotation_deg: int) -> None:
    info = probe(write(tmp_path / "a.mp4", steady(25, 1), Look(rotation_deg=rotation_deg)))
    assert (info.width, info.height, info.playable) == (120, 160, True)


def test_pixels_that_are_not_square_are_counted_as_square_ones(tmp_path: Path) -> None:
    wide = probe(write(tmp_path / "wide.mp4", steady(25, 1), Look(pixel_aspect=Fraction(4, 3))))
    tall = probe(write(tmp_path / "tall.mp4", steady(25, 1), Look(pixel_aspect=Fraction(1, 2))))
    assert (wide.width, wide.height) == (213, 120)
    assert (tall.width, tall.height) == (160, 240)


@pytest.mark.parametrize(
    ("name", "look", "sound", "media_type", "playable"),
    [
        ("a.mp4", Look(), Sound(1), "video/mp4", True),
        ("a.mp4", Look(), Sound(1, codec="libmp3lame"), "video/mp4", True),
        ("a.mp4", Look(), Sound(1, codec="ac3"), "video/mp4", False),
        ("a.mp4", Look(pixels="yuv444p"), None, "video/mp4", False),
        ("a.mp4", Look(pixels="yuv420p10le"), None, "video/mp4", False),
        ("a.mp4", Look(mirrored=True), None, "video/mp4", False),
        ("a.mp4", Look(codec="mpeg4"), None, "video/mp4", False),
        ("a.mov", Look(), None, "video/quicktime", False),
        ("a.webm", Look(codec="libvpx"), None, "video/webm", True),
        ("a.mkv", Look(codec="libvpx"), None, "video/x-matroska", False),
        ("a.mkv", Look(), None, "video/x-matroska", False),
        ("a.avi", Look(codec="mpeg4", time_base=Fraction(1, 25)), None, "video/x-msvideo", False),
        ("a.mpg", Look(codec="mpeg1video"), Sound(1, codec="mp2"), "video/mpeg", False),
        ("a.gif", Look(codec="gif", pixels="rgb8", time_base=GIF_TIME_BASE), None, "image/gif", False),
        ("a.ts", Look(), None, "video/mp2t", False),
        ("a.flv", Look(time_base=Fraction(1, 1000)), None, "video/x-flv", False),
    ],
)
def test_only_what_every_browser_plays_is_called_playable(
    tmp_path: Path, name: str, look: Look, sound: Sound | None, media_type: str, playable: bool
) -> None:
    info = probe(write(tmp_path / name, steady(25, 1), look, sound=sound))
    assert (info.media_type, info.playable) == (media_type, playable)
    assert info.duration_s == pytest.approx(1.0, abs=0.05)
    assert info.has_sound is (sound is not None)


def test_a_clip_whose_pictures_start_after_its_sound_is_not_played_as_it_is(tmp_path: Path) -> None:
    """A player counts from the sound, we count from the first picture: boxes would be late."""
    late = write(tmp_path / "a.mp4", [t + 0.5 for t in steady(25, 1)], sound=Sound(1.5))
    assert not probe(late).playable
    assert probe(late).duration_s == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("live.webm", {"live": "1"}),
        ("fragments.mp4", {"movflags": "frag_keyframe+empty_moov"}),
    ],
)
def test_the_length_of_a_recording_whose_header_does_not_know_it_is_read_off_the_packets(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    codec = "libvpx" if name.endswith("webm") else "libx264"
    info = probe(write(tmp_path / name, steady(25, 3), Look(codec=codec), options=options))
    assert info.duration_s == pytest.approx(3.0, abs=0.05)
    assert info.fps == pytest.approx(25, abs=0.5)


def test_the_rate_of_a_varying_clip_is_its_average(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.11, 0.5, 0.9, 1.9]
    info = probe(write(tmp_path / "a.mp4", times, last_s=0.1))
    assert info.duration_s == pytest.approx(2.0, abs=0.01)
    assert info.fps == pytest.approx(3.0, abs=0.05)


def _text(path: Path) -> None:
    path.write_text("hello, world\n" * 200)


def _html(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body><video src='x.mp4'></video></body></html>")


def _svg(path: Path) -> None:
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'><rect width='9' height='9'/></svg>")


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x" * 5000)


def _noise(path: Path) -> None:
    path.write_bytes(bytes((i * i * 31 + i) % 251 for i in range(50_000)))


def _first_tenth_of_an_mp4(path: Path) -> None:
    write(path, steady(25, 1), format="mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 10])


def _subtitles(path: Path) -> None:
    path.write_text("1\n00:00:00,000 --> 00:00:02,000\nhello\n\n" * 20)


@pytest.mark.parametrize("make", [_text, _html, _svg, _zip, _noise, _first_tenth_of_an_mp4, _subtitles])
def test_what_is_no_video_is_refused_as_unreadable(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "holiday.mp4"
    make(path)
    with pytest.raises(NotAVideo, match="cannot be read as a video") as refusal:
        probe(path)
    assert refusal.value.code == "unreadable"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert _refusal(tmp_path / "a.mp4") == "empty"


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8"])
@pytest.mark.parametrize("playlist", ["hls", "concat", "sdp"])
def test_a_playlist_opens_nothing(tmp_path: Path, name: str, playlist: str) -> None:
    """Such a file could make the server fetch an address, or show another visitor's recording."""
    secret = write(tmp_path / "secret.ts", steady(25, 1))
    text = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret.name}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {secret.name}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
    }[playlist]
    (tmp_path / name).write_text(text)
    assert _refusal(tmp_path / name) == "unreadable"


def test_a_name_that_looks_like_an_address_is_a_file_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "plain.mp4", steady(25, 1)).rename(tmp_path / "concat:a.mp4")
    assert probe(Path("concat:a.mp4")).codec == "h264"


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    assert _refusal(_sound_file(tmp_path / "a.m4a", "aac")) == "audio-only"
    assert _refusal(_sound_file(tmp_path / "a.mp3", "libmp3lame")) == "audio-only"
    assert _refusal(_sound_file(tmp_path / "a.wav", "pcm_s16le")) == "audio-only"


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    assert _refusal(_sound_file(tmp_path / "a.mp3", "libmp3lame", cover=True)) == "audio-only"


def test_a_single_picture_is_refused(tmp_path: Path) -> None:
    still = Look(codec="gif", pixels="rgb8", time_base=GIF_TIME_BASE)
    assert _refusal(write(tmp_path / "a.gif", [0], still)) == "no-duration"
    assert _refusal(write(tmp_path / "a.mp4", [0])) == "no-duration"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photograph_is_called_one_whatever_its_name_says(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (64, 48), "red").save(tmp_path / "a.mp4", kind)
    with pytest.raises(NotAVideo, match="single picture") as refusal:
        probe(tmp_path / "a.mp4")
    assert refusal.value.code == "no-duration"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_picture_that_moves_is_not_called_single(tmp_path: Path, kind: str) -> None:
    first, second = (Image.new("RGB", (64, 48), colour) for colour in ("red", "blue"))
    first.save(tmp_path / "a.mp4", kind, save_all=True, append_images=[second], duration=200)
    assert _refusal(tmp_path / "a.mp4") == "unreadable"


def test_a_clip_longer_than_the_limit_is_refused_in_minutes(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", [0, 60, 125])
    assert probe(clip, max_duration_s=126).duration_s == pytest.approx(125.04)
    with pytest.raises(NotAVideo, match="longer than 2 minutes") as refusal:
        probe(clip, max_duration_s=120)
    assert refusal.value.code == "too-long"


def test_pictures_larger_than_the_limit_are_refused(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", steady(25, 1))
    assert probe(clip, max_pixels=160 * 120).width == 160
    assert _refusal(clip, max_pixels=160 * 120 - 1) == "too-large"


def test_a_square_pixel_size_above_the_limit_is_refused_too(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", steady(25, 1), Look(pixel_aspect=Fraction(100, 1)))
    assert _refusal(clip, max_pixels=160 * 120 * 99) == "too-large"


@pytest.mark.parametrize(("side", "code"), [(6000, "too-large"), (65_535, "no-picture")])
def test_a_picture_bomb_is_refused_by_its_header(tmp_path: Path, side: int, code: str) -> None:
    """Gigabytes of picture in a kilobyte of file; above 64 megapixels libav itself forgets the size."""
    path = write(tmp_path / "a.gif", steady(10, 1), Look(codec="gif", pixels="rgb8", time_base=GIF_TIME_BASE))
    data = bytearray(path.read_bytes())
    data[6:10] = side.to_bytes(2, "little") * 2
    path.write_bytes(data)
    assert _refusal(path) == code


def test_thousands_of_pictures_a_second_are_refused(tmp_path: Path) -> None:
    assert _refusal(write(tmp_path / "a.mp4", [k / 3000 for k in range(50)], last_s=1 / 3000)) == "bad-rate"


def test_a_codec_that_is_not_on_the_list_is_refused(tmp_path: Path) -> None:
    assert _refusal(write(tmp_path / "a.mov", steady(25, 1), Look(codec="png", pixels="rgb24"))) == "unknown-codec"


def test_every_refusal_is_a_sentence_without_paths(tmp_path: Path) -> None:
    _noise(tmp_path / "a.mp4")
    with pytest.raises(NotAVideo) as refusal:
        probe(tmp_path / "a.mp4")
    assert str(refusal.value).endswith(".")
    assert str(tmp_path) not in str(refusal.value)


def test_every_real_clip_is_described_or_refused_with_a_sentence(shared: Path) -> None:
    paths = sorted((shared / "videos").iterdir())
    for path in paths:
        if path.suffix == ".json":
            assert _refusal(path) == "unreadable"
            continue
        info = probe(path)
        assert 1 < info.duration_s < 300
        assert 10 < info.fps < 31
        assert math.isclose(info.duration_s * info.fps, round(info.duration_s * info.fps), rel_tol=1e-9)
    assert len(paths) > 10


def test_the_talk_is_as_long_as_it_is(shared: Path) -> None:
    info = probe(shared / "videos" / "talk.mp4")
    assert info.duration_s == pytest.approx(204.9, abs=0.2)
    assert info.fps == pytest.approx(24)


def _refusal(path: Path, *, max_pixels: int = 10_000_000) -> str:
    with pytest.raises(NotAVideo) as refusal:
        probe(path, max_pixels=max_pixels)
    return refusal.value.code


def _sound_file(path: Path, codec: str, *, cover: bool = False) -> Path:
    with av.open(str(path), "w") as out:
        audio = Sound(1, codec=codec).stream(out)
        if cover:
            picture = out.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 160, 120, "yuvj420p"
            picture.disposition = Disposition.attached_pic
            out.mux([*picture.encode(VideoFrame.from_ndarray(clock(0), format="rgb24")), *picture.encode(None)])
        for packets in Sound(1, codec=codec).packets(audio):
            out.mux(packets)
    return path
