"""What a report is set with: fonts, styles, texts that no visitor's words can break, scenes as vector drawings.

Knows reportlab. Refuses to know what a report says.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, Table

from analytics.exports import cjk, direction, fonts
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
    for font in (each.font for each in cjk.COLLECTIONS):
        pdfmetrics.registerFont(UnicodeCIDFont(font))
        pdfmetrics.registerFontFamily(font, normal=font, bold=font, italic=font, boldItalic=font)


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
        return Paragraph(_tagged(known, made.fontName), made)
    lines = [_tagged(direction.visual(line), made.fontName) for line in _broken(known, made, width)]
    if direction.is_right_to_left(known):
        made = style(**({"size": 9.0} | look), alignment=TA_RIGHT)
    return Paragraph("<br/>".join(lines), made)


def letters(text: str, font: str = REGULAR) -> str:
    """What a font holds; a box for each letter that none does, nothing for what cannot be seen."""
    seen = visible(text)
    elsewhere = cjk.fonts(_strangers(seen, font))
    lost = set(_strangers(seen, font)).difference(elsewhere)
    return "".join(UNKNOWN_LETTER if letter in lost else letter for letter in seen)


def visible(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def about(texts: Iterable[str]) -> str:
    """What a reader has to know of the letters of these texts, as sentences; nothing where our own font has them."""
    strange = set(_strangers(visible(" ".join(texts)), REGULAR))
    elsewhere = cjk.fonts(strange)
    said = []
    if elsewhere:
        said.append("Chinese, Japanese and Korean are set in a font of the device that opens this file.")
    if strange.difference(elsewhere):
        said.append(f"{UNKNOWN_LETTER} stands for a letter that the report has no font for; the tables have it.")
    return " ".join(said)


def _strangers(text: str, font: str) -> list[str]:
    """Letters that this font of ours does not hold."""
    register()
    held = pdfmetrics.getFont(font).face.charToGlyph
    return [letter for letter in text if ord(letter) not in held]


def _runs(text: str, font: str) -> Iterator[tuple[str, str]]:
    """(font, letters) from left to right, for text that `letters` has seen."""
    elsewhere = cjk.fonts(_strangers(text, font))
    for name, run in groupby(text, key=lambda letter: elsewhere.get(letter, font)):
        yield name, "".join(run)


def _tagged(text: str, font: str) -> str:
    return "".join(
        escape(run) if name == font else f'<font name="{name}">{escape(run)}</font>' for name, run in _runs(text, font)
    )


def _width(text: str, font: str, size: float) -> float:
    return float(sum(pdfmetrics.stringWidth(run, name, size) for name, run in _runs(text, font)))


def _broken(text: str, made: ParagraphStyle, width: float) -> list[str]:
    """Lines in the order of speech, each no wider than `width`."""
    lines: list[str] = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, made.fontName, made.fontSize) > width:
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
            _write(canvas, shape)


def _write(canvas: Any, shape: Words) -> None:
    font = BOLD if shape.bold else REGULAR
    text = direction.visual(letters(shape.text, font))
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor]
    x = shape.x - share * _width(text, font, shape.size)
    canvas.setFillColor(HexColor(shape.colour))
    for name, run in _runs(text, font):
        canvas.setFont(name, shape.size)
        canvas.drawString(x, -shape.y, run)
        x += pdfmetrics.stringWidth(run, name, shape.size)


def _path(canvas: Any, points: tuple[tuple[float, float], ...]) -> Any:
    path = canvas.beginPath()
    path.moveTo(points[0][0], -points[0][1])
    for x, y in points[1:]:
        path.lineTo(x, -y)
    return path
