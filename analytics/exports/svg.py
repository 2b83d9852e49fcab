"""A scene as SVG that stands by itself: no script, no style sheet, nothing fetched.

Knows SVG's elements. Words stay words, so that a search finds them and another program may set them anew.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from analytics.exports.scene import Area, Box, Dot, Line, Point, Scene, Shape, Words

FAMILY: Final = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
UNWRITABLE: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))
"""What XML 1.0 has no place for."""


def painted(scene: Scene) -> bytes:
    size = f'width="{_n(scene.width)}" height="{_n(scene.height)}" viewBox="0 0 {_n(scene.width)} {_n(scene.height)}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FAMILY)}>',
        f"<title>{_text(scene.title)}</title>",
        f"<desc>{_text(scene.summary)}</desc>",
        *(_element(shape) for shape in scene.shapes),
        "</svg>",
    ]
    return ("\n".join(parts) + "\n").encode()


def _element(shape: Shape) -> str:
    match shape:
        case Line():
            dash = f' stroke-dasharray="{" ".join(map(_n, shape.dash))}"' if shape.dash else ""
            stroke = f'stroke="{shape.colour}" stroke-width="{_n(shape.width)}" stroke-linejoin="round"{dash}'
            return f'<polyline points="{_points(shape.points)}" fill="none" {stroke}/>'
        case Area():
            fill = f'fill="{shape.colour}" fill-opacity="{_n(shape.opacity)}"'
            return f'<polygon points="{_points(shape.points)}" {fill}/>'
        case Box():
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
            return f'<rect {place} fill="{shape.colour}"/>'
        case Dot():
            return f'<circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}" fill="{shape.colour}"/>'
        case Words():
            weight = ' font-weight="bold"' if shape.bold else ""
            look = f'font-size="{_n(shape.size)}" fill="{shape.colour}" text-anchor="{shape.anchor}"{weight}'
            return f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" {look}>{_text(shape.text)}</text>'


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _text(text: str) -> str:
    return escape(text.translate(UNWRITABLE))


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
