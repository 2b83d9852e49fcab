"""What a reading is for, and whether expressions may be read there. Pure: words and one rule, no requests, no rows.

The rule is Art. 5(1)(f) of the EU's AI Act (Regulation 2024/1689), in force since 2 February 2025: inferring emotions
of people at work or in education is prohibited, unless it is meant for medical or safety reasons. So one question
decides, and its answers are the fewest that do: at work or in education in the EU, there but elsewhere, or neither.
The three of the last kind differ in what the people in the picture are told, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Unknown(ValueError):
    """There is no such purpose, or no such exemption."""


class Prohibited(ValueError):
    """Expressions were asked for where reading them is prohibited and no exemption is claimed."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """One answer to the question; `told` ends the sentence "This is done for ..." of the notice."""

    name: str
    label: str
    told: str
    is_regulated: bool = False


@dataclass(frozen=True, slots=True)
class Exemption:
    """What the rule leaves open; `told` as for a purpose."""

    name: str
    label: str
    told: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What was answered and what follows from it. The fields are those of a session's row and of a recording's."""

    purpose: str
    exemption: str
    reads_expressions: bool


PURPOSES: Final = (
    Purpose("private", "Practice or private use", "practice or private use"),
    Purpose("event", "Event, talk or product demo", "feedback on an event, a talk or a product demo"),
    Purpose("research", "Research with consent", "research with the people who agreed to take part in it"),
    Purpose("elsewhere", "Work or education, outside the EU", "work or education, outside the European Union"),
    Purpose("eu", "Work or education, in the EU", "work or education", is_regulated=True),
)
EXEMPTIONS: Final = (
    Exemption("medical", "A medical purpose", "a medical purpose"),
    Exemption("safety", "A safety purpose", "a safety purpose"),
)
ASKED: Final[Mapping[str, bool | None]] = {"": None, "yes": True, "no": False}
NAMES: Final = tuple(purpose.name for purpose in PURPOSES)


def purpose(name: str) -> Purpose:
    for each in PURPOSES:
        if each.name == name:
            return each
    raise Unknown(name)


def exemption(name: str) -> Exemption:
    for each in EXEMPTIONS:
        if each.name == name:
            return each
    raise Unknown(name)


def terms(purpose_name: str, exemption_name: str = "", expressions: bool | None = None) -> Terms:
    """What follows from the answers; `expressions` is what was asked for, None whatever the rule allows.

    An exemption from no rule is not kept. Raises Unknown or Prohibited.
    """
    is_regulated = purpose(purpose_name).is_regulated
    claimed = exemption(exemption_name).name if is_regulated and exemption_name else ""
    may_read = not is_regulated or bool(claimed)
    if expressions and not may_read:
        raise Prohibited(purpose_name)
    reads = may_read if expressions is None else expressions
    return Terms(purpose_name, claimed if reads else "", reads)


def answered(form: Mapping[str, str], default: str) -> Terms:
    """What follows from what a form or an address says; `default` is the purpose where it says none.

    Its keys are purpose, exemption, and expressions (yes or no). Raises as `terms` does.
    """
    asked = form.get("expressions", "")
    if asked not in ASKED:
        raise Unknown(asked)
    return terms(form.get("purpose") or default, form.get("exemption", ""), ASKED[asked])


def notice(answer: Terms) -> dict[str, str | bool | None]:
    """As it stands in a result; what nobody was asked is null."""
    return {
        "purpose": answer.purpose or None,
        "exemption": answer.exemption or None,
        "expressions": answer.reads_expressions,
    }


def label(answer: Terms) -> str:
    """In the words of the page on which it was chosen; nothing where nobody was asked."""
    if answer.purpose not in NAMES:
        return ""
    words = purpose(answer.purpose).label
    return f"{words}: {exemption(answer.exemption).label.lower()}" if answer.exemption else words
