"""Trained networks that a new one learns from: their mean answer to the very picture that it sees.

One network that copies several is nearly as good as all of them together (Hinton, Vinyals, Dean 2015, arXiv
1503.02531), if both look at the same distorted picture (Beyer et al. 2022, arXiv 2106.05237). Knows no labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.fx.experimental.optimization import fuse
from torch.nn import functional as F

from emotion_ml.training import networks
from emotion_ml.training.networks import Checkpoint


class Teachers:
    """Frozen five-class networks of any of NETWORKS on one device; raises ValueError for a file that holds none."""

    def __init__(self, checkpoints: Sequence[Path], device: torch.device) -> None:
        self._checkpoints = [_ready(networks.load(path), device) for path in checkpoints]

    def __bool__(self) -> bool:
        return bool(self._checkpoints)

    @torch.no_grad()
    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised faces (N, 3, px, px) -> float32 (N, 5): the mean of the networks' probabilities.

        Each network is shown them at the size that it learned at, and is as sure as its calibration says.
        """
        answers = [
            torch.softmax(network(_sized(images, px)).float() / temperature, dim=1)
            for network, px, temperature in self._checkpoints
        ]
        return torch.stack(answers).mean(dim=0)


def _ready(checkpoint: Checkpoint, device: torch.device) -> Checkpoint:
    """On the device, batch norms folded into the convolutions before them: they only answer, and sooner so."""
    network = fuse(checkpoint.network).requires_grad_(False)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return checkpoint._replace(network=network)


def _sized(images: torch.Tensor, px: int | None) -> torch.Tensor:
    if px is None or px == images.shape[-1]:
        return images
    return F.interpolate(images, size=(px, px), mode="bilinear", antialias=True)
