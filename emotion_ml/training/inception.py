"""InceptionResNetV1: told people apart before it reads expressions. A teacher (see `teachers`), never served.

Szegedy et al. 2016 (arXiv 1602.07261) with the stem and widths of FaceNet's public networks (D. Sandberg, MIT). Knows
the architecture and the layer names of its Keras release. Knows nothing of images, devices or training.

    python -m emotion_ml.training.inception facenet_keras.h5 facenet.safetensors
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional as F

from emotion_ml import model
from emotion_ml.labels import EMOTIONS

WIDTH: Final = 1792
"""Features before the head."""

_EPSILON: Final = 1e-3  # of batch norm, as Keras trained it
_DROPOUT: Final = 0.3
_Kernel = int | tuple[int, int]


class Convolution(nn.Module):
    """Convolution without bias, batch norm, ReLU. Padded to keep the size, unless `valid`."""

    def __init__(self, channels: int, out: int, kernel: _Kernel, stride: int = 1, *, valid: bool = False) -> None:
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.out, self.size = out, f"{height}x{width}"
        padding = (0, 0) if valid else (height // 2, width // 2)
        self.conv = nn.Conv2d(channels, out, (height, width), stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.bn(self.conv(x)))


class Residual(nn.Module):
    """x plus `scale` times what the branches, joined to as many channels, make of it."""

    def __init__(self, channels: int, branches: list[list[Convolution]], scale: float, *, last: bool = False) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)
        self.join = nn.Conv2d(sum(branch[-1].out for branch in branches), channels, 1)
        self.scale, self.last = scale, last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = self.join(torch.cat([branch(x) for branch in self.branches], dim=1))
        return x + self.scale * joined if self.last else F.relu(x + self.scale * joined)


class Reduction(nn.Module):
    """Branches that halve the size, beside a maximum over 3 x 3."""

    def __init__(self, branches: list[list[Convolution]]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([*(branch(x) for branch in self.branches), F.max_pool2d(x, 3, 2)], dim=1)


class InceptionResNetV1(nn.Module):
    """float32 (N, 3, H, W), normalised in any way, to logits (N, 5): each picture is standardised on its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            Convolution(3, 32, 3, 2, valid=True),
            Convolution(32, 32, 3, valid=True),
            Convolution(32, 64, 3),
            nn.MaxPool2d(3, 2),
            Convolution(64, 80, 1),
            Convolution(80, 192, 3, valid=True),
            Convolution(192, 256, 3, 2, valid=True),
        )
        self.blocks = nn.Sequential(
            *(_block35() for _ in range(5)),
            _mixed6(),
            *(_block17() for _ in range(10)),
            _mixed7(),
            *(_block8(0.20) for _ in range(5)),
            _block8(1.0, last=True),
        )
        self.fc = nn.Linear(WIDTH, len(EMOTIONS))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        deviation = images.std(dim=(1, 2, 3), keepdim=True)
        pooled = self.blocks(self.stem((images - mean) / (deviation + _EPSILON))).mean(dim=(2, 3))
        logits: torch.Tensor = self.fc(F.dropout(pooled, _DROPOUT, self.training))
        return logits


def _block35() -> Residual:
    return Residual(
        256,
        [
            [Convolution(256, 32, 1)],
            [Convolution(256, 32, 1), Convolution(32, 32, 3)],
            [Convolution(256, 32, 1), Convolution(32, 32, 3), Convolution(32, 32, 3)],
        ],
        0.17,
    )


def _mixed6() -> Reduction:
    return Reduction(
        [
            [Convolution(256, 384, 3, 2, valid=True)],
            [Convolution(256, 192, 1), Convolution(192, 192, 3), Convolution(192, 256, 3, 2, valid=True)],
        ]
    )


def _block17() -> Residual:
    wide = Convolution(896, 128, 1), Convolution(128, 128, (1, 7)), Convolution(128, 128, (7, 1))
    return Residual(896, [[Convolution(896, 128, 1)], [*wide]], 0.10)


def _mixed7() -> Reduction:
    return Reduction(
        [
            [Convolution(896, 256, 1), Convolution(256, 384, 3, 2, valid=True)],
            [Convolution(896, 256, 1), Convolution(256, 256, 3, 2, valid=True)],
            [Convolution(896, 256, 1), Convolution(256, 256, 3), Convolution(256, 256, 3, 2, valid=True)],
        ]
    )


def _block8(scale: float, *, last: bool = False) -> Residual:
    wide = Convolution(WIDTH, 192, 1), Convolution(192, 192, (1, 3)), Convolution(192, 192, (3, 1))
    return Residual(WIDTH, [[Convolution(WIDTH, 192, 1)], [*wide]], scale, last=last)


def from_keras(arrays: Mapping[str, torch.Tensor]) -> InceptionResNetV1:
    """The network with the values of a Keras release, by layer and variable as in ``Block8_1_Conv2d_1x1/kernel:0``.

    The head stays as it was initialised. Raises ValueError where a variable is missing.
    """
    network = InceptionResNetV1()
    state: dict[str, torch.Tensor] = {}
    try:
        for name, layer, key in _layers(network):
            state[f"{key}.weight"] = arrays[f"{layer}/kernel:0"].permute(3, 2, 0, 1).contiguous()
            if isinstance(network.get_submodule(name), nn.Conv2d):
                state[f"{key}.bias"] = arrays[f"{layer}/bias:0"]
                continue
            for ours, theirs in (("bias", "beta"), ("running_mean", "moving_mean"), ("running_var", "moving_variance")):
                state[f"{name}.bn.{ours}"] = arrays[f"{layer}_BatchNorm/{theirs}:0"]
    except KeyError as error:
        raise ValueError(f"no InceptionResNetV1 of FaceNet: {error} is missing") from error
    network.load_state_dict(state, strict=False)  # what is left are the head and the scales of batch norm, all one
    return network


def _layers(network: InceptionResNetV1) -> Iterator[tuple[str, str, str]]:
    """Of each convolution: the name of our module, Keras's name of it, and the module that holds its kernel."""
    stems = ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3", "4b_3x3")
    convolutions = [f"stem.{i}" for i, part in enumerate(network.stem) if isinstance(part, Convolution)]
    for name, stem in zip(convolutions, stems, strict=True):
        yield name, f"Conv2d_{stem}", f"{name}.conv"
    blocks = [*(f"Block35_{i}" for i in range(1, 6)), "Mixed_6a", *(f"Block17_{i}" for i in range(1, 11)), "Mixed_7a"]
    blocks += [f"Block8_{i}" for i in range(1, 7)]
    for index, prefix in enumerate(blocks):
        block: Any = network.blocks[index]
        for number, branch in enumerate(block.branches):
            for position, label in enumerate(_labels(branch, halves=isinstance(block, Reduction))):
                name = f"blocks.{index}.branches.{number}.{position}"
                yield name, f"{prefix}_Branch_{number}_Conv2d_{label}", f"{name}.conv"
        if isinstance(block, Residual):
            yield f"blocks.{index}.join", f"{prefix}_Conv2d_1x1", f"blocks.{index}.join"


def _labels(branch: Sequence[Convolution], *, halves: bool) -> list[str]:
    """Keras's names of a branch's convolutions, as 0a_1x1, 0b_3x3, 1a_3x3 for the one that halves, or 1x1 alone."""
    sizes = [part.size for part in branch]
    if len(sizes) == 1 and not halves:
        return sizes
    places = [f"0{letter}" for letter in "abc"[: len(sizes)]]
    if halves:
        places[-1] = "1a"
    return [f"{place}_{size}" for place, size in zip(places, sizes, strict=True)]


def _read_keras(path: Path) -> dict[str, torch.Tensor]:
    import h5py  # of no use but here: pip install h5py

    arrays: dict[str, torch.Tensor] = {}

    def keep(name: str, found: object) -> None:
        if isinstance(found, h5py.Dataset):
            arrays["/".join(name.split("/")[-2:])] = torch.from_numpy(found[()])

    with h5py.File(path) as file:
        file["model_weights" if "model_weights" in file else "/"].visititems(keep)
    return arrays


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m emotion_ml.training.inception",
        description="From FaceNet's Keras release to what `train --backbone` starts from where `network: inception`.",
    )
    parser.add_argument("keras", type=Path, metavar="FILE.h5", help="facenet_keras.h5; reading it needs h5py")
    parser.add_argument("out", type=Path, metavar="OUT.safetensors")
    arguments = parser.parse_args()
    try:
        network = from_keras(_read_keras(arguments.keras))
    except (ImportError, OSError, ValueError) as error:
        parser.error(f"{arguments.keras}: {error}")
    model.save_weights(network, arguments.out, {"network": "inception"}, without="fc.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
