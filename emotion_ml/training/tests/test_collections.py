"""Labelled faces as people keep them: in a tar, linked, without a part, in crops that are not square."""

from __future__ import annotations

import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from emotion_ml.__main__ import main
from emotion_ml.labels import EMOTIONS
from emotion_ml.training import folders, sources, split
from emotion_ml.training.folders import NotFaces


def picture(rng: np.random.Generator, height: int = 40, width: int = 40) -> NDArray[np.uint8]:
    rough = rng.uniform(20, 230, (7, 7))
    return cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def fill(folder: Path, each: int, seed: int = 0, emotions: tuple[str, ...] = EMOTIONS) -> Path:
    rng = np.random.default_rng(seed)
    for emotion in emotions:
        (folder / emotion.lower()).mkdir(parents=True)
        for number in range(each):
            Image.fromarray(picture(rng)).save(folder / emotion.lower() / f"p{number}_{emotion}{seed}.png")
    return folder


def names_of(found: folders.Collection, part: folders.Part) -> set[str]:
    return {Path(found.names[row]).name for row in found.rows(part)}


@pytest.mark.parametrize("inside", ["", "faces/"])
def test_a_tar_of_what_split_wrote_keeps_its_parts(tmp_path: Path, inside: str) -> None:
    assert main(["split", str(fill(tmp_path / "in", 10)), str(tmp_path / "out")]) == 0
    with tarfile.open(tmp_path / "faces.tar", "w") as archive:
        archive.add(tmp_path / "out", inside or ".")
    whole, packed = folders.read(tmp_path / "out"), folders.read(tmp_path / "faces.tar")
    for part in folders.PARTS:
        assert names_of(packed, part) == names_of(whole, part)
        assert names_of(packed, part)


def test_parts_may_be_called_as_elsewhere_but_all_pictures_lie_in_one(tmp_path: Path) -> None:
    for seed, part in enumerate(("training", "val", "test")):
        fill(tmp_path / part, 2, seed)
    assert [len(folders.read(tmp_path).rows(part)) for part in folders.PARTS] == [10, 10, 10]
    folders.read.cache_clear()
    fill(tmp_path, 1, 7, ("Sad",))
    with pytest.raises(NotFaces, match="lies outside of train, valid, test"):
        folders.read(tmp_path)


@pytest.mark.parametrize("absent", ["valid", "train"])
def test_a_collection_without_a_part_is_refused_by_its_name(
    tmp_path: Path, absent: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, part in enumerate({"train", "valid", "test"} - {absent}):
        fill(tmp_path / "faces" / part, 2, seed)
    assert main(["train", "--data", str(tmp_path / "faces"), "--out", str(tmp_path / "run"), "--epochs", "1"]) == 1
    assert f"faces has no faces in its {absent} part" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_split_enters_linked_folders_and_names_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "elsewhere", 8, emotions=("Angry",))
    fill(tmp_path / "in", 8, 1, EMOTIONS[1:])
    fill(tmp_path / "in", 3, 2, ("Fear",))
    (tmp_path / "in" / "angry").symlink_to(tmp_path / "elsewhere" / "angry")
    (tmp_path / "in" / "sad" / "round").symlink_to(tmp_path / "in")
    assert main(["split", str(tmp_path / "in"), str(tmp_path / "out")]) == 0
    assert "left out: 3 in fear, named by no expression" in capsys.readouterr().out
    assert len(list((tmp_path / "out").rglob("*_Angry0.png"))) == 8
    assert len(list((tmp_path / "out").rglob("*.png"))) == 40


def test_split_says_which_part_lacks_an_expression(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def badly(labels: NDArray[np.intp], *_: object) -> NDArray[np.intp]:
        part = np.arange(len(labels)) % 3
        return np.where(labels == EMOTIONS.index("Sad"), 0, part)

    fill(tmp_path / "in", 3)
    assert main(["split", str(tmp_path / "in"), str(tmp_path / "all")]) == 0
    assert "beware" not in capsys.readouterr().out
    monkeypatch.setattr(split, "assign", badly)
    assert main(["split", str(tmp_path / "in"), str(tmp_path / "few")]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("beware")]
    assert [line.split(":")[1] for line in told] == [" valid has no Sad", " test has no Sad"]


def test_a_crop_that_is_no_square_keeps_its_proportions(tmp_path: Path) -> None:
    round_face = np.full((80, 80), 120, np.uint8)
    cv2.circle(round_face, (40, 40), 24, 250, cv2.FILLED)
    (tmp_path / "happy").mkdir()
    Image.fromarray(round_face[:, 12:68]).save(tmp_path / "happy" / "tall.png")
    (read,) = folders.read(tmp_path).pixels
    rows, columns = (np.ptp(np.flatnonzero((read > 200).any(axis=axis))) for axis in (1, 0))
    assert rows == pytest.approx(columns, abs=2)


def test_sources_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        for seed, part in enumerate(("train", "valid")):
            fill(tmp_path / folder / "faces" / part, 2, seed)
    found = [sources.load(tmp_path / folder / "faces", 0.0) for folder in ("a", "b", "a")]
    assert [source.name for source in sources.distinct(found)] == ["faces", "faces-2", "faces-3"]


def test_what_is_no_whole_archive_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "other.npz", pixels=np.zeros(3))
    whole = (tmp_path / "other.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with tarfile.open(tmp_path / "whole.tgz", "w:gz") as archive:
        archive.add(fill(tmp_path / "in", 3), "faces")
    packed = (tmp_path / "whole.tgz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(packed[: len(packed) // 2])
    for name in ("other.npz", "cut.npz", "cut.tgz"):
        assert main(["train", "--data", str(tmp_path / name), "--out", str(tmp_path / "run")]) == 1
        assert f"train: {name} is n" in capsys.readouterr().err
