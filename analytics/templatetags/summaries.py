"""A chart in one sentence, for whoever does not see it and whoever is in a hurry.

Knows words and the shape of results.py; takes every number from the result or from page, computes none.
"""

from __future__ import annotations

from typing import Final

from django import template

from analytics import page
from analytics.results import Result
from analytics.scoring import ENVIRONMENTS, HIGHEST, LOWEST
from analytics.templatetags.reading import percent

register = template.Library()
LABELS: Final = {each.name: each.label.lower() for each in ENVIRONMENTS}


@register.filter
def environments_in_words(result: Result) -> str:
    """Which reading gives the highest and which the lowest score."""
    found = {name: band for name, band in result["engagement"].items() if band is not None}
    if not found:
        return ""
    ranked = sorted(found, key=lambda name: -found[name]["score"])
    first, last = ranked[0], ranked[-1]
    apart = found[last]["high"] < found[first]["low"]
    intervals = "their intervals do not overlap" if apart else "their intervals overlap"
    high, low = (f"as a {LABELS[name]} audience with {found[name]['score']:.2f}" for name in (first, last))
    return f"On the scale from {LOWEST:.0f} to {HIGHEST:.0f}, highest {high}, lowest {low}; {intervals}."


@register.filter
def shares_in_words(result: Result) -> str:
    """The five shares, largest first."""
    shares = result["distribution"]
    if shares is None:
        return ""
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{emotion} {percent(share)}" for emotion, share in ranked) + "."


@register.filter
def drivers_in_words(result: Result, environment: str) -> str:
    """What each expression adds to the score, most first; nothing where there is no score."""
    parts = page.parts(result, environment)
    if not parts:
        return ""
    (most, added), *others = sorted(parts.items(), key=lambda item: -item[1])
    rest = ", ".join(f"{emotion} {part:.2f}" for emotion, part in others)
    return f"{most} adds most to it, {added:.2f}; {rest}."
