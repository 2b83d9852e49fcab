"""Training-time distortions of a batch of grey faces, one torch call each. Knows nothing of labels or networks.

What it imitates: heads that are tilted and framed loosely, light and contrast of any room, far, badly focused, noisy
and heavily compressed cameras, hands before faces. Cut-out faces get surroundings, so that black is never a cue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional as F

_BLOCK: Final = 8
_COSINE: Final = torch.tensor(
    [
        [
            math.sqrt((1 if k == 0 else 2) / _BLOCK) * math.cos((2 * i + 1) * k * math.pi / (2 * _BLOCK))
            for i in range(_BLOCK)
        ]
        for k in range(_BLOCK)
    ]
)
_LUMINANCE: Final = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


@dataclass(frozen=True, slots=True)
class Augment:
    """Ranges of the random distortions; see config.yml for units."""

    rotate_deg: float
    scale: float
    shift: float
    brightness: float
    contrast: float
    blur_p: float
    noise_p: float
    jpeg_p: float
    erase_p: float
    erase_side: float
    cutout_zoom: float
    cutout_black_p: float

    def __call__(self, faces: torch.Tensor, px: int, rng: torch.Generator, *, cutouts: bool = False) -> torch.Tensor:
        """float32 (N, 1, h, w) in [0, 1] -> (N, 1, px, px), each face distorted on its own.

        `cutouts`: exact zeros are outside of the face, and are filled with something else.
        """
        faces = self._fill(faces, px, rng) if cutouts else _warp(faces, self, px, rng)
        faces = _photometric(faces, self, rng)
        faces = _soften(faces, self.blur_p, rng)
        faces = _noise(faces, self.noise_p, rng)
        faces = _compress(faces, self.jpeg_p, rng)
        return _erase(faces, self, rng)

    def _fill(self, faces: torch.Tensor, px: int, rng: torch.Generator) -> torch.Tensor:
        """Warp a cut-out together with its outline, and put surroundings where the outline ends."""
        inside = (faces > 0).float()
        both = _warp(torch.cat([faces, inside], dim=1), self, px, rng, zoom=self.cutout_zoom, padding="zeros")
        face, share = both[:, :1], both[:, 1:]
        return face + (1 - share) * _surroundings(face, self.cutout_black_p, rng)


def _rand(shape: tuple[int, ...], rng: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=rng, device=rng.device)


def _uniform(n: int, limit: float, rng: torch.Generator) -> torch.Tensor:
    return (_rand((n,), rng) * 2 - 1) * limit


def _warp(
    faces: torch.Tensor,
    ranges: Augment,
    px: int,
    rng: torch.Generator,
    *,
    zoom: float = 0.0,
    padding: str = "border",
) -> torch.Tensor:
    """Rotate, scale, shift and mirror; `zoom` shrinks the face by up to that share more, so that more is around it."""
    n = len(faces)
    angle = _uniform(n, math.radians(ranges.rotate_deg), rng)
    scale = torch.exp(_uniform(n, math.log1p(ranges.scale), rng)) * (1 + _rand((n,), rng) * zoom)
    flip = torch.where(_rand((n,), rng) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack(
        [
            torch.stack([cos * flip, -sin, _uniform(n, 2 * ranges.shift, rng)], dim=1),
            torch.stack([sin * flip, cos, _uniform(n, 2 * ranges.shift, rng)], dim=1),
        ],
        dim=1,
    )  # (N, 2, 3)
    grid = F.affine_grid(theta, [n, faces.shape[1], px, px], align_corners=False)
    return F.grid_sample(faces, grid, padding_mode=padding, align_corners=False)


def _surroundings(faces: torch.Tensor, black_p: float, rng: torch.Generator) -> torch.Tensor:
    """Black, one grey level, or another face of the batch blurred until only light and dark are left: (N, 1, h, w)."""
    n = len(faces)
    level = _rand((n, 1, 1, 1), rng)
    coarse = F.interpolate(faces.roll(1, dims=0), size=(4, 4), mode="area")
    blurred = F.interpolate(coarse, size=faces.shape[-2:], mode="bilinear") * 0.7 + level * 0.3
    kind = _rand((n, 1, 1, 1), rng)
    filled = torch.where(kind < (1 + black_p) / 2, level.expand_as(faces), blurred)
    return torch.where(kind < black_p, torch.zeros_like(faces), filled)


def _photometric(faces: torch.Tensor, ranges: Augment, rng: torch.Generator) -> torch.Tensor:
    n = len(faces)
    gain = torch.exp(_uniform(n, math.log1p(ranges.contrast), rng)).view(n, 1, 1, 1)
    offset = _uniform(n, ranges.brightness, rng).view(n, 1, 1, 1)
    mean = faces.mean(dim=(2, 3), keepdim=True)
    return ((faces - mean) * gain + mean + offset).clamp(0, 1)


def _soften(faces: torch.Tensor, p: float, rng: torch.Generator) -> torch.Tensor:
    """Half of the chosen are seen at 0.2, half at 0.4 of their size, and enlarged again."""
    pick = _rand((len(faces), 1, 1, 1), rng)
    for chosen, share in ((pick < p / 2, 0.2), ((pick >= p / 2) & (pick < p), 0.4)):
        small = F.interpolate(faces, scale_factor=share, mode="bilinear", antialias=True)
        faces = torch.where(chosen, F.interpolate(small, size=faces.shape[-2:], mode="bilinear"), faces)
    return faces


def _noise(faces: torch.Tensor, p: float, rng: torch.Generator) -> torch.Tensor:
    """Sensor noise of up to 0.05 of the range."""
    n = len(faces)
    strength = _rand((n, 1, 1, 1), rng) * 0.05 * (_rand((n, 1, 1, 1), rng) < p)
    return (faces + torch.randn(faces.shape, generator=rng, device=rng.device) * strength).clamp(0, 1)


def _compress(faces: torch.Tensor, p: float, rng: torch.Generator) -> torch.Tensor:
    """JPEG at quality 15 to 60: a webcam in bad light, a much forwarded video."""
    draw = _rand((len(faces), 2), rng)
    return torch.where(draw[:, :1, None, None] < p, jpeg(faces, 15 + 45 * draw[:, 1]), faces)


def jpeg(faces: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """What JPEG leaves of grey pictures (N, 1, h, w) in [0, 1], each at its own quality, (N,) of 1 to 100.

    Discrete cosine transform of blocks of 8 x 8, rounded to multiples of the table of ITU-T T.81, K.1, scaled by
    quality as libjpeg does. Bytes are never written: what follows the rounding loses nothing.
    """
    n, _, height, width = faces.shape
    padded = F.pad(faces, (0, -width % _BLOCK, 0, -height % _BLOCK), mode="replicate") * 255 - 128
    rows, columns = padded.shape[-2] // _BLOCK, padded.shape[-1] // _BLOCK
    blocks = padded.view(n, rows, _BLOCK, columns, _BLOCK).transpose(2, 3)  # (N, rows, columns, 8, 8)
    percent = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).view(n, 1, 1, 1, 1)
    table = ((_LUMINANCE.to(faces.device) * percent + 50) / 100).floor().clamp(1, 255)
    cosine = _COSINE.to(faces.device)
    coded = (cosine @ blocks @ cosine.T / table).round() * table
    decoded = (cosine.T @ coded @ cosine).transpose(2, 3).reshape(padded.shape)
    return ((decoded[..., :height, :width].round() + 128) / 255).clamp(0, 1)


def _erase(faces: torch.Tensor, ranges: Augment, rng: torch.Generator) -> torch.Tensor:
    n, px = len(faces), faces.shape[-1]
    side = (_rand((n, 2), rng) * ranges.erase_side * px).long()
    corner = (_rand((n, 2), rng) * (px - side)).long()
    side *= (_rand((n, 1), rng) < ranges.erase_p).long()
    axis = torch.arange(px, device=faces.device)
    inside = (axis >= corner[:, :, None]) & (axis < (corner + side)[:, :, None])  # (N, 2, px)
    mask = (inside[:, 0, :, None] & inside[:, 1, None, :]).unsqueeze(1)
    return torch.where(mask, _rand((n, 1, 1, 1), rng), faces)
