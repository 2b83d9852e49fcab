"""Numbers that add up, rounded so that what is shown of them still does.

Numbers that add up no longer do so once each is rounded for itself. Here a row of numbers is rounded to the nearest and
then mended by the largest remainders (Hare's method) until it adds up to the rounded total; that moves a number by one
unit of its last place at most. Knows decimals. Refuses to know what the numbers are of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SCORE_DECIMALS: Final = 2


def worth(value: float) -> str:
    """What an expression is worth, in full: 3.0 or 2.25."""
    return f"{value:.1f}" if round(value, 1) == value else f"{value:g}"


def rounded(values: Sequence[float], total: float, decimals: int = SCORE_DECIMALS) -> list[float]:
    """Each of `values` with `decimals` places, so that they add up to `total` with as many."""
    scaled = [value * 10**decimals for value in values]
    units = [round(value) for value in scaled]
    missing = round(total * 10**decimals) - sum(units)
    step = 1 if missing > 0 else -1
    by_need = sorted(range(len(units)), key=lambda row: (units[row] - scaled[row]) * step)
    for row in by_need[: abs(missing)]:
        units[row] += step
    return [unit / 10**decimals for unit in units]
