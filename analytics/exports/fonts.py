"""Where the letters of pictures and reports come from: DejaVu Sans, which the matplotlib package carries.

It holds Latin, Greek, Cyrillic, Hebrew and Arabic. Knows files; refuses to know what is written.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import ImageFont

REGULAR: Final = "DejaVuSans.ttf"
BOLD: Final = "DejaVuSans-Bold.ttf"


@lru_cache
def path(name: str) -> Path:
    """Found without importing the package, which would cost a third of a second."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{name} comes with matplotlib, which is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "mpl-data" / "fonts" / "ttf" / name


@lru_cache(maxsize=32)
def at(size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path(BOLD if bold else REGULAR)), size_px)
