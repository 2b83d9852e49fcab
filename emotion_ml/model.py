"""ResNet50 with a five-class head, and its files.

Knows the architecture and how weights are read and written. Knows nothing of images, devices or training. Imports
torch, so only training, export and CUDA inference load this module; the web process on a CPU never does.
"""

from __future__ import annotations

import importlib
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from emotion_ml.labels import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPERATORS: list[Any] = []


def _torchvision_models() -> Any:
    """torchvision.models, also where torchvision's C++ operators do not load.

    torchvision's wheel is built for CUDA. Beside a CPU build of torch its operators are missing, and importing it fails
    when it registers fake kernels for them; declaring the two schemas is enough, because a ResNet uses neither.
    """
    if not torch.cuda.is_available() and not _OPERATORS:
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _OPERATORS.append(library)
    return importlib.import_module("torchvision.models")


def build() -> torch.nn.Module:
    """An untrained ResNet50 whose forward maps float32 (N, 3, H, W) to logits (N, 5), strides as in the Keras release.

    The ImageNet weights we start from put the stride of layers 2 to 4 in the 1x1 convolution (He et al. 2015,
    arXiv 1512.03385, version 1), torchvision in the 3x3.
    """
    network: torch.nn.Module = _torchvision_models().resnet50(num_classes=len(EMOTIONS))
    for name in ("layer2", "layer3", "layer4"):
        first = network.get_submodule(f"{name}.0")
        first.get_submodule("conv1").stride = (2, 2)  # type: ignore[assignment]
        first.get_submodule("conv2").stride = (1, 1)  # type: ignore[assignment]
    return network


def load_backbone(network: torch.nn.Module, path: Path) -> None:
    """Copy the weights of a safetensors file into `network`; without ``fc`` its head keeps its fresh initialisation.

    Raises ValueError when the file does not hold exactly the backbone of this architecture.
    """
    state, _ = read_weights(path)
    head = {key: value for key, value in network.state_dict().items() if key.startswith("fc.")}
    filled(network, head | state, f"{path.name} is not a backbone of this network")


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors (as float32) and metadata of a safetensors file, a format that cannot carry code.

    Raises ValueError for a file that is none or is cut off, FileNotFoundError.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
            return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path.name} is not a whole safetensors file ({error})") from error


def said(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What `save_weights` wrote beside the tensors; what other programs write there is no JSON, and is left out."""
    found: dict[str, Any] = {}
    for key, value in metadata.items():
        with suppress(json.JSONDecodeError):
            found[key] = json.loads(value)
    return found


def save_weights(
    network: torch.nn.Module, path: Path, metadata: Mapping[str, object], *, without: str | None = None
) -> None:
    """Write `network` as safetensors: matrices and kernels in half precision, vectors (batch norm, bias) in single.

    `without`: leave out what begins so, as a backbone leaves out its head.
    """
    state = {
        key: (value.half() if value.dim() > 1 else value).contiguous()
        for key, value in network.state_dict().items()
        if "num_batches" not in key and not (without and key.startswith(without))
    }
    save_file(state, path, {key: json.dumps(value) for key, value in metadata.items()})


def load(path: Path) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The network of a checkpoint in evaluation mode, and its metadata. Raises ValueError where keys are missing."""
    state, metadata = read_weights(path)
    network, _ = from_state(state, path.name)
    return network, said(metadata)


def from_state(state: Mapping[str, torch.Tensor], name: str) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The network of a state dict, as `load` gives one. Raises ValueError where `name` holds another network."""
    return filled(build(), state, f"{name} is not a five-class ResNet50"), {"emotions": list(EMOTIONS)}


def filled(network: torch.nn.Module, state: Mapping[str, torch.Tensor], complaint: str) -> torch.nn.Module:
    """`network` with these values, in evaluation mode. Raises ValueError, beginning with `complaint`, for others."""
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ValueError(f"{complaint}: {str(error).splitlines()[-1].strip()}") from error
    wrong = [key for key in missing if "num_batches" not in key] + unexpected
    if wrong:
        raise ValueError(f"{complaint}: {wrong[:3]}")
    return network.eval()
