"""arXiv's API (https://info.arxiv.org/help/api): how it is asked, and what its Atom feed says of papers. Pure.

A feed with a document type is refused before anything of it is read: entities and external files come with one, and
arXiv never sends one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from engageai.scholarly.papers import MAX_ABSTRACT, MAX_AUTHORS, MAX_NAME, Paper, doi, link, text, title

NAME: Final = "arXiv"
PATH: Final = "/api/query"
ATOM: Final = "{http://www.w3.org/2005/Atom}"
ARXIV: Final = "{http://arxiv.org/schemas/atom}"


def query(phrases: Sequence[str], rows: int, key: str) -> dict[str, str]:
    asked = " OR ".join(f'all:"{_words(phrase)}"' for phrase in phrases)
    return {
        "search_query": asked,
        "start": "0",
        "max_results": str(rows),
        "sortBy": "relevance",
        "sortOrder": "descending",
    }


def read(feed: bytes) -> list[Paper]:
    """Raises ValueError for what is not an Atom feed, and for an error that is dressed as one."""
    root = parse(feed)
    if root.tag != f"{ATOM}feed":
        msg = "not an Atom feed"
        raise ValueError(msg)
    return [paper for entry in root.iter(f"{ATOM}entry") if (paper := _paper(entry))]


def parse(document: bytes) -> Element:
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda tag, attributes: builder.start(_tag(tag), attributes) and None
    parser.EndElementHandler = lambda tag: builder.end(_tag(tag)) and None
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        msg = f"not XML: {error}"
        raise ValueError(msg) from error
    return builder.close()


def _refuse(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
    msg = "a document type"
    raise ValueError(msg)


def _tag(name: str) -> str:
    return f"{{{name}" if "}" in name else name


def _words(phrase: str) -> str:
    """What would end the quotation or the field is a space."""
    return " ".join(re.sub(r"[^\w\s-]", " ", phrase).split())


def _paper(entry: Element) -> Paper | None:
    address = entry.findtext(f"{ATOM}id") or ""
    if "/api/errors" in address:
        msg = "an error"
        raise ValueError(msg)
    name = title(entry.findtext(f"{ATOM}title"))
    if not name:
        return None
    names = [text(author.findtext(f"{ATOM}name"), MAX_NAME) for author in entry.iter(f"{ATOM}author")]
    page = link(address.replace("http://arxiv.org/", "https://arxiv.org/"))
    return Paper(
        title=name,
        authors=tuple(filter(None, names))[:MAX_AUTHORS],
        year=_year(entry.findtext(f"{ATOM}published") or ""),
        venue=text(entry.findtext(f"{ARXIV}journal_ref"), MAX_NAME) or "arXiv",
        doi=doi(entry.findtext(f"{ARXIV}doi")) or _own_doi(page),
        url=page,
        open_url=page,
        abstract=text(entry.findtext(f"{ATOM}summary"), MAX_ABSTRACT),
        citations=None,
        sources=(NAME,),
    )


def _year(published: str) -> int | None:
    match = re.match(r"(\d{4})-\d\d-", published, re.ASCII)
    return int(match.group(1)) if match else None


def _own_doi(page: str) -> str:
    """arXiv registers a DOI for each of its papers; the version is no part of it."""
    match = re.fullmatch(r"https://arxiv\.org/abs/([\w.-]+(?:/\d+)?)", re.sub(r"v\d+$", "", page), re.ASCII)
    return f"10.48550/arxiv.{match.group(1)}".lower() if match else ""
