"""python -m emotion_ml, as its user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from emotion_ml import benchmark, endurance, rates, sandbox
from emotion_ml.__main__ import main
from emotion_ml.backends import EXPORT, HASHES
from emotion_ml.engine import WEIGHTS
from emotion_ml.labels import EMOTIONS
from emotion_ml.tests import clips, scenes
from emotion_ml.tests.rogue import rogue


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(scenes.photo("astronaut")).save(path)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    look = clips.Look(width=640, height=360, paint=lambda *_: scenes.close_up())
    return clips.write(tmp_path / "clip.mp4", clips.steady(25, 1.2), look, sound=clips.Sound(1.2))


def test_devices_names_the_backend_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices"]) == 0
    out = capsys.readouterr().out
    assert "backend" in out
    assert "because" in out


def test_predict_finds_the_face_and_prints_the_promised_json(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(photo), "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["path"] == str(photo)
    (face,) = answer["faces"]
    assert set(face["box"]) == {"left", "top", "width", "height"}
    assert list(face["probabilities"]) == list(EMOTIONS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert max(face["probabilities"], key=face["probabilities"].__getitem__) == "Happy"


def test_predict_cropped_takes_the_whole_picture_as_one_face(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "face.png"
    Image.fromarray(scenes.photo("astronaut")[60:180, 165:285]).convert("L").save(path)
    assert main(["predict", "--cropped", "--json", str(path)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["faces"][0]["box"] == {"left": 0, "top": 0, "width": 120, "height": 120}


def test_a_cropped_picture_with_much_around_its_face_is_read_as_the_face_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wide.png"
    Image.fromarray(scenes.photo("astronaut")[:330, 60:390]).save(path)
    answers = []
    for extra in (["--cropped"], []):
        assert main(["predict", *extra, "--json", str(path)]) == 0
        answers.append(json.loads(capsys.readouterr().out)[0]["faces"])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 1


def test_a_cropped_picture_without_a_face_is_read_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bricks.png"
    Image.fromarray(scenes.photo("brick")[:100, :140]).save(path)
    assert main(["predict", "--cropped", "--json", str(path)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["faces"][0]["box"] == {"left": 0, "top": 0, "width": 140, "height": 100}


def test_predict_says_which_picture_it_could_not_read_and_reads_the_others(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jpg").write_text("not a picture")
    assert main(["predict", str(tmp_path / "bad.jpg"), str(photo), "--json"]) == 1
    bad, good = json.loads(capsys.readouterr().out)
    assert "not a picture" in bad["error"]
    assert len(good["faces"]) == 1


def test_both_backends_see_the_same_expression(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = []
    for backend in ("onnx", "torch"):
        main(["predict", str(photo), "--json", "--backend", backend])
        answers.append(list(json.loads(capsys.readouterr().out)[0]["faces"][0]["probabilities"].values()))
    np.testing.assert_allclose(answers[0], answers[1], atol=0.12)


def test_video_writes_the_annotated_clip_and_its_readings(clip: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out.mp4", tmp_path / "out.json"
    assert main(["video", str(clip), "--out", str(out), "--json", str(report)]) == 0
    readings = json.loads(report.read_text())["readings"]
    assert [len(reading["faces"]) for reading in readings] == [1] * 6
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.audio[0].codec_context.name == "aac"


def test_webcam_reads_what_the_camera_shows(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["webcam", "--camera", str(clip), "--text", "--seconds", "3"]) == 0
    assert "Happy" in capsys.readouterr().out


def test_prepare_makes_a_playable_file(clip: Path, tmp_path: Path) -> None:
    assert main(["prepare", str(clip), str(tmp_path / "out.mp4")]) == 0
    assert (tmp_path / "out.mp4").stat().st_size > 1000


@pytest.mark.parametrize("command", ["video BAD", "prepare BAD OUT", "benchmark BAD", "benchmark --memory BAD"])
def test_what_is_no_video_is_refused_with_a_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("hello")
    assert main(command.replace("BAD", str(bad)).replace("OUT", str(tmp_path / "o.mp4")).split()) == 1
    assert f"{bad}: This file cannot be read as a video" in capsys.readouterr().err


def test_a_missing_file_is_said_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", str(tmp_path / "absent.mp4")]) == 1
    assert "absent.mp4" in capsys.readouterr().err


def test_benchmark_prints_the_whole_and_every_stage(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(clip), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["clips"][0]["stages"]) == {"decode", "detect", "infer", "score"}
    assert report["clips"][0]["real_time_factor"] > 0


def test_benchmark_measures_the_engine_that_was_asked_for(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rates themselves take too long here."""
    monkeypatch.setattr(benchmark, "engine_rates", lambda _: {})
    assert main(["benchmark", str(clip), "--json", "--backend", "torch"]) == 0
    assert json.loads(capsys.readouterr().out)["engine"]["backend"].startswith("torch")


@pytest.mark.parametrize("more", [[], ["--memory"]])
def test_benchmark_reads_with_the_weights_that_were_asked_for(
    more: list[str], clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHTS_DIR", str(tmp_path))
    assert main(["benchmark", *more, str(clip)]) == 1
    assert f"is missing from {tmp_path}" in capsys.readouterr().err


def test_memory_is_weighed_with_the_engine_that_was_asked_for(clip: Path, tmp_path: Path) -> None:
    """There is no checkpoint here, which torch alone needs."""
    for name in (EXPORT, HASHES):
        (tmp_path / name).symlink_to(WEIGHTS / name)
    with pytest.raises(subprocess.CalledProcessError):
        endurance.endurance(clip, tmp_path, backend="torch", fps=5.0)


def test_what_whoever_began_a_process_held_is_not_counted_with_its_peak() -> None:
    held = np.ones(400 * 2**20, np.uint8)
    code = "from emotion_ml.endurance import peak_mib; print(peak_mib())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 10 < float(done.stdout) < held.nbytes / 2**20


def test_a_damaged_clip_is_not_measured(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "engine_rates", lambda _: {})
    damaged = clip.with_suffix(".mkv")
    clips.write(damaged, clips.steady(25, 4))
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    assert main(["benchmark", str(damaged)]) == 1
    assert f"{damaged}: The recording is damaged" in capsys.readouterr().err


def test_without_scikit_image_benchmark_asks_for_a_clip(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    assert main(["benchmark"]) == 1
    assert "benchmark: name a CLIP" in capsys.readouterr().err


def test_the_engine_is_measured_on_a_machine_without_pyav(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a GPU is, that is lent for training. The rates themselves take too long here."""
    for name in ("emotion_ml.benchmark", "emotion_ml.endurance"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(rates, "beside_torch", lambda engine, weights: {"backend": str(weights)})
    assert main(["benchmark", "--engine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["backend"] == str(WEIGHTS)


@pytest.mark.parametrize("command", ["video", "prepare"])
def test_a_full_disk_is_said_for_what_it_is(
    command: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.mp4.part").symlink_to("/dev/full")
    assert main([command, str(clip), *(["--out"] if command == "video" else []), str(tmp_path / "out.mp4")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"{command}: The disk is full"


@pytest.mark.parametrize("command", ["video", "prepare"])
def test_a_decoder_that_does_not_survive_a_file_is_said_without_a_traceback(
    command: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sandbox.replaced(rogue("segfault")):
        assert main([command, str(clip), *([str(tmp_path / "out.mp4")] if command == "prepare" else [])]) == 1
    assert f"{command}: {clip}: The decoder broke down" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["video", "benchmark"])
@pytest.mark.parametrize("fps", ["0", "-1", "nan", "inf", "five"])
def test_a_rate_at_which_nothing_would_be_read_is_refused(
    command: str, fps: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([command, "clip.mp4", f"--fps={fps}"])
    assert "argument --fps: use a number above 0" in capsys.readouterr().err


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("devices", "predict", "video", "webcam", "prepare", "train", "convert", "evaluate", "benchmark"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert "usage" in capsys.readouterr().out
