"""Which papers a passage gets, and in which order. Pure; knows what sources returned, and adds nothing.

The rule, as the page states it:
1. A paper counts when its title or abstract holds at least half of the words that were searched for.
2. Papers with the same DOI, or with the same title but for case, accents and punctuation, are one. Of each field the
   first source that gave it is kept, in the order in which the sources are asked.
3. Within a passage papers are ordered by the sources' own rankings, joined by reciprocal rank fusion (Cormack, Clarke
   & Buettcher 2009: a paper at rank r gets 1 / (60 + r), and adds up what it gets); then by citations, then by title.
4. A paper is shown once, at the first passage that found it. Passages come in order of attention, lowest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from engageai.scholarly.papers import Paper, folded

FUSION: Final = 60.0
ENOUGH: Final = 0.5


@dataclass(slots=True)
class _Entry:
    paper: Paper
    keys: set[str] = field(default_factory=set)
    merit: float = 0.0


def choose(found: Sequence[tuple[str, Mapping[str, Sequence[Paper]]]], limit: int) -> list[list[Paper]]:
    """Of each passage at most `limit` papers; `found` has its search words, and what each source returned for them."""
    shown: set[str] = set()
    chosen = []
    for words, answers in found:
        fresh = [entry for entry in _ranked(words, answers) if not entry.keys & shown][:limit]
        shown.update(*(entry.keys for entry in fresh))
        chosen.append([entry.paper for entry in fresh])
    return chosen


def is_about(paper: Paper, words: str) -> bool:
    wanted = {folded(word) for word in words.split()} - {""}
    held = {folded(word) for word in f"{paper.title} {paper.abstract}".replace("-", " ").split()}
    return bool(wanted) and len(wanted & held) >= ENOUGH * len(wanted)


def _ranked(words: str, answers: Mapping[str, Sequence[Paper]]) -> list[_Entry]:
    entries: list[_Entry] = []
    for papers in answers.values():
        for rank, paper in enumerate(papers, start=1):
            if is_about(paper, words):
                _add(entries, paper, 1 / (FUSION + rank))
    return sorted(entries, key=_place)


def _place(entry: _Entry) -> tuple[float, int, str]:
    return -entry.merit, -(entry.paper.citations or 0), entry.paper.title


def _add(entries: list[_Entry], paper: Paper, merit: float) -> None:
    """A paper may join two that were apart until now, by the DOI of the one and the title of the other."""
    keys = _keys(paper)
    same = [entry for entry in entries if entry.keys & keys]
    if not same:
        entries.append(_Entry(paper, keys, merit))
        return
    first, *rest = same
    for other in rest:
        entries.remove(other)
        _absorb(first, other.paper, other.keys, other.merit)
    _absorb(first, paper, keys, merit)


def _absorb(entry: _Entry, paper: Paper, keys: set[str], merit: float) -> None:
    entry.merit += 0.0 if set(paper.sources) <= set(entry.paper.sources) else merit  # a source counts once
    entry.paper = merged(entry.paper, paper)
    entry.keys |= keys


def merged(first: Paper, second: Paper) -> Paper:
    sources = (*first.sources, *(source for source in second.sources if source not in first.sources))
    return replace(
        first,
        authors=first.authors or second.authors,
        year=first.year if first.year is not None else second.year,
        venue=first.venue or second.venue,
        doi=first.doi or second.doi,
        url=first.url or second.url,
        open_url=first.open_url or second.open_url,
        abstract=first.abstract or second.abstract,
        citations=first.citations if first.citations is not None else second.citations,
        sources=sources,
    )


def _keys(paper: Paper) -> set[str]:
    return {key for key in (f"doi:{paper.doi}" if paper.doi else "", folded(paper.title)) if key}
