"""Crossref's REST API (https://api.crossref.org): how it is asked for works, and what its answer says of them.

Pure, but for the day on which it is read: a licence may begin later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from engageai.scholarly.papers import MAX_AUTHORS, MAX_NAME, Paper, abstract, doi, link, text, title, whole

NAME: Final = "Crossref"
PATH: Final = "/works"
FIELDS: Final = (
    "DOI",
    "title",
    "author",
    "issued",
    "container-title",
    "abstract",
    "is-referenced-by-count",
    "URL",
    "link",
    "license",
    "type",
)
KINDS: Final = frozenset(
    {
        "journal-article",
        "proceedings-article",
        "posted-content",
        "book-chapter",
        "book",
        "monograph",
        "edited-book",
        "reference-entry",
        "dissertation",
        "report",
        "",
    }
)
"""What one reads; the rest of Crossref is components, reviews, grants, data sets and whole journals."""
OPEN_LICENCES: Final = ("creativecommons.org/licenses/", "creativecommons.org/publicdomain/")
OPEN_VERSIONS: Final = frozenset({"vor", "unspecified"})
"""What a licence is of: the version of record. Others are of a manuscript, or of mining text alone."""
FOR_MACHINES: Final = frozenset({"text-mining", "similarity-checking"})
"""Links that open an interface of the publisher's, most of them with a key."""


def query(phrases: Sequence[str], rows: int, key: str) -> dict[str, str]:
    """`key` is the address under which the one who asks can be told of a problem; with it the polite pool answers."""
    asked = {"query.bibliographic": " ".join(phrases), "rows": str(rows), "select": ",".join(FIELDS)}
    return asked | ({"mailto": key} if key else {})


def read(answer: Any) -> list[Paper]:
    """Raises ValueError, TypeError, KeyError or AttributeError for what is not an answer to `query`."""
    items = answer["message"]["items"]
    if answer["status"] != "ok" or answer["message-type"] != "work-list" or not isinstance(items, list):
        msg = "not a list of works"
        raise ValueError(msg)
    return [paper for item in items if (paper := _paper(item))]


def _paper(item: Mapping[str, Any]) -> Paper | None:
    name = title(_first(item.get("title")))
    if not name or item.get("type", "") not in KINDS:
        return None
    return Paper(
        title=name,
        authors=tuple(filter(None, map(_author, _listed(item.get("author"))))),
        year=_year(item.get("issued")),
        venue=title(_first(item.get("container-title"))),
        doi=doi(item.get("DOI")),
        url=link(item.get("URL")),
        open_url=_open_url(item),
        abstract=abstract(item.get("abstract")),
        citations=whole(item.get("is-referenced-by-count"), 0, 10**7),
        sources=(NAME,),
    )


def _author(found: Any) -> str:
    if not isinstance(found, dict):
        return ""
    whole_name = " ".join(part for part in (found.get("given"), found.get("family")) if isinstance(part, str))
    return text(whole_name or found.get("name"), MAX_NAME)


def _year(issued: Any) -> int | None:
    parts = _first(issued.get("date-parts")) if isinstance(issued, dict) else None
    return whole(_first(parts), 1400, 2100)


def _open_url(item: Mapping[str, Any]) -> str:
    """The publisher's full text, where the licence that it names lets everybody read it."""
    if not any(_is_open(each) for each in _listed(item.get("license")) if isinstance(each, dict)):
        return ""
    readable = (
        link(each.get("URL"))
        for each in _listed(item.get("link"))
        if isinstance(each, dict) and each.get("intended-application") not in FOR_MACHINES
    )
    return next(filter(None, readable), "") or link(item.get("URL"))


def _is_open(licence: Mapping[str, Any]) -> bool:
    url = licence.get("URL")
    names_one = isinstance(url, str) and any(name in url for name in OPEN_LICENCES)
    return names_one and licence.get("content-version", "unspecified") in OPEN_VERSIONS and _has_begun(licence)


def _has_begun(licence: Mapping[str, Any]) -> bool:
    if "start" not in licence:
        return True
    start = licence["start"]
    parts = _first(start.get("date-parts")) if isinstance(start, dict) else None
    if not isinstance(parts, list) or not parts or any(whole(part, 1, 9999) is None for part in parts):
        return False
    today = datetime.now(UTC).date()
    return parts <= [today.year, today.month, today.day]


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else None


def _listed(found: Any) -> list[Any]:
    return found[:MAX_AUTHORS] if isinstance(found, list) else []
