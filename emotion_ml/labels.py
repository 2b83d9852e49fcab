"""The five apparent expressions, in the order of the checkpoint's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EMOTIONS: Final = ("Angry", "Happy", "Neutral", "Sad", "Surprise")
"""Column order of every probability vector in this project."""

COLOURS: Final[Mapping[str, str]] = {
    "Angry": "#f37569",
    "Happy": "#f8dc67",
    "Neutral": "#e2f0fc",
    "Sad": "#7198fc",
    "Surprise": "#cc86a8",
}
"""Over a picture; told apart also by people who see fewer colours. The page's hues, light enough for a dark plate."""

UNCERTAIN_BELOW: Final = 0.5
"""A face whose best probability is lower is shown as uncertain: no expression is more likely than all others together.

It counts with its full distribution like any other; only the hard label is withheld. How often the best guess is right
below and above is measured by `python -m emotion_ml evaluate` and stands in the model card.
"""
