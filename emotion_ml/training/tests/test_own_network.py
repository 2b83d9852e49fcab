"""A user's own network: class folders -> split -> train -> evaluate -> convert -> predict with it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from emotion_ml import model
from emotion_ml.__main__ import main
from emotion_ml.backends import CHECKPOINT, EXPORT
from emotion_ml.labels import EMOTIONS
from emotion_ml.training.convert import averaged

EACH = 12


def face(rng: np.random.Generator, label: int) -> NDArray[np.uint8]:
    """Light and dark of its own, so that no two are near copies, and a bar that tells the expressions apart."""
    picture = cv2.resize(rng.uniform(0, 200, (7, 7)), (120, 120), interpolation=cv2.INTER_CUBIC)
    picture[20 * label : 20 * label + 20] = 255
    return picture.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(4)
    for label, name in enumerate(EMOTIONS):
        (folder / name.lower()).mkdir()
        for number in range(EACH):
            Image.fromarray(face(rng, label)).save(folder / name.lower() / f"p{number}_{label}.png")
    return folder


@pytest.fixture(scope="module")
def divided(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("divided") / "out"
    assert main(["split", str(source), str(out), "--shares", "0.6", "0.2", "0.2", "--person", r"^p\d+_\d"]) == 0
    return out


@pytest.mark.slow
def test_from_class_folders_to_an_answer_of_the_new_network(
    divided: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, weights, plots = tmp_path / "run", tmp_path / "weights", tmp_path / "plots"
    trial = ["--data", str(divided), "--out", str(run), "--px", "32", "--epochs", "1"]
    assert main(["train", *trial]) == 0
    assert "best on the valid faces" in capsys.readouterr().out
    assert main(["convert", str(run / "model.safetensors"), "--data", str(divided), "--out", str(weights)]) == 0
    assert {CHECKPOINT, EXPORT, "SHA256SUMS"} <= {path.name for path in weights.iterdir()}
    assert b"site-packages" not in (weights / EXPORT).read_bytes()  # nor any other folder of who made it
    capsys.readouterr()

    measure = ["evaluate", "--data", str(divided), "--weights", str(weights), "--plots", str(plots)]
    assert main([*measure, "--log", str(run / "log.csv"), "--json", str(tmp_path / "report.json")]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["n"] == len(list((divided / "test").rglob("*.png")))
    assert np.array(report["confusion"]).sum() == report["n"]
    assert {path.name for path in plots.iterdir()} == {"confusion.png", "reliability.png", "curves.png"}
    capsys.readouterr()

    picture = next((divided / "test").rglob("*.png"))
    monkeypatch.setenv("WEIGHTS_DIR", str(weights))
    answers = []
    for backend in ("onnx", "torch"):
        assert main(["predict", "--cropped", "--json", "--backend", backend, str(picture)]) == 0
        (answer,) = json.loads(capsys.readouterr().out)
        answers.append(list(answer["faces"][0]["probabilities"].values()))
    np.testing.assert_allclose(answers[0], answers[1], atol=0.1)
    monkeypatch.delenv("WEIGHTS_DIR")
    main(["predict", "--cropped", "--json", str(picture)])
    shipped = list(json.loads(capsys.readouterr().out)[0]["faces"][0]["probabilities"].values())
    assert not np.allclose(answers[0], shipped, atol=1e-3)


@pytest.mark.slow
def test_an_interrupted_training_goes_on_where_it_stopped(divided: Path, tmp_path: Path) -> None:
    trial = ["--data", str(divided), "--out", str(tmp_path), "--px", "32", "--limit", "30"]
    assert main(["train", *trial, "--epochs", "1", "--resume"]) == 1
    assert main(["train", *trial, "--epochs", "1"]) == 0
    assert main(["train", *trial, "--epochs", "2", "--resume"]) == 0
    epochs = [line.split(",")[0] for line in (tmp_path / "log.csv").read_text().splitlines()[1:]]
    assert epochs == ["1", "2"]


def test_split_keeps_every_picture_once_and_changes_none(source: Path, divided: Path) -> None:
    before = sorted(path.read_bytes() for path in source.rglob("*.png"))
    after = sorted(path.read_bytes() for path in divided.rglob("*.png"))
    assert before == after
    for part, share in (("train", 0.6), ("valid", 0.2), ("test", 0.2)):
        for name in EMOTIONS:
            assert len(list((divided / part / name.lower()).iterdir())) == pytest.approx(share * EACH, abs=1.5)


def test_split_keeps_a_person_and_near_copies_on_one_side(source: Path, tmp_path: Path) -> None:
    for label, name in enumerate(EMOTIONS):
        (tmp_path / "in" / name.lower()).mkdir(parents=True)
        for number in range(EACH):
            original = source / name.lower() / f"p{number}_{label}.png"
            picture = Image.open(original)
            picture.save(tmp_path / "in" / name.lower() / original.name)
            picture.resize((120, 120)).save(tmp_path / "in" / name.lower() / f"copy{number}.jpg", quality=70)
    assert main(["split", str(tmp_path / "in"), str(tmp_path / "out"), "--person", r"^p(\d+)_"]) == 0
    part = {path.name: path.relative_to(tmp_path / "out").parts[0] for path in (tmp_path / "out").rglob("*.*")}
    for number in range(EACH):  # one person shows five expressions, and each has a smaller, compressed copy
        assert len({part[f"p{number}_{label}.png"] for label in range(len(EMOTIONS))}) == 1
    copies = {path.stem: path.relative_to(tmp_path / "out").parts[0] for path in (tmp_path / "out").rglob("copy*.jpg")}
    assert copies["copy0"] == part["p0_0.png"]


def test_split_says_what_is_wrong_and_leaves_nothing_half_done(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old.txt").write_text("here before")
    (tmp_path / "empty").mkdir()
    cases = [
        ([str(tmp_path / "absent"), str(tmp_path / "a")], "is not a folder"),
        ([str(tmp_path / "empty"), str(tmp_path / "a")], "holds no pictures"),
        ([str(source), str(tmp_path / "full")], "is not empty"),
        ([str(source), str(source / "out")], "lies inside"),
        ([str(source), str(tmp_path / "a"), "--shares", "0.5", "0.1", "0.1"], "sum to 1"),
        ([str(source), str(tmp_path / "a"), "--person", "("], "regular expression"),
    ]
    for arguments, sentence in cases:
        assert main(["split", *arguments]) == 1
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_split_reports_files_that_are_no_pictures(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in EMOTIONS:
        target = tmp_path / "in" / name.lower()
        target.mkdir(parents=True)
        for path in list((source / name.lower()).iterdir())[:6]:
            (target / path.name).write_bytes(path.read_bytes())
    (tmp_path / "in" / "sad" / "broken.jpg").write_text("no picture")
    assert main(["split", str(tmp_path / "in"), str(tmp_path / "out")]) == 0
    assert "broken.jpg is not a picture" in capsys.readouterr().out


class Harmful:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.marker,)  # type: ignore[return-value]


def test_convert_refuses_a_pickle_that_carries_code(
    divided: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker, bomb, old = tmp_path / "ran", tmp_path / "bomb.pt", tmp_path / "old.pt"
    torch.save({"conv1.weight": Harmful(marker)}, bomb)
    old.write_bytes(pickle.dumps({"conv1.weight": Harmful(marker)}))
    other = tmp_path / "other.pt"
    torch.save({"conv1.weight": torch.zeros(3)}, other)
    cases = ((bomb, "carries code"), (old, "carries code"), (other, "not a five-class ResNet50"))
    for checkpoint, sentence in cases:
        assert main(["convert", str(checkpoint), "--data", str(divided), "--out", str(tmp_path / "w")]) == 1
        assert sentence in capsys.readouterr().err
    assert not marker.exists()
    assert not (tmp_path / "w").exists()


def test_a_blend_lies_between_the_two_networks() -> None:
    late, early = model.build(), model.build()
    before = late.state_dict()["fc.weight"].clone()
    averaged(late, early, 0.25)
    torch.testing.assert_close(late.state_dict()["fc.weight"], 0.75 * before + 0.25 * early.state_dict()["fc.weight"])
    with pytest.raises(ValueError, match=r"between 0 and 1, not at 1\.5"):
        averaged(late, early, 1.5)


def test_evaluate_says_when_protocol_and_data_do_not_belong_together(
    divided: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(divided), "--protocol", "fer2013"]) == 1
    assert "leave it out for class folders" in capsys.readouterr().err
