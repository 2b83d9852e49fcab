"""Hebrew and Arabic on a line: letters joined, words in the order in which an eye meets them from the left.

The report's PDF library sets letters as they come. This is Unicode's bidirectional algorithm (UAX 9) as far as names
and sentences need it: two levels and numbers, no embeddings. Knows characters; refuses to know widths and pages.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal

Side = Literal["L", "R"]

FORMS: Final = ("isolated", "final", "initial", "medial")
ARABIC_FORMS: Final = (range(0xFB50, 0xFDD0), range(0xFE70, 0xFEFD))
RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
NUMBERS: Final = frozenset({"EN", "AN"})
MARK: Final = "NSM"


def is_right_to_left(text: str) -> bool:
    """Whether its first letter is."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind in RIGHT_TO_LEFT for kind in kinds if kind == "L" or kind in RIGHT_TO_LEFT), False)


def visual(line: str) -> str:
    """One line as it is set from the left; a line without Hebrew or Arabic is returned as it is."""
    if not any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in line):
        return line
    clusters = _clusters(_joined(line))
    levels = _levels(clusters, "R" if is_right_to_left(line) else "L")
    shown = [
        MIRRORS.get(cluster, cluster) if level % 2 else cluster for cluster, level in zip(clusters, levels, strict=True)
    ]
    order = list(range(len(shown)))
    for level in (2, 1):  # rule L2: whatever lies at this level or deeper is turned round
        for is_deep, group in groupby(list(order), key=lambda row: levels[row] >= level):
            rows = list(group)
            if is_deep:
                at = order.index(rows[0])
                order[at : at + len(rows)] = rows[::-1]
    return "".join(shown[row] for row in order)


MIRRORS: Final = dict(zip("()[]{}<>«»", ")(][}{><»«", strict=True))


def _clusters(text: str) -> list[str]:
    """Letters with the marks that sit on them."""
    found: list[str] = []
    for character in text:
        if found and unicodedata.bidirectional(character) == MARK:
            found[-1] += character
        else:
            found.append(character)
    return found


def _levels(clusters: list[str], base: Side) -> list[int]:
    """What is neither letter nor number goes with its neighbours where they agree, and with the line where not."""
    strong = _strong(clusters, base)
    pull: list[Side | None] = [None if side is None else "L" if side == "L" else "R" for side in strong]
    found: list[int] = []
    before: Side = base
    for row, side in enumerate(strong):
        after = next((each for each in pull[row:] if each), base)
        resolved = side or (before if before == after else base)
        found.append({"R": 1, "N": 2, "L": 0 if base == "L" else 2}[resolved])
        before = pull[row] or before
    return found


def _strong(clusters: list[str], base: Side) -> list[Literal["L", "R", "N"] | None]:
    """A number after a word from the left is a part of it; after one from the right it stands for itself (N)."""
    found: list[Literal["L", "R", "N"] | None] = []
    last: Side = base
    for cluster in clusters:
        kind = unicodedata.bidirectional(cluster[0])
        if kind == "L":
            last = "L"
        elif kind in RIGHT_TO_LEFT:
            last = "R"
        is_word = kind == "L" or kind in RIGHT_TO_LEFT
        found.append(last if is_word else ("L" if last == "L" else "N") if kind in NUMBERS else None)
    return found


def _joined(text: str) -> str:
    """Each Arabic letter in the form that its neighbours ask for."""
    pairs, table = _forms()
    for pair, ligature in pairs.items():
        text = text.replace(pair, ligature)
    found = []
    for row, letter in enumerate(text):
        forms = table.get(letter)
        if forms is None:
            found.append(letter)
            continue
        joins_before = "final" in forms and _reaches_on(text[:row][::-1], table)
        joins_after = "initial" in forms and _is_reached(text[row + 1 :], table)
        name = FORMS[joins_before + 2 * joins_after]
        found.append(forms.get(name, letter))
    return "".join(found)


def _reaches_on(before: str, table: dict[str, dict[str, str]]) -> bool:
    letter = next((each for each in before if unicodedata.bidirectional(each) != MARK), "")
    return "initial" in table.get(letter, {})


def _is_reached(after: str, table: dict[str, dict[str, str]]) -> bool:
    letter = next((each for each in after if unicodedata.bidirectional(each) != MARK), "")
    return "final" in table.get(letter, {})


@lru_cache
def _forms() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """(pairs of letters that become one, {letter: {form: character}}), out of Unicode's own decompositions."""
    pairs: dict[str, str] = {}
    table: dict[str, dict[str, str]] = {}
    for code in (code for block in ARABIC_FORMS for code in block):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        name = kind.strip("<>")
        if name not in FORMS:
            continue
        base = "".join(chr(int(letter, 16)) for letter in letters)
        if len(base) == 1:
            table.setdefault(base, {})[name] = chr(code)
        elif len(base) == 2 and base[0] == LAM and base[1] in ALEFS:
            table.setdefault(pairs.setdefault(base, chr(code)), {})[name] = chr(code)
    return pairs, table


LAM: Final = "\u0644"
ALEFS: Final = "\u0622\u0623\u0625\u0627"
