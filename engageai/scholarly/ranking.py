"""Which papers a passage gets, and in which order. Pure; knows what sources returned, and adds nothing.

The rule, as the page states it:
1. A paper counts when its title or abstract holds at least half of the words that were searched for.
2. Papers with the same DOI are one. So are those with the same title but for case, accents and punctuation, where an
   author's surname is the same as well (where one names none: the year, give or take one) and no two DOIs stand
   against it; arXiv's own DOI of a preprint stands against no other. Of each field the first source that gave it is
   kept, in the order in which the sources are asked.
3. Within a passage papers are ordered by the sources' own rankings, joined by reciprocal rank fusion (Cormack, Clarke
   & Buettcher 2009: a paper at rank r gets 1 / (60 + r), and adds up what it gets); then by citations, then by title.
4. A paper is shown once, at the first passage that found it. Passages come in order of attention, lowest first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from engageai.scholarly.papers import Paper, folded

FUSION: Final = 60.0
ENOUGH: Final = 0.5
ARXIV_DOI: Final = "10.48550/"
HYPHENS: Final = str.maketrans(dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2015/", " "))


@dataclass(slots=True, eq=False)
class _Entry:
    """What the sources said of one paper, together."""

    paper: Paper
    dois: set[str]
    titles: set[str]
    merit: float = 0.0

    @classmethod
    def of(cls, paper: Paper, merit: float) -> _Entry:
        return cls(paper, {paper.doi} - {""}, {folded(paper.title)} - {""}, merit)


def choose(found: Sequence[tuple[str, Mapping[str, Sequence[Paper]]]], limit: int) -> list[list[Paper]]:
    """Of each passage at most `limit` papers; `found` has its search words, and what each source returned for them."""
    shown: list[_Entry] = []
    chosen = []
    for words, answers in found:
        unseen = (entry for entry in _ranked(words, answers) if not any(_is_one(entry, other) for other in shown))
        fresh = list(islice(unseen, limit))
        shown += fresh
        chosen.append([entry.paper for entry in fresh])
    return chosen


def is_about(paper: Paper, words: str) -> bool:
    wanted, held = _words(words), _words(f"{paper.title} {paper.abstract}")
    return bool(wanted) and len(wanted & held) >= ENOUGH * len(wanted)


def _words(text: str) -> set[str]:
    return {folded(word) for word in text.translate(HYPHENS).split()} - {""}


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
    fresh = _Entry.of(paper, merit)
    same = []
    for entry in sorted(entries, key=lambda each: not each.dois & fresh.dois):  # a DOI says more than a title
        if _is_one(entry, fresh):
            same.append(entry)
            fresh.dois |= entry.dois
            fresh.titles |= entry.titles
    first, *rest = [*(each for each in entries if each in same), fresh]
    for other in rest:
        _absorb(first, other)
    entries[:] = [each for each in [*entries, fresh] if each not in rest]


def _is_one(first: _Entry, second: _Entry) -> bool:
    if first.dois & second.dois:
        return True
    kinds = Counter(doi.startswith(ARXIV_DOI) for doi in first.dois | second.dois)
    may_be_one = bool(first.titles & second.titles) and max(kinds.values(), default=0) < 2
    return may_be_one and _agree(first.paper, second.paper)


def _agree(first: Paper, second: Paper) -> bool:
    """On who wrote it, or else on when; of records that say neither, the same one twice is one."""
    if first.authors and second.authors:
        return bool(_surnames(first) & _surnames(second))
    if first.year is not None and second.year is not None:
        return abs(first.year - second.year) <= 1
    return first == second


def _surnames(paper: Paper) -> set[str]:
    return {folded(author.split()[-1]) for author in paper.authors} - {""}


def _absorb(entry: _Entry, other: _Entry) -> None:
    is_heard = set(other.paper.sources) <= set(entry.paper.sources)  # a source counts once
    entry.merit += 0.0 if is_heard else other.merit
    entry.paper = merged(entry.paper, other.paper)
    entry.dois |= other.dois
    entry.titles |= other.titles


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
