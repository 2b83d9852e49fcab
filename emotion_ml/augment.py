"""Training-time distortions of a batch of grey faces, one torch call each. Knows nothing of labels or networks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Augment:
    """Ranges of the random distortions; see config.yml for units."""

    rotate_deg: float
    scale: float
    shift: float
    brightness: float
    contrast: float
    blur_p: float
    erase_p: float
    erase_side: float

    def __call__(self, faces: torch.Tensor, px: int, rng: torch.Generator) -> torch.Tensor:
        """float32 (N, 1, h, w) in [0, 1] -> (N, 1, px, px), each face distorted on its own."""
        faces = _warp(faces, self, px, rng)
        faces = _photometric(faces, self, rng)
        faces = _soften(faces, self.blur_p, rng)
        return _erase(faces, self, rng)


def _uniform(n: int, limit: float, rng: torch.Generator) -> torch.Tensor:
    return (torch.rand(n, generator=rng) * 2 - 1) * limit


def _warp(faces: torch.Tensor, ranges: Augment, px: int, rng: torch.Generator) -> torch.Tensor:
    n = len(faces)
    angle = _uniform(n, math.radians(ranges.rotate_deg), rng)
    scale = torch.exp(_uniform(n, math.log1p(ranges.scale), rng))
    flip = torch.where(torch.rand(n, generator=rng) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack(
        [
            torch.stack([cos * flip, -sin, _uniform(n, 2 * ranges.shift, rng)], dim=1),
            torch.stack([sin * flip, cos, _uniform(n, 2 * ranges.shift, rng)], dim=1),
        ],
        dim=1,
    )  # (N, 2, 3)
    grid = F.affine_grid(theta, [n, 1, px, px], align_corners=False)
    return F.grid_sample(faces, grid, padding_mode="border", align_corners=False)


def _photometric(faces: torch.Tensor, ranges: Augment, rng: torch.Generator) -> torch.Tensor:
    n = len(faces)
    gain = torch.exp(_uniform(n, math.log1p(ranges.contrast), rng)).view(n, 1, 1, 1)
    offset = _uniform(n, ranges.brightness, rng).view(n, 1, 1, 1)
    mean = faces.mean(dim=(2, 3), keepdim=True)
    return ((faces - mean) * gain + mean + offset).clamp(0, 1)


def _soften(faces: torch.Tensor, p: float, rng: torch.Generator) -> torch.Tensor:
    chosen = torch.rand(len(faces), generator=rng) < p
    if chosen.any():
        small = F.interpolate(faces[chosen], scale_factor=0.35, mode="bilinear", antialias=True)
        faces[chosen] = F.interpolate(small, size=faces.shape[-2:], mode="bilinear")
    return faces


def _erase(faces: torch.Tensor, ranges: Augment, rng: torch.Generator) -> torch.Tensor:
    n, px = len(faces), faces.shape[-1]
    side = (torch.rand(n, 2, generator=rng) * ranges.erase_side * px).long()
    corner = (torch.rand(n, 2, generator=rng) * (px - side)).long()
    side *= (torch.rand(n, 1, generator=rng) < ranges.erase_p).long()
    axis = torch.arange(px)
    inside = (axis >= corner[:, :, None]) & (axis < (corner + side)[:, :, None])  # (N, 2, px)
    mask = (inside[:, 0, :, None] & inside[:, 1, None, :]).unsqueeze(1)
    return torch.where(mask, torch.rand(n, 1, 1, 1, generator=rng), faces)
