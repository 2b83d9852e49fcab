"""What a report is set with: fonts, styles, texts that no visitor's words can break, scenes as vector drawings.

Knows reportlab. Refuses to know what a report says.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, Table

from analytics.exports import direction, fonts
from analytics.exports.scene import HAIRLINE, INK, INK_SOFT, Area, Box, Dot, Line, Scene, Shape, Words

REGULAR, BOLD = "EngageAI", "EngageAI-Bold"
ACCENT: Final = "#0b6b5e"
UNKNOWN_LETTER: Final = "\u25a1"
LOCK: Final = threading.Lock()
"""Fonts are shared between documents, and their subsets are filled while one is written."""


@lru_cache
def register() -> None:
    for name, file in ((REGULAR, fonts.REGULAR), (BOLD, fonts.BOLD)):
        pdfmetrics.registerFont(TTFont(name, str(fonts.path(file))))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def style(size: float, *, colour: str = INK, bold: bool = False, leading: float = 1.42, **more: Any) -> ParagraphStyle:
    register()
    font = BOLD if bold else REGULAR
    name = f"{font}-{size}-{colour}-{leading}-{sorted(more.items())}"
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * leading, textColor=colour, **more)


BODY: Final = {"size": 9.0}
SMALL: Final = {"size": 7.6, "colour": INK_SOFT}


def words(text: str, width: float, **look: Any) -> Paragraph:
    """Somebody's own words: text, whatever stands in them, and right to left where they are."""
    made = style(**({"size": 9.0} | look))
    known = letters(text, made.fontName)
    if direction.visual(known) == known:
        return Paragraph(escape(known), made)
    lines = [escape(direction.visual(line)) for line in _broken(known, made, width)]
    if direction.is_right_to_left(known):
        made = style(**({"size": 9.0} | look), alignment=TA_RIGHT)
    return Paragraph("<br/>".join(lines), made)


def letters(text: str, font: str = REGULAR) -> str:
    """What the font holds; a box for each letter that it does not, nothing for what cannot be seen."""
    register()
    held = pdfmetrics.getFont(font).face.charToGlyph
    seen = (character for character in " ".join(text.split()) if character.isprintable())
    return "".join(character if ord(character) in held else UNKNOWN_LETTER for character in seen)


def _broken(text: str, made: ParagraphStyle, width: float) -> list[str]:
    """Lines in the order of speech, each no wider than `width`."""
    lines: list[str] = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pdfmetrics.stringWidth(longer, made.fontName, made.fontSize) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def markup(text: str, **look: Any) -> Paragraph:
    """Our own words, with reportlab's tags in them."""
    return Paragraph(text, style(**({"size": 9.0} | look)))


def side_by_side(cells: list[Any], widths: list[float], *commands: Any) -> Table:
    """A row of columns that nothing separates but space."""
    found = Table([cells], widths)
    bare = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("TOP", "BOTTOM", "LEFT", "RIGHT")]
    found.setStyle([*bare, ("VALIGN", (0, 0), (-1, -1), "TOP"), *commands])
    return found


def table(rows: list[list[Any]], widths: list[float], *, head: bool = True) -> Table:
    found = Table(rows, widths, repeatRows=1 if head else 0)
    found.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 3.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(HAIRLINE)),
        ]
    )
    return found


class Drawing(Flowable):  # type: ignore[misc]
    """A scene at a width, as vectors and letters."""

    def __init__(self, scene: Scene, width: float) -> None:
        super().__init__()
        self.scene = scene
        self.scale = width / scene.width
        self.width, self.height = width, scene.height * self.scale

    def wrap(self, *available: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.translate(0, self.height)
        self.canv.scale(self.scale, self.scale)
        self.canv.setLineJoin(1)
        for shape in self.scene.shapes:
            _paint(self.canv, shape)
        self.canv.restoreState()


def _paint(canvas: Any, shape: Shape) -> None:
    """The page's origin is bottom left, a scene's top left."""
    match shape:
        case Line():
            canvas.setStrokeColor(HexColor(shape.colour))
            canvas.setLineWidth(shape.width)
            canvas.setDash(*([list(shape.dash)] if shape.dash else []))
            canvas.drawPath(_path(canvas, shape.points), stroke=1, fill=0)
        case Area():
            canvas.setFillColor(HexColor(shape.colour), alpha=shape.opacity)
            canvas.drawPath(_path(canvas, shape.points), stroke=0, fill=1)
            canvas.setFillAlpha(1)
        case Box():
            canvas.setFillColor(HexColor(shape.colour))
            canvas.rect(shape.x, -shape.y - shape.height, shape.width, shape.height, stroke=0, fill=1)
        case Dot():
            canvas.setFillColor(HexColor(shape.colour))
            canvas.circle(shape.x, -shape.y, shape.radius, stroke=0, fill=1)
        case Words():
            canvas.setFillColor(HexColor(shape.colour))
            canvas.setFont(BOLD if shape.bold else REGULAR, shape.size)
            place = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}
            place[shape.anchor](shape.x, -shape.y, direction.visual(letters(shape.text)))


def _path(canvas: Any, points: tuple[tuple[float, float], ...]) -> Any:
    path = canvas.beginPath()
    path.moveTo(points[0][0], -points[0][1])
    for x, y in points[1:]:
        path.lineTo(x, -y)
    return path
