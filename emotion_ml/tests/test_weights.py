"""Weights are numbers: a file that carries code, was changed, or holds another network is refused and never run."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from emotion_ml import model
from emotion_ml.backends import CHECKPOINT, EXPORT, HASHES, BadWeights, OnnxBackend, TorchBackend
from emotion_ml.engine import WEIGHTS
from emotion_ml.training import convert

ROOT = Path(__file__).resolve().parents[2]
Load = Callable[[Path], object]


class Bomb:
    """Whoever unpickles it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


def planted(folder: Path, name: str, content: bytes) -> Path:
    """A file of weights, and the list of digests that vouches for it: whoever can replace one can replace both."""
    (folder / name).write_bytes(content)
    (folder / HASHES).write_text(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    return folder


def bombs(marker: Path, folder: Path) -> list[bytes]:
    torch.save({"fc.weight": Bomb(marker)}, folder / "bomb.pt")
    return [pickle.dumps(Bomb(marker)), (folder / "bomb.pt").read_bytes()]


def as_torch(folder: Path) -> object:
    return TorchBackend(folder, "cpu", "test")


def as_onnx(folder: Path) -> object:
    return OnnxBackend(folder, 1, "test")


def test_the_bomb_of_these_tests_goes_off(tmp_path: Path) -> None:
    for number, content in enumerate(bombs(tmp_path / "marker", tmp_path)):
        assert not (tmp_path / "marker").exists()
        (tmp_path / f"{number}.pt").write_bytes(content)
        if number:
            torch.load(tmp_path / f"{number}.pt", weights_only=False)
        else:
            pickle.loads(content)
        (tmp_path / "marker").rmdir()


@pytest.mark.parametrize(("name", "load"), [(CHECKPOINT, as_torch), (EXPORT, as_onnx)])
def test_a_pickle_under_the_name_of_weights_is_refused_and_not_run(name: str, load: Load, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for content in bombs(marker, tmp_path):
        with pytest.raises(BadWeights, match="does not hold this network"):
            load(planted(tmp_path, name, content))
    assert not marker.exists()


def test_a_pickle_is_not_converted(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for content in bombs(marker, tmp_path):
        (tmp_path / "checkpoint.pt").write_bytes(content)
        with pytest.raises(ValueError, match="carries code"):
            convert.load(tmp_path / "checkpoint.pt")
    assert not marker.exists()


@pytest.mark.parametrize(("name", "load"), [(CHECKPOINT, as_torch), (EXPORT, as_onnx)])
def test_a_file_that_the_list_does_not_name_is_refused(name: str, load: Load, tmp_path: Path) -> None:
    planted(tmp_path, name, (WEIGHTS / name).read_bytes())
    with (tmp_path / name).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x00" if file.read(1) != b"\x00" else b"\x01")
    with pytest.raises(BadWeights, match="is not the file that"):
        load(tmp_path)


@pytest.mark.parametrize(("name", "load"), [(CHECKPOINT, as_torch), (EXPORT, as_onnx)])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_refused_although_the_list_names_it(
    name: str, load: Load, share: float, tmp_path: Path
) -> None:
    whole = (WEIGHTS / name).read_bytes()
    with pytest.raises(BadWeights):
        load(planted(tmp_path, name, whole[: int(share * len(whole))]))


def head(classes: int) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(state: dict[str, torch.Tensor]) -> None:
        state["fc.weight"], state["fc.bias"] = torch.zeros(classes, 2048), torch.zeros(classes)

    return change


@pytest.mark.parametrize(
    "change",
    [head(7), lambda state: state.pop("fc.bias"), lambda state: state.update(extra=torch.zeros(1))],
    ids=["seven classes", "one missing", "one too many"],
)
def test_another_network_is_refused(change: Callable[[dict[str, torch.Tensor]], Any], tmp_path: Path) -> None:
    state = load_file(WEIGHTS / CHECKPOINT)
    change(state)
    _, metadata = model.read_weights(WEIGHTS / CHECKPOINT)
    save_file(state, tmp_path / "other", metadata)
    with pytest.raises(BadWeights, match="does not hold this network"):
        as_torch(planted(tmp_path, CHECKPOINT, (tmp_path / "other").read_bytes()))


def test_nothing_here_unpickles() -> None:
    for package in ("emotion_ml", "analytics", "engageai"):
        for path in (ROOT / package).rglob("*.py"):
            if "tests" in path.parts:
                continue
            text = path.read_text()
            for call in re.findall(r"torch\.load\([^)]*\)", text):
                assert "weights_only=True" in call, path
            assert not re.search(r"\b(c?[pP]ickle|joblib|dill|shelve)\.loads?\(|allow_pickle\s*=\s*True", text), path
