"""Small drawings beside a number, as SVG whose geometry is in attributes: the page's policy allows no inline style.

`{% shares_strip distribution %}` is one bar of five shares; `{% score_strip comparison environment %}` is a score with
its interval, and a tick where the rest of the recording lies. Knows geometry and words; computes no measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Protocol

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from analytics.correlate import Comparison
from analytics.scoring import Environment
from analytics.templatetags.reading import percent
from emotion_ml.labels import EMOTIONS

register = template.Library()


class Compared(Protocol):
    """What stands on the page beside its comparison, whatever it is."""

    @property
    def comparison(self) -> Comparison: ...


WIDTH: Final = 160.0
INSET: Final = 6.0  # room for the mark at either end
MINUS: Final = "\N{MINUS SIGN}"
LEAST_P: Final = 0.001


@register.simple_tag
def expressions() -> tuple[str, ...]:
    return EMOTIONS


@register.simple_tag
def shares_strip(shares: Sequence[float]) -> SafeString:
    starts = [0.0, *accumulate(shares)]
    bars = format_html_join(
        "",
        '<rect data-expression="{}" x="{}" width="{}" height="8"/>',
        (
            (emotion.lower(), f"{start * WIDTH:.2f}", f"{share * WIDTH:.2f}")
            for emotion, start, share in zip(EMOTIONS, starts, shares, strict=False)
        ),
    )
    words = ", ".join(f"{emotion} {percent(share)}" for emotion, share in zip(EMOTIONS, shares, strict=True))
    return format_html(
        '<svg class="strip strip-shares" viewBox="0 0 {} 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}</svg>",
        f"{WIDTH:.0f}",
        words,
        bars,
    )


@register.simple_tag
def score_strip(comparison: Comparison, environment: Environment) -> SafeString:
    """Over every value that the environment can give; nothing where there is no score."""
    if comparison.score is None or comparison.low is None or comparison.high is None:
        return SafeString("")
    low, high = _x(comparison.low, environment), _x(comparison.high, environment)
    rest = SafeString("")
    if comparison.difference is not None:
        rest_x = f"{_x(comparison.score - comparison.difference, environment):.2f}"
        rest = format_html('<line class="strip-rest" x1="{}" x2="{}" y1="1" y2="15"/>', rest_x, rest_x)
    return format_html(
        '<svg class="strip strip-score" viewBox="0 0 {} 16" aria-hidden="true">'
        '<rect class="strip-scale" y="7" width="{}" height="2" rx="1"/>'
        '<rect class="strip-band" x="{}" y="4.5" width="{}" height="7" rx="3.5"/>{}'
        '<circle class="strip-mark" cx="{}" cy="8" r="4.5"/></svg>',
        *(f"{WIDTH:.0f}", f"{WIDTH:.0f}", f"{low:.2f}", f"{max(high - low, 1.0):.2f}"),
        *(rest, f"{_x(comparison.score, environment):.2f}"),
    )


@register.filter
def signed(difference: float) -> str:
    shown = round(difference, 2)
    sign = MINUS if shown < 0 else "+" if shown > 0 else ""
    return f"{sign}{abs(shown):.2f}"


@register.filter
def chance(p_value: float) -> str:
    """As it follows the letter p."""
    return f"< {LEAST_P}" if p_value < LEAST_P else f"= {p_value:.2g}"


@register.filter
def nobody_seen(paragraphs: Sequence[Compared]) -> bool:
    """A paragraph that is too short for a score may have shown somebody."""
    found = [paragraph.comparison for paragraph in paragraphs]
    return all(each.verdict == "unseen" and not each.is_too_short for each in found)


def _x(score: float, environment: Environment) -> float:
    least, most = min(environment.values), max(environment.values)
    share = (score - least) / (most - least) if most > least else 0.5
    return INSET + min(max(share, 0.0), 1.0) * (WIDTH - 2 * INSET)
