"""Drawings of the parts of a score, as SVG whose geometry is in attributes: the page's policy allows no inline style.

`{% stack answer %}` is what each expression adds, laid end to end up to the score; `{% shift answer row %}` is one step
of the way from the recording's score to this one. Knows geometry and because.Answer; computes no measurement.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from analytics.because import Answer, Row
from analytics.scoring import HIGHEST

register = template.Library()

WIDTH: Final = 400.0
NAME_WIDTH: Final = 54.0
LETTERS_WIDTH: Final = 17.0
STEP_WIDTH: Final = 120.0
STEP_INSET: Final = 6.0


@register.filter
def count(number: int) -> str:
    return f"{number:,}"


@register.simple_tag
def stack(answer: Answer) -> SafeString:
    """From 0 to the top of the scale; a dashed line marks the whole recording where this is only a part of it."""
    ends = list(accumulate(row.adds for row in answer.rows))
    bars = format_html_join(
        "",
        '<rect data-expression="{}" x="{}" y="16" width="{}" height="24"/><text x="{}" y="11">{}</text>',
        (_bar(row, end) for row, end in zip(answer.rows, ends, strict=True)),
    )
    ticks = format_html_join(
        "",
        '<path d="M{x} 40v4"/><text class="stack-tick" x="{x}" y="56" text-anchor="{anchor}">{value}</text>',
        ({"x": f"{_x(value):.1f}", "value": value, "anchor": _anchor(value)} for value in range(int(HIGHEST) + 1)),
    )
    words = ", ".join(f"{row.emotion} {row.adds:.2f}" for row in answer.rows)
    return format_html(
        '<svg class="stack" viewBox="0 0 {} 58" role="img" aria-label="{}: together {}">'
        '<rect class="stack-scale" y="16" width="{}" height="24"/>{}{}{}</svg>',
        *(f"{WIDTH:.0f}", words, f"{answer.score:.2f}", f"{WIDTH:.0f}", bars, ticks, _usual(answer)),
    )


@register.simple_tag
def shift(answer: Answer, row: Row) -> SafeString:
    """One step: its own scale is as wide as the whole way is."""
    ways = [answer.average or 0.0, *(each.to_score for each in answer.rows)]
    low, high = min(ways), max(ways)
    scale = (STEP_WIDTH - 2 * STEP_INSET) / max(high - low, 1e-9)
    start, end, usual = (STEP_INSET + (at - low) * scale for at in (row.from_score, row.to_score, ways[0]))
    return format_html(
        '<svg class="step" viewBox="0 0 {} 20" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="step-usual" d="M{} 0v20"/><rect data-way="{}" x="{}" y="4" width="{}" height="12"/></svg>',
        *(f"{STEP_WIDTH:.0f}", f"{usual:.1f}", "up" if row.shifts > 0 else "down"),
        *(f"{min(start, end):.1f}", f"{abs(end - start):.1f}"),
    )


def _bar(row: Row, end: float) -> tuple[str, str, str, str, str]:
    left, width = _x(end - row.adds), _x(row.adds)
    name = row.emotion if width >= NAME_WIDTH else row.emotion[:2] if width >= LETTERS_WIDTH else ""
    return row.emotion.lower(), f"{left:.1f}", f"{width:.1f}", f"{left + 1:.1f}", name


def _usual(answer: Answer) -> SafeString:
    if not answer.shows_shifts or answer.average is None:
        return SafeString("")
    return format_html('<path class="stack-usual" d="M{} 13v30"/>', f"{_x(answer.average):.1f}")


def _anchor(value: int) -> str:
    return "start" if value == 0 else "end" if value == HIGHEST else "middle"


def _x(score: float) -> float:
    return score / HIGHEST * WIDTH
