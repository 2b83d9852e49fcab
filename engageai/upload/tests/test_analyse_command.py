"""The same pipeline without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from emotion_ml import pipeline, video
from emotion_ml.engine import WEIGHTS, EmotionEngine
from engageai.conftest import Visitor, face_clip
from engageai.engine import get_engine, replaced
from engageai.upload import jobs

ROOT = Path(__file__).resolve().parents[3]
quick = pytest.mark.usefixtures("engine")


def analyse(path: Path, out: Path, **options: Any) -> bytes:
    call_command("analyse", str(path), json=str(out), **options)
    return out.read_bytes()


@quick
def test_two_runs_give_the_same_bytes(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (analyse(clip, tmp_path / name) for name in ("first.json", "second.json"))
    assert first == second
    result = json.loads(first)
    assert result["recording"]["frames_analysed"] == len(result["series"]) == 10
    assert result["coverage"] == 1.0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"engagement {result['engagement']['general']['score']:.2f}" in shown.err


@quick
@pytest.mark.django_db
def test_it_writes_what_the_results_page_lets_one_download(visitor: Visitor, clip: Path, tmp_path: Path) -> None:
    recording = visitor.uploaded(clip)
    jobs.analyse.call(str(recording.id))
    download = visitor.client.get(visitor.url("recording-result", recording))
    assert download.status_code == 200
    assert download.content == analyse(clip, tmp_path / "result.json")


@quick
def test_it_writes_to_standard_output(clip: Path, tmp_path: Path, capfdbinary: Any) -> None:
    expected = analyse(clip, tmp_path / "result.json")
    call_command("analyse", str(clip), json="-")
    assert capfdbinary.readouterr().out == expected


@quick
def test_the_pace_and_the_environment_are_chosen(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = json.loads(analyse(clip, tmp_path / "result.json", fps=2.0, environment="classroom"))
    assert [point["t_s"] for point in result["series"]] == pytest.approx([0, 0.5, 1, 1.5], abs=0.01)
    assert f"engagement {result['engagement']['classroom']['score']:.2f}" in capsys.readouterr().err


@quick
def test_a_score_of_too_few_readings_says_on_how_many_it_rests(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    analyse(clip, tmp_path / "result.json", fps=2.0)
    assert "This rests on 4 readings, fewer than the 5 that the lines over time need" in capsys.readouterr().err
    analyse(clip, tmp_path / "result.json")
    assert "This rests on" not in capsys.readouterr().err


@quick
def test_a_recording_without_a_face_has_no_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from emotion_ml.tests import clips

    empty = clips.write(tmp_path / "empty.mp4", clips.steady(10, 1))
    result = json.loads(analyse(empty, tmp_path / "result.json"))
    assert result["engagement"]["general"] is None
    assert "there is no score" in capsys.readouterr().err


@quick
def test_a_recording_that_breaks_off_says_where(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = pipeline.analyse

    def breaks_off(*args: Any, **kwargs: Any) -> Any:
        for reading in whole(*args, **kwargs):
            if reading.t_s > 1:
                raise video.Truncated(1.0)
            yield reading

    monkeypatch.setattr(pipeline, "analyse", breaks_off)
    result = json.loads(analyse(clip, tmp_path / "result.json"))
    assert len(result["series"]) == 6
    assert "ends at 0:01" in capsys.readouterr().err


@quick
@pytest.mark.parametrize("content", [b"", b"Dear Sir or Madam,\n" * 100])
def test_bad_input_is_a_sentence_and_no_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(content)
    with pytest.raises(CommandError, match=r"talk\.mp4: .+\.") as refusal:
        analyse(tmp_path / "talk.mp4", tmp_path / "result.json")
    assert refusal.value.returncode == 1
    assert not (tmp_path / "result.json").exists()


@quick
def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        analyse(tmp_path / "nowhere.mp4", tmp_path / "result.json")


def test_a_terminal_is_told_what_went_wrong(tmp_path: Path) -> None:
    """In a process of its own: there the chatter of native libraries is hushed, and our own sentences must not be."""
    command = [sys.executable, "manage.py", "analyse", str(tmp_path / "nowhere.mp4"), "--no-expressions", "--json", "-"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "No such file" in ran.stderr


@quick
def test_a_result_that_cannot_be_written_is_a_sentence(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        analyse(clip, tmp_path / "nowhere" / "result.json")


@pytest.mark.parametrize("fps", ["0", "-1", "1000", "fast", "nan"])
def test_an_impossible_pace_is_refused(fps: str, clip: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="above 0 and at most"):
        call_command("analyse", str(clip), "--json", str(tmp_path / "result.json"), "--fps", fps)


@pytest.mark.skipif(not list(WEIGHTS.glob("*.onnx")), reason="the network has not been trained yet")
def test_the_real_network_reads_a_smile(tmp_path: Path) -> None:
    with EmotionEngine.create(backend="onnx", threads=2) as engine, replaced(engine):
        result = json.loads(analyse(face_clip(tmp_path / "smile.mp4", 1.0), tmp_path / "result.json"))
        assert get_engine() is engine
    assert result["dominant"] == "Happy"
    assert result["model"]["sha256"] == engine.model.sha256
