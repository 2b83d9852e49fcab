"""Addresses of searches elsewhere. Pure; knows how each site spells a search, and promises nothing of what it finds.

A search link is not a paper, and is never shown as one: it is labelled with the site that it opens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class SearchLink:
    site: str
    url: str


_SIMPLE: Final = (
    ("Google Scholar", "https://scholar.google.com/scholar", "q"),
    ("Semantic Scholar", "https://www.semanticscholar.org/search", "q"),
    ("arXiv", "https://arxiv.org/search/", "query"),
    ("Europe PMC", "https://europepmc.org/search", "query"),
    ("CORE", "https://core.ac.uk/search", "q"),
)


def search_links(words: str) -> tuple[SearchLink, ...]:
    found = [SearchLink(site, f"{url}?{urlencode(_query(site, field, words))}") for site, url, field in _SIMPLE]
    return (*found[:3], SearchLink("DOAJ", _doaj(words)), *found[3:])


def _query(site: str, field: str, words: str) -> dict[str, str]:
    return {field: words} | ({"searchtype": "all"} if site == "arXiv" else {})


def _doaj(words: str) -> str:
    """DOAJ takes its query as JSON in the address."""
    query = {"query": {"query_string": {"query": words, "default_operator": "OR"}}}
    return f"https://doaj.org/search/articles?source={quote(json.dumps(query, separators=(',', ':')), safe='')}"
