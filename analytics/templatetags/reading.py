"""Measured numbers on a page: rounded for the eye, exact in the markup, and saying where in result.json they stand.

`{% number "coverage" "percent" %}` gives `<data value="0.97123" data-from="coverage">97 %</data>`. Knows formats and
the context variable `result`; computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analytics.charts import clock

register = template.Library()
NOTHING: Final = "\N{EN DASH}"
UNITS: Final = ("bytes", "kB", "MB", "GB")


def percent(share: float) -> str:
    """Whole percents, but never 0 or 100 for what is only close to it. The page's script does the same (format.js)."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


def length(seconds: float) -> str:
    return clock(seconds) if seconds >= 60 else f"{seconds:.1f} s"


FORMATS: Final[dict[str, Callable[[float], str]]] = {
    "one": "{:.1f}".format,
    "two": "{:.2f}".format,
    "count": "{:,.0f}".format,
    "percent": percent,
    "clock": clock,
    "length": length,
}


def lookup(result: Any, path: str) -> Any:
    """What stands in result.json at a dotted path; None where something on the way does not exist."""
    for key in path.split("."):
        if result is not None:
            result = result[int(key)] if isinstance(result, list) else result.get(key)
    return result


@register.simple_tag(takes_context=True)
def number(context: Context, path: str, how: str, shown: float | None = None) -> SafeString:
    """`shown` is what the eye gets where rounding one number for itself would not do."""
    value = lookup(context["result"], path)
    if value is None:
        return format_html('<span class="nothing">{}</span>', NOTHING)
    return format_html(
        '<data value="{}" data-from="{}">{}</data>', repr(value), path, FORMATS[how](value if shown is None else shown)
    )


register.filter("clock", clock)
register.filter("percent", percent)


@register.filter
def size(count: int) -> str:
    """5369070 is 5.4 MB: powers of ten, as static/js/receipt.js says it too. Limits alone are in MiB, and named so."""
    power = min((len(str(count)) - 1) // 3, len(UNITS) - 1)
    if power:
        return f"{count / 1000**power:.1f} {UNITS[power]}"
    return f"{count} {UNITS[0]}" if count != 1 else "1 byte"


@register.filter
def mebibytes(count: int) -> str:
    """2048 is 2 GiB."""
    return f"{count // 1024} GiB" if count % 1024 == 0 else f"{count} MiB"
