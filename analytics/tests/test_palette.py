"""The five expression colours can be told apart by colour-blind eyes and stand out, and are the same everywhere.

Simulated as by Machado, Oliveira & Fernandes (2009, IEEE TVCG 15, 1291) at full severity; distances in CIE L*a*b*.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics import charts
from emotion_ml.labels import COLOURS, EMOTIONS

Colour = NDArray[np.float64]

CSS: Final = Path(__file__).resolve().parents[2] / "static" / "css"
APART: Final = 25.0
STANDS_OUT: Final = 3.0  # WCAG 2.2, 1.4.11
LEGIBLE: Final = 4.5  # 1.4.3
LIGHT, DARK = 0, 1
SAME_HUE_DEGREES: Final = 10.0
FILM_INK: Final = "#000000"  # of emotion_ml.overlay
EYES: Final = {
    "full colour vision": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def pair(file: str, name: str) -> tuple[str, str]:
    """A custom property's colours in the light and in the dark theme."""
    found = re.search(rf"--{name}: light-dark\((#[0-9a-f]{{6}}), (#[0-9a-f]{{6}})\)", (CSS / file).read_text())
    assert found is not None, name
    return found[1], found[2]


def palette(theme: int, file: str = "base.css") -> list[str]:
    return [pair(file, charts.role(emotion))[theme] for emotion in EMOTIONS]


def over_pictures() -> list[str]:
    return [COLOURS[emotion] for emotion in EMOTIONS]


def mixed(colour: tuple[int, ...], share: float, behind: int) -> str:
    return "#" + "".join(f"{round(share * part + (1 - share) * behind):02x}" for part in colour)


def hue(colour: str) -> float:
    _, a, b = lab(linear(colour))
    return float(np.degrees(np.arctan2(b, a)))


def linear(colour: str) -> Colour:
    srgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(light: Colour) -> Colour:
    share = XYZ @ light / XYZ.sum(axis=1)
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def contrast(one: str, other: str) -> float:
    dark, bright = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [palette(LIGHT), palette(DARK), over_pictures()], ids=["light", "dark", "video"])
@pytest.mark.parametrize("eyes", EYES)
def test_any_two_can_be_told_apart(eyes: str, colours: list[str]) -> None:
    seen = [lab(np.clip(EYES[eyes] @ linear(colour), 0, 1)) for colour in colours]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) >= APART


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("behind", ["paper", "surface"])
def test_each_stands_out_from_the_page(behind: str, theme: int) -> None:
    page = pair("base.css", behind)[theme]
    assert min(contrast(colour, page) for colour in palette(theme)) >= STANDS_OUT


def test_they_are_the_same_on_the_page_in_files_and_for_the_operator() -> None:
    assert palette(0) == [charts.COLOURS[charts.role(emotion)] for emotion in EMOTIONS]
    for theme in (0, 1):
        assert palette(theme) == palette(theme, "admin.css")


def test_those_over_a_picture_are_the_same_on_the_page_and_in_the_film_and_have_the_page_s_hues() -> None:
    css = (CSS / "base.css").read_text()
    on_page = [re.search(rf"--on-video-{emotion.lower()}: (#[0-9a-f]{{6}});", css) for emotion in EMOTIONS]
    assert [found and found[1] for found in on_page] == over_pictures()
    turned = [hue(one) - hue(other) for one, other in zip(over_pictures(), palette(DARK), strict=True)]
    assert max(abs((turn + 180) % 360 - 180) for turn in turned) <= SAME_HUE_DEGREES


@pytest.mark.parametrize("behind", [0, 255], ids=["black", "white"])
def test_a_label_over_any_picture_can_be_read(behind: int) -> None:
    """The page writes in the colour on a dark plate that lets a little through; the film on a plate of the colour."""
    script = (CSS.parent / "js" / "faces.js").read_text()
    plate = re.search(r'fillStyle = "rgb\((\d+) (\d+) (\d+) / (0\.\d+)\)"', script)
    assert plate is not None
    shown = mixed((int(plate[1]), int(plate[2]), int(plate[3])), float(plate[4]), behind)
    assert min(contrast(colour, shown) for colour in over_pictures()) >= LEGIBLE
    assert min(contrast(colour, FILM_INK) for colour in over_pictures()) >= LEGIBLE
