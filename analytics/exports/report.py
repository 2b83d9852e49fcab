"""A recording on two or three printed pages that a presenter hands round.

Knows what a reader has to be told and in which order: the score with its interval, when it rose and fell, what was
said then, what the score does not claim, what made it. Refuses to compute: every number is the material's.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Spacer

from analytics.exports import report_parts as parts
from analytics.exports.label import Label
from analytics.exports.material import Material
from analytics.exports.scene import HAIRLINE, INK_SOFT
from analytics.exports.typeset import LOCK, REGULAR, register, visible

MARGIN: Final = 18 * mm
FOOT: Final = 14 * mm
GAP: Final = 5.5 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
LANGUAGE: Final = "en"
AUTHOR: Final = "EngageAI"

Section = Callable[[Material, float], list[Flowable]]

READ: Final[tuple[Section, ...]] = (parts.headline, parts.over_time, parts.side_by_side)
SECTIONS: Final[tuple[Section, ...]] = (parts.moments, parts.paragraphs, parts.worth)
ENDING: Final[tuple[Section, ...]] = (parts.limits, parts.made_with)


def written(material: Material) -> bytes:
    """The PDF; the same material gives the same bytes."""
    register()
    file = io.BytesIO()
    with LOCK:
        document = BaseDocTemplate(
            file, pagesize=A4, title=f"{visible(material.name)}: {parts.kind(material)}", author=AUTHOR, lang=LANGUAGE
        )
        frame = Frame(MARGIN, FOOT + 4 * mm, WIDTH, A4[1] - MARGIN - FOOT - 4 * mm, 0, 0, 0, 0)
        document.addPageTemplates([PageTemplate("page", [frame])])
        document.build(list(_story(material)), canvasmaker=_canvas(material))
    return file.getvalue()


def _story(material: Material) -> Iterator[Flowable]:
    yield from parts.title(material, WIDTH)
    shown = READ if material.instants.distribution is not None else (parts.absence,)
    for section in (*shown, *(SECTIONS if material.instants.distribution is not None else ()), *ENDING):
        found = section(material, WIDTH)
        if found:
            yield Spacer(0, GAP)
            yield KeepTogether(found[:2])
            yield from found[2:]


def _canvas(material: Material) -> type[Canvas]:
    """A canvas that knows how many pages there are, and dates the file by its content."""
    label, finished_at = material.label, material.finished_at

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more | {"invariant": 1, "lang": LANGUAGE})
            self.setCreator(f"{AUTHOR} {label.version}")
            self.setSubject(label.caption)
            self.setDateFormatter(lambda *_: _stamp(finished_at))
            self.setViewerPreference("DisplayDocTitle", "true")
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  (reportlab's name)
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.pages, start=1):
                self.__dict__.update(page)
                _foot(self, label, number, len(self.pages))
                super().showPage()
            super().save()

    return Numbered


def _stamp(at: datetime) -> str:
    return f"D:{at:%Y%m%d%H%M%S}+00'00'"


def _foot(canvas: Any, label: Label, number: int, count: int) -> None:
    canvas.setStrokeColor(HexColor(HAIRLINE))
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, FOOT, A4[0] - MARGIN, FOOT)
    canvas.setFont(REGULAR, 7)
    canvas.setFillColor(HexColor(INK_SOFT))
    canvas.drawString(MARGIN, FOOT - 10, f"{label.made_by} · settings {label.settings_id}")
    canvas.drawRightString(A4[0] - MARGIN, FOOT - 10, f"Page {number} of {count}")
