"""Trained networks that a new one learns from: their mean answer to the very picture that it sees.

One network that copies several is nearly as good as all of them together (Hinton, Vinyals, Dean 2015, arXiv
1503.02531), if both look at the same distorted picture (Beyer et al. 2022, arXiv 2106.05237). Knows no labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from emotion_ml import networks


class Teachers:
    """Frozen five-class networks of any of NETWORKS on one device; raises ValueError for a file that holds none."""

    def __init__(self, checkpoints: Sequence[Path], device: torch.device) -> None:
        self._networks = [
            networks.load(path).requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            for path in checkpoints
        ]

    def __bool__(self) -> bool:
        return bool(self._networks)

    @torch.no_grad()
    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised faces (N, 3, px, px) -> float32 (N, 5): the mean of the networks' probabilities."""
        answers = [torch.softmax(network(images).float(), dim=1) for network in self._networks]
        return torch.stack(answers).mean(dim=0)
