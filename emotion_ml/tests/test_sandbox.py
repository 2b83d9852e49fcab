"""A decoder that dies, hangs, grabs or lies is one refused file: its caller is told, and everybody else goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest

from emotion_ml import sandbox, video
from emotion_ml.media import recording, sound
from emotion_ml.sandbox import DecoderFailed, Limits, Sandbox
from emotion_ml.tests.clips import Look, Sound, steady, write
from emotion_ml.tests.patience import slack
from emotion_ml.tests.rogue import rogue

DEATH_S = 2.0
"""R6: how long after a decoder's death its caller may wait for the news."""
START_S = 20.0
"""What the process may take to begin on a machine with other things to do; ends no test early."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("clips") / "a.mp4", steady(25, 2), sound=Sound(2))


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    """One of its own, so that a test may look at its process, or end it."""
    with sandbox.replaced(Sandbox()) as one:
        yield one


def process_of(one: Sandbox) -> psutil.Process:
    assert one._process is not None
    return psutil.Process(one._process.pid)


def until(holds: Callable[[], bool], limit_s: float = DEATH_S) -> bool:
    end = time.monotonic() + limit_s * slack()
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("segfault", "decoder-crashed"),
        ("kill", "decoder-crashed"),
        ("abort", "decoder-crashed"),
        ("leave", "decoder-crashed"),
        ("fail", "decoder-crashed"),
        ("excuse_of_half_a_sentence", "decoder-crashed"),
        ("excuse_without_a_time", "decoder-crashed"),
        ("excuse_of_no_time", "decoder-crashed"),
        ("allocate", "decoder-memory"),
        ("allocate_natively", "decoder-crashed"),
        ("write", "decoder-crashed"),
        ("open_many", "decoder-crashed"),
        ("babble", "decoder-crashed"),
        ("boast", "decoder-memory"),
        ("lie", "decoder-crashed"),
        ("shrink", "decoder-crashed"),
    ],
)
def test_a_decoder_that_breaks_is_a_sentence_at_once(way: str, code: str, clip: Path) -> None:
    with sandbox.replaced(rogue(way)) as one:
        refused(clip)  # begins the process, which is not what is timed
        began_s = time.monotonic()
        failure = refused(clip)
        assert time.monotonic() - began_s < DEATH_S * slack()
        assert failure.code == code
        assert str(failure).endswith(".")
        assert until(lambda: not process_of(one).children())
    assert video.probe(clip).codec == "h264"


@pytest.mark.parametrize("way", ["hang", "spin", "flood"])
def test_a_decoder_that_comes_no_further_is_cut_off(way: str, clip: Path) -> None:
    with sandbox.replaced(rogue(way, stall_s=0.3)) as one:
        refused(clip)
        began_s = time.monotonic()
        assert refused(clip).code == "decoder-stuck"
        assert 0.3 <= time.monotonic() - began_s < 0.3 + DEATH_S * slack()
        assert until(lambda: not process_of(one).children())
    assert video.probe(clip).codec == "h264"


def test_a_decoder_that_only_burns_time_meets_the_limit_of_the_processor(clip: Path) -> None:
    with sandbox.replaced(rogue("spin")) as one, clip.open("rb") as file:
        with pytest.raises(DecoderFailed) as failure:
            list(one.run("probe", {}, [file.fileno()], Limits(cpu_s=1)))
        assert failure.value.code == "decoder-crashed"


def test_what_has_a_time_of_its_own_is_cut_off_there_even_when_it_goes_on(clip: Path) -> None:
    with sandbox.replaced(rogue("hang")) as one, clip.open("rb") as file:
        with pytest.raises(DecoderFailed) as failure:
            list(one.run("probe", {}, [file.fileno()], Limits(wall_s=0.2)))
        assert failure.value.code == "decoder-stuck"


def test_a_decoder_that_dies_midway_is_told_after_what_it_gave(clip: Path) -> None:
    kept: list[video.Frame] = []
    with sandbox.replaced(rogue("die_midway")), pytest.raises(DecoderFailed):
        kept.extend(video.frames(clip, 5))
    assert [frame.t_s for frame in kept] == [0.0, 0.2, 0.4]


def test_what_is_logged_names_the_signal_and_nothing_of_the_file(clip: Path, caplog: pytest.LogCaptureFixture) -> None:
    for way in ("segfault", "fail"):
        with sandbox.replaced(rogue(way)):
            refused(clip)
    assert "SIGSEGV" in caplog.text
    assert "RuntimeError at" in caplog.text
    assert "a secret of the file" not in caplog.text
    assert clip.name not in caplog.text


LOOKS = {
    "plain.mp4": Look(),
    "turned.mp4": Look(rotation_deg=90),
    "mirrored.mp4": Look(mirrored=True, pixel_aspect=Fraction(4, 3)),
    "deep.mkv": Look(codec="libx265", pixels="yuv420p10le"),
    "odd.mkv": Look(width=97, height=63, codec="ffv1"),
    "a.gif": Look(codec="gif", pixels="rgb8", time_base=Fraction(1, 100)),
    "a.mpg": Look(codec="mpeg1video"),
    "a.webm": Look(codec="libvpx"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_pictures_and_times_are_those_of_decoding_at_home(name: str, tmp_path: Path) -> None:
    varying = [k / 25 + (k % 3) / 100 for k in range(50)]
    path = write(tmp_path / name, steady(25, 2) if name in ("a.gif", "a.mpg") else varying, LOOKS[name])
    assert video.probe(path) == recording.probe(path)
    here, there = list(recording.frames(path, 12.5)), list(video.frames(path, 12.5))
    assert [frame.t_s for frame in there] == [frame.t_s for frame in here]
    assert len(here) > 20
    assert all(np.array_equal(one.image, other.image) for one, other in zip(here, there, strict=True))


def test_sound_is_that_of_decoding_at_home(clip: Path) -> None:
    np.testing.assert_array_equal(np.concatenate([*video.sound(clip, 60)]), np.concatenate([*sound.pieces(clip, 60)]))


def test_a_refusal_and_a_loss_are_those_of_decoding_at_home(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_text("hello")
    with pytest.raises(video.NotAVideo) as here:
        recording.probe(path)
    with pytest.raises(video.NotAVideo) as there:
        video.probe(path)
    assert (there.value.code, str(there.value)) == (here.value.code, str(here.value))
    with pytest.raises(video.NoSound, match="has no sound"):
        next(video.sound(write(path, steady(25, 1)), 60))
    path.write_bytes(write(path, steady(25, 4)).read_bytes()[:-3000])
    with pytest.raises(video.Truncated) as lost_here:
        list(recording.frames(path, 5))
    with pytest.raises(video.Truncated) as lost_there:
        list(video.frames(path, 5))
    assert lost_there.value.t_s == lost_here.value.t_s


def test_a_child_has_neither_our_environment_nor_our_files(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    with (
        ThreadPoolExecutor(1) as pool,
        sandbox.replaced(rogue("hang")) as one,
        (tmp_path / "other").open("wb") as other,
    ):
        os.set_inheritable(other.fileno(), True)
        pool.submit(refused, clip)
        assert until(lambda: one._process is not None and bool(process_of(one).children()), START_S)
        (child,) = process_of(one).children()
        assert until(lambda: child.rlimit(psutil.RLIMIT_AS) == (2 * 1024**3, 2 * 1024**3))
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.environ().keys() <= {*sandbox.ENVIRONMENT, "LD_LIBRARY_PATH", "LC_CTYPE"}
        opened = [str(each.readlink()) for each in Path(f"/proc/{child.pid}/fd").iterdir()]
        assert sorted("line" if "socket" in each else each for each in opened) == [
            *["/dev/null"] * 3,
            str(clip),
            "line",
        ]


def test_whoever_asks_no_more_ends_the_child(fresh: Sandbox, clip: Path) -> None:
    pictures = video.frames(clip, 25)
    next(pictures)
    assert process_of(fresh).children()
    pictures.close()
    assert until(lambda: not process_of(fresh).children())


def test_when_the_process_is_killed_its_children_go_too_and_the_next_file_gets_another(
    fresh: Sandbox, clip: Path
) -> None:
    pictures = video.frames(clip, 25)
    next(pictures)
    process = process_of(fresh)
    (child,) = process.children()
    process.kill()
    with pytest.raises(DecoderFailed):
        list(pictures)
    assert until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert video.probe(clip).codec == "h264"
    assert process_of(fresh).pid != process.pid


def test_when_the_server_is_killed_nothing_of_it_goes_on(clip: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(clip)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent.parent
    )
    with server:
        assert server.stdout is not None
        pids = json.loads(server.stdout.readline())
        assert len(pids) == 2
        server.send_signal(signal.SIGKILL)
    assert until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


SERVER = """
import json, sys, time
from pathlib import Path
import psutil
from emotion_ml import sandbox, video
pictures = video.frames(Path(sys.argv[1]), 25)
next(pictures)
print(json.dumps([child.pid for child in psutil.Process().children(recursive=True)]), flush=True)
time.sleep(60)
"""


def test_many_files_at_once_do_not_mix_their_answers(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{k}.mp4", steady(25, 1), Look(width=64 + 2 * k, height=48)) for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        infos = list(pool.map(video.probe, paths * 4))
    assert [info.width for info in infos] == [64 + 2 * k for k in range(8)] * 4


def test_a_process_that_cannot_begin_is_our_fault_and_not_the_file_s(clip: Path) -> None:
    broken = Sandbox([sys.executable, "-c", "raise SystemExit(1)"])
    with sandbox.replaced(broken), pytest.raises(RuntimeError, match="does not start"):
        video.probe(clip)


def test_nothing_is_left_open(fresh: Sandbox, clip: Path) -> None:
    def open_files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    video.probe(clip)
    before = open_files()
    for _ in range(10):
        list(video.frames(clip, 5))
        list(video.sound(clip, 60))
    assert open_files() <= before  # what an earlier test forgot may be collected meanwhile


def refused(path: Path) -> DecoderFailed:
    with pytest.raises(DecoderFailed) as failure:
        next(video.frames(path, 5))
    return failure.value
