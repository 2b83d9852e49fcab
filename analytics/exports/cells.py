"""Rows as CSV: RFC 4180, UTF-8, lines that end in CRLF.

Knows cells, and that a spreadsheet runs text which begins like a formula. Refuses to know what a column means.
Numbers are written so that they read back as the same number; where there is no value the cell is empty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

Cell = str | int | float | None
Row = Sequence[Cell]

SIGNS: Final = "=+@\uff1d\uff0b\uff0d\uff20-"
"""What spreadsheets take for the beginning of a formula, four of them in the wide forms of East Asia."""
FORMULA_STARTS: Final = (*SIGNS, "\t", "\r", "\n")
INNER_STARTS: Final = re.compile(rf"([;\t\r\n] *)(?=[{SIGNS}])")
"""Where a cell would begin for a spreadsheet that splits lines at semicolons or tabs, and so sees no quotes."""
QUOTED: Final = frozenset(',;\t"\r\n')
ROWS_A_PIECE: Final = 2000


def written(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The whole table in pieces, its heading first."""
    yield line(columns).encode()
    rows = iter(rows)
    while piece := list(islice(rows, ROWS_A_PIECE)):
        yield "".join(map(line, piece)).encode()


def line(row: Row) -> str:
    return ",".join([number(cell) if not isinstance(cell, str) else text(cell) for cell in row]) + "\r\n"


def text(cell: str) -> str:
    """A leading apostrophe tells a spreadsheet that text is text."""
    safe = INNER_STARTS.sub(r"\1'", cell)
    safe = f"'{safe}" if safe.lstrip(" ").startswith(FORMULA_STARTS) else safe
    if not QUOTED.isdisjoint(safe):
        return '"' + safe.replace('"', '""') + '"'
    return safe


def number(cell: float | None) -> str:
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    return repr(cell)
