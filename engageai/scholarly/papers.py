"""What a paper is here, and how a source's words become text. Pure.

Refuses to make anything up: a field that a source does not give is empty. Refuses to pass on what is not text: control
characters go, markup stays the characters that it is written with, and a link is an http(s) address or nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

MAX_TITLE: Final = 300
MAX_ABSTRACT: Final = 1200
MAX_NAME: Final = 120
MAX_AUTHORS: Final = 200
"""Authors kept of one paper; how many are shown is the page's business."""
MAX_URL: Final = 2000

_BLOCKS: Final = re.compile(r"</?(?:jats:)?(?:p|sec|title|list|list-item|break|disp-formula)\b[^<>]*>", re.IGNORECASE)
_TAGS: Final = re.compile(r"</?[a-z][\w:.-]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_FACES: Final = re.compile(r"</?(?:jats:)?(?:i|b|em|strong|sub|sup|sc|scp|tt|u|italic|bold)>", re.IGNORECASE)
_DOI: Final = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Paper:
    """What one source said of a paper, or several together. Empty or None is what nobody said."""

    title: str
    authors: tuple[str, ...]
    year: int | None
    venue: str
    doi: str  # bare and in lower case: 10.1000/182
    url: str
    open_url: str  # where everybody may read it
    abstract: str
    citations: int | None
    sources: tuple[str, ...]

    @property
    def doi_url(self) -> str:
        return f"https://doi.org/{quote(self.doi, safe='/:;()._-')}" if self.doi else ""

    @property
    def best_url(self) -> str:
        return self.doi_url or self.url or self.open_url


def text(found: object, longest: int) -> str:
    """One line of visible text; "" for what is not text."""
    if not isinstance(found, str):
        return ""
    visible = "".join(" " if each.isspace() else each for each in found if each.isspace() or _is_visible(each))
    line = " ".join(visible.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def title(found: object) -> str:
    """As it is written. Italics and the like, which sources mark in titles, are left out; all other markup is text."""
    return text(html.unescape(_FACES.sub("", found)) if isinstance(found, str) else found, MAX_TITLE)


def abstract(found: object) -> str:
    """Without the tags of JATS, in which publishers send it, and without the heading that only says what it is."""
    if not isinstance(found, str):
        return ""
    plain = html.unescape(_TAGS.sub("", _BLOCKS.sub(" ", found)))
    return re.sub(r"^(?:Abstract|ABSTRACT|Summary)\b[:.]?\s+", "", text(plain, MAX_ABSTRACT))


def doi(found: object) -> str:
    """A DOI out of its bare form, its address or doi:...; "" for anything else."""
    match = _DOI.search(found) if isinstance(found, str) and len(found) <= MAX_URL else None
    return match.group().lower() if match and all(map(_is_visible, match.group())) else ""


def link(found: object) -> str:
    """An address that a browser may be sent to: no script, no file, nobody's password."""
    if not isinstance(found, str) or len(found) > MAX_URL or not all(map(_is_visible, found)):
        return ""
    try:
        parts = urlsplit(found)
    except ValueError:
        return ""
    is_plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return found if is_plain and not re.search(r"[\s<>\"'\\]", found) else ""


def whole(found: Any, lowest: int, highest: int) -> int | None:
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if lowest <= found <= highest else None


def folded(found: str) -> str:
    """Letters and digits alone, without case and accents: two spellings of a title are the same."""
    decomposed = unicodedata.normalize("NFKD", found).casefold()
    return "".join(each for each in decomposed if each.isalnum())


def _is_visible(character: str) -> bool:
    """Neither a control character nor one that turns the direction of what follows."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
