"""A training that is begun, ended, begun again or given something else: what it says and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from emotion_ml import model
from emotion_ml.__main__ import main
from emotion_ml.training import journal
from emotion_ml.training.recipe import Config
from emotion_ml.training.tests.test_collections import fill

CONFIG = Path(__file__).resolve().parents[2] / "config.yml"
TRIAL = ["--px", "32", "--epochs", "1"]


def parts(folder: Path, seed: int) -> Path:
    for offset, part in enumerate(("train", "valid")):
        fill(folder / part, 3, seed + offset)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds `faces`, trained on for an epoch into `out`."""
    folder = tmp_path_factory.mktemp("run")
    assert main(["train", "--data", str(parts(folder / "faces", 1)), "--out", str(folder / "out"), *TRIAL]) == 0
    return folder


@pytest.mark.slow
def test_a_folder_that_holds_another_run_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in (run / "out").iterdir()}
    assert main(["train", "--data", str(parts(run / "b" / "faces", 5)), "--out", str(run / "out"), *TRIAL]) == 1
    assert "holds a run of another network or on other faces" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (run / "out").iterdir()} == before


@pytest.mark.slow
def test_a_run_that_is_over_says_so(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", str(run / "faces"), "--out", str(run / "out"), *TRIAL]) == 0
    assert "nothing is left to train: 1 epochs are done" in capsys.readouterr().out


@pytest.mark.slow
def test_two_collections_of_one_name_are_each_measured_on_their_own_faces(tmp_path: Path) -> None:
    one, other = parts(tmp_path / "a" / "faces", 1), parts(tmp_path / "b" / "faces", 5)
    fill(other / "valid" / "more", 2, 9)
    assert main(["train", "--data", str(one), "--data", str(other), "--out", str(tmp_path / "out"), *TRIAL]) == 0
    heading = (tmp_path / "out" / "log.csv").read_text().splitlines()[0]
    assert heading == "epoch,px,train_loss,valid_accuracy_faces,valid_accuracy_faces-2,seconds"


def test_the_log_has_no_epoch_twice(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    for epoch in (1, 2, 3):
        journal.add(log, journal.Row(epoch, 112, 0.5, {"faces": 0.8}, 9.0))
    journal.cut(log, 2)
    journal.add(log, journal.Row(3, 112, 0.4, {"faces": 0.9}, 9.0))
    assert [line.split(",")[0] for line in log.read_text().splitlines()] == ["epoch", "1", "2", "3"]
    journal.cut(log, 0)
    assert not log.exists()


def test_few_faces_make_small_batches_and_small_steps() -> None:
    config = Config.read(CONFIG)
    assert config.fitted(27_000) == config
    few = config.fitted(480)
    assert (few.batch_size, config.fitted(20).batch_size) == (30, 8)
    assert few.learning_rate == pytest.approx(config.learning_rate * np.sqrt(30 / 256))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("learning_rate: 0.0008", "learning_rate: 8e-4", "learning_rate: '8e-4' is not a number"),
        ("rotate_deg: 12", "rotate_deg: much", "rotate_deg: 'much' is not a number"),
        ("px: 112", "px: 112.5", "px: 112.5 is not a number"),
        ("seed: 7", "seed: 7\n\tx", "while scanning for the next token"),
    ],
)
def test_a_field_that_is_no_number_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "own.yml").write_text(CONFIG.read_text().replace(old, new))
    with pytest.raises(ValueError, match=f"own.yml is not a training configuration: {said}"):
        Config.read(tmp_path / "own.yml")


@pytest.mark.parametrize("option", ["--epochs", "--limit", "--px"])
@pytest.mark.parametrize("value", ["0", "-1", "two"])
def test_counts_are_at_least_one(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--data", "faces", "--out", "out", option, value])
    assert f"must be a whole number of at least 1, not {value}" in capsys.readouterr().err


def test_weights_that_are_none_or_cut_off_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pointer.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    save_file({"weight": torch.zeros(64, 64)}, tmp_path / "whole.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole.safetensors").read_bytes()[:-100])
    for name in ("pointer", "cut"):
        path = str(tmp_path / f"{name}.safetensors")
        assert main(["convert", path, "--data", "faces", "--out", str(tmp_path / "w")]) == 1
        assert f"convert: {name}.safetensors is not a whole safetensors file" in capsys.readouterr().err


def test_what_other_programs_write_beside_weights_is_passed_over(tmp_path: Path) -> None:
    save_file(model.build().state_dict(), tmp_path / "foreign.safetensors", {"format": "pt", "input_px": "64"})
    assert model.load(tmp_path / "foreign.safetensors")[1] == {"input_px": 64}


@pytest.mark.slow
def test_a_frozen_part_that_does_not_exist_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.yml").write_text(CONFIG.read_text().replace("frozen: []", "frozen: [layer9]"))
    arguments = ["--data", str(parts(tmp_path / "faces", 1)), "--out", str(tmp_path / "out")]
    assert main(["train", *arguments, *TRIAL, "--config", str(tmp_path / "own.yml")]) == 1
    assert "frozen: 'layer9' is no part of the network" in capsys.readouterr().err
