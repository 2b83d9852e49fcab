"""A teacher of another architecture: what the maker of a network does with weights that others publish."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from emotion_ml import model
from emotion_ml.training import convert, inception, networks
from emotion_ml.training.recipe import Config
from emotion_ml.training.teachers import Teachers

KERAS = (
    "Conv2d_4b_3x3",
    "Block35_5_Branch_2_Conv2d_0c_3x3",
    "Mixed_6a_Branch_0_Conv2d_1a_3x3",
    "Mixed_6a_Branch_1_Conv2d_0b_3x3",
    "Block17_7_Branch_1_Conv2d_0c_7x1",
    "Mixed_7a_Branch_2_Conv2d_1a_3x3",
    "Block8_6_Branch_0_Conv2d_1x1",
    "Block8_6_Conv2d_1x1",
)
"""Names of layers in the published file, of every kind that there is."""


@pytest.fixture(scope="module")
def released() -> dict[str, torch.Tensor]:
    """The variables of such a file, with values of our own."""
    torch.manual_seed(3)
    network, arrays = inception.InceptionResNetV1(), {}
    for _, layer, key in inception._layers(network):
        kernel = network.get_submodule(key).weight.detach()  # type: ignore[operator]
        arrays[f"{layer}/kernel:0"] = kernel.permute(2, 3, 1, 0)
        arrays[f"{layer}/bias:0"] = torch.rand(len(kernel))
        for name in ("beta", "moving_mean", "moving_variance"):
            arrays[f"{layer}_BatchNorm/{name}:0"] = torch.rand(len(kernel)) + 0.5
    return arrays


@pytest.fixture(scope="module")
def checkpoint(released: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "inception.safetensors"
    model.save_weights(inception.from_keras(released), path, {"network": "inception", "input_px": 80})
    return path


def test_every_layer_of_the_published_file_finds_its_place(released: dict[str, torch.Tensor]) -> None:
    layers = {name.split("/")[0] for name in released if name.endswith("kernel:0")}
    assert len(layers) == 132
    assert set(KERAS) <= layers
    state = inception.from_keras(released).state_dict()
    ours, theirs = "blocks.21.branches.1.2", "Block8_5_Branch_1_Conv2d_0c_3x1"
    torch.testing.assert_close(state[f"{ours}.conv.weight"], released[f"{theirs}/kernel:0"].permute(3, 2, 0, 1))
    torch.testing.assert_close(state[f"{ours}.bn.running_mean"], released[f"{theirs}_BatchNorm/moving_mean:0"])


def test_another_file_is_refused_by_what_it_lacks(released: dict[str, torch.Tensor]) -> None:
    lacking = {name: value for name, value in released.items() if "Mixed_7a_Branch_1_Conv2d_0a_1x1/" not in name}
    with pytest.raises(ValueError, match="Mixed_7a_Branch_1_Conv2d_0a_1x1"):
        inception.from_keras(lacking)


def test_it_teaches_beside_a_network_of_ours(checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    model.save_weights(model.build(), other, {"input_px": 80})
    images = torch.randn(2, 3, 80, 80)
    with torch.inference_mode():
        one, two = (torch.softmax(networks.load(path)[0](images), dim=1) for path in (checkpoint, other))
    torch.testing.assert_close(Teachers([checkpoint, other], torch.device("cpu"))(images), (one + two) / 2)


def test_it_sees_faces_at_the_size_that_it_learned_at(checkpoint: Path) -> None:
    small = torch.randn(2, 3, 32, 32)  # of which its own stem would leave nothing
    answer = Teachers([checkpoint], torch.device("cpu"))(small)
    torch.testing.assert_close(answer.sum(dim=1), torch.ones(2))
    network, px, temperature = networks.load(checkpoint)
    assert (px, temperature) == (80, 1)
    with torch.inference_mode():
        large = torch.nn.functional.interpolate(small, size=(80, 80), mode="bilinear", antialias=True)
        torch.testing.assert_close(answer, torch.softmax(network(large), dim=1))


def test_it_cannot_be_made_the_served_network(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match=r"inception\.safetensors is not a five-class ResNet50"):
        convert.load(checkpoint)


def test_a_backbone_leaves_the_head_fresh(released: dict[str, torch.Tensor], tmp_path: Path) -> None:
    path = tmp_path / "backbone.safetensors"
    model.save_weights(inception.from_keras(released), path, {"network": "inception"}, without="fc.")
    network = networks.build("inception")
    fresh = network.state_dict()["fc.weight"].clone()
    model.load_backbone(network, path)
    state = network.state_dict()
    torch.testing.assert_close(state["fc.weight"], fresh)
    known = released["Conv2d_4b_3x3/kernel:0"].permute(3, 2, 0, 1)
    assert any(value.shape == known.shape and torch.allclose(value, known, atol=1e-3) for value in state.values())
    assert not networks.knows_expressions(path)


def test_one_network_does_not_begin_with_the_weights_of_the_other(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match=r"inception\.safetensors is not a backbone of this network"):
        model.load_backbone(model.build(), checkpoint)


@pytest.mark.parametrize(
    ("name", "px", "said"), [("vgg", 80, "'vgg' is none of resnet50, inception"), ("inception", 64, "at least 75 px")]
)
def test_what_cannot_be_built_is_said(name: str, px: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        networks.build(name, px)


def test_a_configuration_that_names_no_network_means_the_served_one(tmp_path: Path) -> None:
    lines = Path(inception.__file__).parents[1].joinpath("config.yml").read_text().splitlines()
    old = tmp_path / "old.yml"
    old.write_text("\n".join(line for line in lines if not line.startswith("network:")))
    assert Config.read(old).network == networks.RESNET50
