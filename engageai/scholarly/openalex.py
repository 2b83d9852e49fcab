"""OpenAlex's API (https://developers.openalex.org): how it is asked, and what its answer says of works. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engageai.scholarly.papers import MAX_AUTHORS, MAX_NAME, Paper, abstract, doi, link, text, title, whole

NAME: Final = "OpenAlex"
PATH: Final = "/works"
FIELDS: Final = (
    "id",
    "doi",
    "display_name",
    "authorships",
    "publication_year",
    "primary_location",
    "open_access",
    "cited_by_count",
    "abstract_inverted_index",
)
MAX_WORDS: Final = 5000
"""Of an abstract; a position behind this is not believed."""


def query(phrases: Sequence[str], rows: int, key: str) -> dict[str, str]:
    return {
        "search": " ".join(phrases),
        "per_page": str(rows),
        "select": ",".join(FIELDS),
        "api_key": key,
    }


def read(answer: Any) -> list[Paper]:
    """Raises ValueError, TypeError, KeyError or AttributeError for what is not an answer to `query`."""
    works = answer["results"]
    if not isinstance(works, list):
        msg = "not a list of works"
        raise ValueError(msg)
    return [paper for work in works if (paper := _paper(work))]


def _paper(work: Mapping[str, Any]) -> Paper | None:
    name = title(work.get("display_name"))
    if not name:
        return None
    place, access = _object(work.get("primary_location")), _object(work.get("open_access"))
    return Paper(
        title=name,
        authors=_authors(work.get("authorships")),
        year=whole(work.get("publication_year"), 1400, 2100),
        venue=title(_object(place.get("source")).get("display_name")),
        doi=doi(work.get("doi")),
        url=link(place.get("landing_page_url")) or link(work.get("id")),
        open_url=link(access.get("oa_url")) if access.get("is_oa") is True else "",
        abstract=abstract(_in_order(work.get("abstract_inverted_index"))),
        citations=whole(work.get("cited_by_count"), 0, 10**7),
        sources=(NAME,),
    )


def _authors(found: Any) -> tuple[str, ...]:
    listed = found[:MAX_AUTHORS] if isinstance(found, list) else []
    names = (text(_object(_object(each).get("author")).get("display_name"), MAX_NAME) for each in listed)
    return tuple(filter(None, names))


def _in_order(index: Any) -> str:
    """The abstract, of which OpenAlex gives each word with its positions."""
    places = {
        position: word
        for word, positions in _object(index).items()
        for position in (positions if isinstance(positions, list) else [])
        if whole(position, 0, MAX_WORDS) is not None
    }
    return " ".join(places[position] for position in sorted(places))


def _object(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}
