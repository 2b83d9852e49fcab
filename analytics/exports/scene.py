"""A drawing as plain values: lines, areas, rectangles, dots and words at places in units of the drawing.

Knows geometry alone. Refuses to know what is drawn and into which format; painters (svg, png, report) turn it into one.
The origin is top left, as on a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

INK: Final = "#1a1e20"
INK_SOFT: Final = "#555d61"
HAIRLINE: Final = "#e2dfd6"
PAPER: Final = "#ffffff"


@dataclass(frozen=True, slots=True)
class Line:
    points: tuple[Point, ...]
    colour: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A closed outline, filled."""

    points: tuple[Point, ...]
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """`y` is the base line."""

    x: float
    y: float
    text: str
    size: float
    colour: str = INK_SOFT
    anchor: Anchor = "start"
    bold: bool = False


Shape = Line | Area | Box | Dot | Words


@dataclass(frozen=True, slots=True)
class Scene:
    """`summary` says in words what the drawing shows."""

    width: float
    height: float
    title: str
    summary: str
    shapes: tuple[Shape, ...]


def moved(shapes: Iterable[Shape], x: float, y: float) -> tuple[Shape, ...]:
    return tuple(_moved(shape, x, y) for shape in shapes)


def _moved(shape: Shape, x: float, y: float) -> Shape:
    if isinstance(shape, Line | Area):
        return replace(shape, points=tuple((px + x, py + y) for px, py in shape.points))
    return replace(shape, x=shape.x + x, y=shape.y + y)


def framed(scene: Scene, captions: Sequence[str], margin: float = 28.0) -> Scene:
    """By itself, on paper: its title above, and below what it was made with."""
    head, foot = 34.0, 18.0 * len(captions) + 8.0
    width, height = scene.width + 2 * margin, scene.height + head + foot + 2 * margin
    below = margin + head + scene.height + 24.0
    shapes = (
        Box(0, 0, width, height, PAPER),
        Words(margin, margin + 18, scene.title, 19, INK, bold=True),
        *moved(scene.shapes, margin, margin + head),
        *(Words(margin, below + 18.0 * row, text, 11.5) for row, text in enumerate(captions)),
    )
    return Scene(width, height, scene.title, scene.summary, shapes)
