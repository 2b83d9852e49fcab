"""The architectures that can be trained. ResNet50 alone is exported and served; the other can only teach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import torch

from emotion_ml import model
from emotion_ml.training.inception import InceptionResNetV1

RESNET50: Final = "resnet50"
NETWORKS: Final[Mapping[str, Callable[[], torch.nn.Module]]] = {
    RESNET50: model.build,
    "inception": InceptionResNetV1,
}
LEAST_PX: Final[Mapping[str, int]] = {"inception": 75}


def build(name: str, px: int | None = None) -> torch.nn.Module:
    """Untrained. Raises ValueError for a name that is none of NETWORKS, or for pictures too small for that one."""
    if name not in NETWORKS:
        raise ValueError(f"network: {name!r} is none of {', '.join(NETWORKS)}")
    if px is not None and px < LEAST_PX.get(name, 1):
        raise ValueError(f"network: {name} needs at least {LEAST_PX[name]} px, not {px}")
    return NETWORKS[name]()


def part(network: torch.nn.Module, name: str) -> torch.nn.Module:
    """A module by its name. Raises ValueError for a name that the network does not have."""
    try:
        return network.get_submodule(name)
    except AttributeError as error:
        raise ValueError(f"frozen: {name!r} is no part of the network, as conv1 or layer1 are") from error


class Checkpoint(NamedTuple):
    """A trained network in evaluation mode, the side in pixels that it learned at, and its calibration (1: none)."""

    network: torch.nn.Module
    px: int | None
    temperature: float


def load(path: Path) -> Checkpoint:
    """What `train` or `convert` wrote. Raises ValueError for a file that holds no five-class network."""
    state, metadata = model.read_weights(path)
    told = model.said(metadata)
    name = told.get("network", RESNET50)
    network = model.filled(build(name), state, f"{path.name} is not a five-class {name}")
    return Checkpoint(network, told.get("input_px"), told.get("temperature", 1.0))


def knows_expressions(path: Path) -> bool:
    """Whether a safetensors file holds a network that `train` or `convert` wrote, not a backbone."""
    return "emotions" in model.read_weights(path)[1]
