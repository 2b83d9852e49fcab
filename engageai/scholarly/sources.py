"""The sources of papers behind one door: asked at their own pace, within limits, or not at all.

Knows who may be asked and how; what an answer says is read by crossref, arxiv and openalex. Never returns a paper that
the source did not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.conf import settings

from engageai.scholarly import arxiv, crossref, fetch, hosts, openalex
from engageai.scholarly.fetch import Limits, Unavailable
from engageai.scholarly.gate import gate_of
from engageai.scholarly.papers import Paper

ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Source:
    """`questions` is how many passages it is asked about at most, so that its pace lets them all have an answer."""

    name: str
    label: str
    path: str
    questions: int
    query: Callable[[Sequence[str], int, str], dict[str, str]]
    read: Callable[[bytes], list[Paper]]

    @property
    def key(self) -> str:
        return {"crossref": settings.CROSSREF_MAILTO, "openalex": settings.OPENALEX_KEY}.get(self.name) or ""


ALL: Final = (
    Source("crossref", crossref.NAME, crossref.PATH, 3, crossref.query, lambda body: crossref.read(json.loads(body))),
    Source("arxiv", arxiv.NAME, arxiv.PATH, 2, arxiv.query, arxiv.read),
    Source("openalex", openalex.NAME, openalex.PATH, 3, openalex.query, lambda body: openalex.read(json.loads(body))),
)


def available() -> list[Source]:
    """In the order in which their word counts; OpenAlex answers nobody without a key."""
    return [source for source in ALL if source.name != "openalex" or source.key]


def ask(source: Source, phrases: Sequence[str], until_s: float) -> list[Paper]:
    """Waits for the source's turn, and for its answer until `until_s` of the monotonic clock. Raises Unavailable."""
    origin = hosts.origin(source.name)
    gate = gate_of(origin)
    time.sleep(gate.enter(settings.SCHOLARLY_INTERVALS_S[source.name], until_s - settings.SCHOLARLY_CONNECT_S))
    url = f"{origin}{source.path}?{urlencode(source.query(phrases, ROWS, source.key))}"
    try:
        papers = _read(source, fetch.get(url, _headers(), _limits(until_s)))
    except Unavailable as error:
        gate.failed(error.retry_after_s)
        raise
    gate.succeeded()
    return papers


def _read(source: Source, body: bytes) -> list[Paper]:
    try:
        return source.read(body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unavailable("its answer makes no sense") from error


def _limits(until_s: float) -> Limits:
    left_s = max(until_s - time.monotonic(), 0.01)
    total_s = min(settings.SCHOLARLY_TOTAL_S, left_s)
    return Limits(min(settings.SCHOLARLY_CONNECT_S, total_s), total_s, settings.SCHOLARLY_MAX_BYTES)


def _headers() -> Mapping[str, str]:
    contact = f" (mailto:{settings.CROSSREF_MAILTO})" if settings.CROSSREF_MAILTO else ""
    return {"User-Agent": f"EngageAI/{settings.VERSION}{contact}"}
