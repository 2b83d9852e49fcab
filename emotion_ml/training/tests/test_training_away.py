"""Training on a machine that is lent: what travels, what must not, and what comes back."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from emotion_ml import model
from emotion_ml.labels import EMOTIONS
from emotion_ml.training import away, dataset, folders, parcels
from emotion_ml.training.away import Process
from emotion_ml.training.inception import InceptionResNetV1
from emotion_ml.training.recipe import Config
from emotion_ml.training.teachers import Teachers
from emotion_ml.training.train import train

NAMES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
ROWS = 120


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FER-2013 with FER+ in small: a third each for training, choosing and testing, and one copy among the first."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (ROWS, 48, 48)).astype(np.uint8)
    usage = np.arange(ROWS) % 3
    pixels[0] = pixels[2]  # a training face that is a PrivateTest face as well
    votes = np.zeros((ROWS, len(NAMES)), np.uint8)
    votes[np.arange(ROWS), rng.integers(0, 5, ROWS)] = 8
    votes[:, 8] = 2
    path = tmp_path_factory.mktemp("archive") / "small.npz"
    np.savez(
        path, pixels=pixels, usage=usage, label=np.zeros(ROWS, np.uint8), row_source=np.zeros(ROWS, np.uint8),
        ferplus_votes=votes, ferplus_names=np.array(NAMES),
    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("collection") / "small.tar"
    rng = np.random.default_rng(1)
    with tarfile.open(path, "w") as target:
        for number in range(80):
            picture = cv2.resize(rng.uniform(0, 255, (9, 9)), (96, 96), interpolation=cv2.INTER_CUBIC).clip(0, 255)
            data = cv2.imencode(".png", picture.astype(np.uint8))[1].tobytes()
            member = tarfile.TarInfo(f"./{EMOTIONS[number % 5].lower()}/{number:03}.png")
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("start") / "start.safetensors"
    torch.manual_seed(0)
    model.save_weights(model.build(), path, {"input_px": 32})
    return path


@pytest.fixture(scope="module")
def sent(archive: Path, collection: Path, start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    parts = parcels.pack(archive, collection, start, here, 20_000_000)
    assert len(parts) > 1
    assert max(part.stat().st_size for part in parts) <= 20_000_000
    assert sorted(here.iterdir()) == parts
    parcels.unpack(here, there)
    return there


def test_the_faces_arrive_as_they_were(sent: Path, archive: Path, collection: Path, start: Path) -> None:
    for load in (dataset.load_training, lambda path: dataset.load_protocol(path, "ferplus-plurality", "public")):
        before, after = load(archive), load(sent / parcels.ARCHIVE)
        np.testing.assert_array_equal(before.pixels, after.pixels)
        np.testing.assert_array_equal(before.targets, after.targets)
    here, there = folders.read(collection), folders.read(sent / parcels.FOLDERS)
    for part in folders.PARTS[:2]:
        old, new = ({c.pixels[row].tobytes() for row in c.rows(part)} for c in (here, there))
        assert old == new
    assert (sent / parcels.START).read_bytes() == start.read_bytes()


def test_no_face_that_tests_travels(sent: Path, archive: Path, collection: Path) -> None:
    with np.load(archive) as whole, np.load(sent / parcels.ARCHIVE) as part:
        private = {face.tobytes() for face in whole["pixels"][whole["usage"] == dataset.USAGE["private"]]}
        assert private
        assert not private & {face.tobytes() for face in part["pixels"]}
    found = folders.read(collection)
    testing = {found.pixels[row].tobytes() for row in found.rows("test")}
    assert testing
    arrived = folders.read(sent / parcels.FOLDERS)
    assert not testing & {face.tobytes() for face in arrived.pixels}


def test_parts_that_are_missing_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no part of whole\.zip"):
        parcels.unpack(tmp_path, tmp_path / "out")


def test_a_student_sees_the_mean_of_its_teachers(start: Path, tmp_path: Path) -> None:
    torch.manual_seed(5)
    other = tmp_path / "other.safetensors"
    model.save_weights(model.build(), other, {"input_px": 32})
    images = torch.randn(3, 3, 32, 32)
    with torch.inference_mode():
        one, two = (torch.softmax(model.load(path)[0](images), dim=1) for path in (start, other))
    both = Teachers([start, other], torch.device("cpu"))(images)
    torch.testing.assert_close(both, (one + two) / 2)
    assert not Teachers([], torch.device("cpu"))


def test_a_calibrated_teacher_is_as_sure_as_its_calibration_says(start: Path, tmp_path: Path) -> None:
    calibrated = tmp_path / "calibrated.safetensors"
    network, _ = model.load(start)
    model.save_weights(network, calibrated, {"input_px": 32, "temperature": 0.5})
    images = torch.randn(3, 3, 32, 32)
    with torch.inference_mode():
        expected = torch.softmax(network(images) / 0.5, dim=1)
    torch.testing.assert_close(Teachers([calibrated], torch.device("cpu"))(images), expected)


@pytest.mark.slow
def test_a_student_that_hears_only_its_teacher_learns_the_teachers_answer(
    sent: Path, start: Path, tmp_path: Path
) -> None:
    """The labels say something else, so that what it learned can only come from the teacher."""
    teacher = model.build()
    with torch.no_grad():
        teacher.get_submodule("fc").bias.copy_(torch.tensor([0.0, 0.0, 0.0, 0.0, 20.0]))  # type: ignore[operator]
    path = tmp_path / "teacher.safetensors"
    model.save_weights(teacher, path, {"input_px": 32})
    text = away.CONFIG.read_text().replace("teacher_share: 0.7", "teacher_share: 1.0")
    config = tmp_path / "config.yml"
    config.write_text(text.replace("batch_size: 256", "batch_size: 8"))
    assert Config.read(config).teacher_share == 1
    train([sent / parcels.ARCHIVE], config, tmp_path / "run", backbone=start, teachers=[path], epochs=3, px=32)
    network, _ = model.load(tmp_path / "run" / "model.safetensors")
    with torch.inference_mode():
        said = network(torch.randn(20, 3, 32, 32)).argmax(dim=1)
    assert (said == 4).all()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, Path]]:
    """The seconds and the first weights of every run that is begun; none of them does anything."""
    begun: dict[str, tuple[float, Path]] = {}

    def begin(self: away.Away, name: str, changes: object, seconds: float, backbone: Path) -> Process:
        begun[name] = seconds, backbone
        return Process(["true"])

    monkeypatch.setattr(away.Away, "start", begin)
    return begun


@pytest.mark.parametrize("packed", [False, True])
def test_the_network_that_knew_faces_teaches_where_it_was_packed(
    packed: bool, archive: Path, collection: Path, start: Path, tmp_path: Path, begun: dict[str, tuple[float, Path]]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    parcels.pack(archive, collection, start, here, 1_000_000_000, faces=collection if packed else None)
    parcels.unpack(here, there)
    names = away.teach(away.Away(there, tmp_path, tmp_path), 10)
    assert names == list(begun) == ["plain", "mixup", "flip", *["faces", "faces-again"] * packed]
    assert begun["plain"] == (10, there / parcels.START)
    if packed:
        assert begun["faces"] == (10, there / parcels.FACES)
        assert begun["faces"][1].read_bytes() == collection.read_bytes()


def test_a_network_that_reads_expressions_already_is_not_trained_anew(
    tmp_path: Path, begun: dict[str, tuple[float, Path]]
) -> None:
    """It teaches as it is, beside those that it has none of: see the whole run below."""
    model.save_weights(model.build(), tmp_path / parcels.START, {"emotions": list(EMOTIONS)})
    there = away.Away(tmp_path, tmp_path, tmp_path)
    with pytest.raises(ValueError, match="pack weights with --faces"):
        away.teach(there, 10)
    (tmp_path / parcels.FACES).touch()
    assert away.teach(there, 10) == ["faces", "faces-again"]
    assert begun["faces-again"] == (10, tmp_path / parcels.FACES)


@pytest.mark.slow
@pytest.mark.parametrize("known", [False, True])
def test_a_whole_run_brings_back_networks_in_parts(
    known: bool, sent: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one teacher, small batches and a second each, whatever they are given; begun as a backbone, or as a network
    that reads expressions and has one teacher more, which knew faces."""
    there = tmp_path / "there"
    shutil.copytree(sent, there)
    if known:
        model.save_weights(model.load(start)[0], there / parcels.START, {"emotions": list(EMOTIONS), "input_px": 32})
        model.save_weights(InceptionResNetV1(), there / parcels.FACES, {"network": "inception"})
    config = tmp_path / "config.yml"
    config.write_text(away.CONFIG.read_text().replace("batch_size: 256", "batch_size: 8"))
    monkeypatch.setattr(away, "CONFIG", config)
    monkeypatch.setattr(away, "TEACHERS", {name: away.TEACHERS[name] for name in ("flip", "faces")})
    px = "80" if known else "32"  # the other network needs so much
    trial = away.Away(there, tmp_path / "runs", tmp_path / "out", ("--px", px, "--limit", "20", "--seconds", "1"))
    said = away.run(trial, 600, 0.3)
    assert ("faces: " in said, "flip: " in said) == (known, not known)
    assert f"began as {there / parcels.START if known else trial.weights('flip')}" in said
    for name in away.STUDENTS:
        weights = tmp_path / f"{name}.safetensors"
        weights.write_bytes(parcels.join(tmp_path / "out", weights.name))
        model.load(weights)
    back = {path.name for path in (tmp_path / "out").iterdir()}
    assert back == {f"{name}.safetensors.part0{part}" for name in away.STUDENTS for part in range(3)} | {"logs.txt"}
    assert (tmp_path / "out" / "logs.txt").read_text().count("epoch,px,train_loss") == 3
