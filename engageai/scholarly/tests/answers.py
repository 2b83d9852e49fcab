"""What the services answer, in the form that each documents."""

from __future__ import annotations

import json
from html import escape
from typing import Any


def crossref(*items: dict[str, Any]) -> dict[str, Any]:
    """https://api.crossref.org/swagger-ui: GET /works."""
    return {
        "status": "ok",
        "message-type": "work-list",
        "message-version": "1.0.0",
        "message": {"total-results": len(items), "items-per-page": 8, "items": list(items)},
    }


def crossref_work(title: str, doi: str, **more: Any) -> dict[str, Any]:
    return {
        "DOI": doi,
        "type": "journal-article",
        "title": [title],
        "author": [
            {"given": "Ada", "family": "Lovelace", "sequence": "first", "affiliation": []},
            {"name": "The Analytical Society", "sequence": "additional"},
        ],
        "issued": {"date-parts": [[2019, 4, 1]]},
        "container-title": ["Journal of Audience Research"],
        "abstract": "<jats:title>Abstract</jats:title><jats:p>We measured <jats:i>attention</jats:i>.</jats:p>",
        "is-referenced-by-count": 42,
        "URL": f"https://doi.org/{doi}",
    } | more


def arxiv(*entries: str) -> bytes:
    """https://info.arxiv.org/help/api/user-manual.html, section 3.3."""
    feed = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?search_query=all:electron" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query: search_query=all:electron</title>
  <id>http://arxiv.org/api/cHxbiOdZaP56ODnBPIenZhzg5f8</id>
  <updated>2026-10-08T00:00:00-04:00</updated>
  <opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{len(entries)}</opensearch:totalResults>
  {"".join(entries)}
</feed>"""
    return feed.encode()


def arxiv_entry(title: str, number: str = "2401.01234v2", more: str = "") -> str:
    return f"""<entry xmlns:arxiv="http://arxiv.org/schemas/atom">
    <id>http://arxiv.org/abs/{number}</id>
    <updated>2024-03-01T00:00:00Z</updated>
    <published>2024-01-03T18:59:59Z</published>
    <title>{escape(title)}</title>
    <summary>  We look at
  faces &amp; attention.
    </summary>
    <author><name>Grace Hopper</name></author>
    <author><name>Ada Lovelace</name><arxiv:affiliation>Home</arxiv:affiliation></author>
    <link href="http://arxiv.org/abs/{number}" rel="alternate" type="text/html"/>
    <link title="pdf" href="http://arxiv.org/pdf/{number}" rel="related" type="application/pdf"/>
    <arxiv:primary_category term="cs.CV" scheme="http://arxiv.org/schemas/atom"/>
    {more}
  </entry>"""


def openalex(*works: dict[str, Any]) -> dict[str, Any]:
    """https://developers.openalex.org/api-reference/works."""
    return {"meta": {"count": len(works), "page": 1, "per_page": 8}, "results": list(works), "group_by": []}


def openalex_work(title: str, doi: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": "https://openalex.org/W2741809807",
        "doi": doi and f"https://doi.org/{doi}",
        "display_name": title,
        "authorships": [
            {"author_position": "first", "author": {"id": "https://openalex.org/A1", "display_name": "Ada"}}
        ],
        "publication_year": 2020,
        "primary_location": {"landing_page_url": "https://example.org/1", "source": {"display_name": "PeerJ"}},
        "open_access": {"is_oa": True, "oa_status": "gold", "oa_url": "https://example.org/1.pdf"},
        "cited_by_count": 7,
        "abstract_inverted_index": {"attention": [1], "Measuring": [0], "again": [2, 4], "and": [3]},
    } | more


def gemini(text: str | None, reason: str = "STOP") -> dict[str, Any]:
    """https://ai.google.dev/api/generate-content: GenerateContentResponse."""
    content = {"role": "model", "parts": [{"text": text}]} if text is not None else {"role": "model"}
    return {
        "candidates": [{"content": content, "finishReason": reason, "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "gemini-test",
    }


def concepts(**passages: list[str]) -> str:
    """`concepts(_0=["active learning"])`."""
    listed = [{"passage": int(name[1:]), "concepts": phrases} for name, phrases in passages.items()]
    return json.dumps({"passages": listed})
