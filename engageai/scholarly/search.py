"""What to read next for a recording: concepts, then papers, then their order; with what could not be had, and why.

Knows the session's cache and the time that a page may take. What was found once is not asked for again: phrases are
kept by passage, answers by source and question, so that another environment only asks for what it adds. Nothing is
sent without a setting and the visitor's consent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from django.conf import settings

from analytics import resources, timeline
from analytics.models import Recording
from analytics.readings import Readings
from analytics.scoring import Environment
from analytics.transcript import Transcript
from engageai.scholarly import concepts, gemini, sources
from engageai.scholarly.fetch import Unavailable
from engageai.scholarly.links import SearchLink, search_links
from engageai.scholarly.papers import Paper
from engageai.scholarly.passages import Passage, by_attention
from engageai.scholarly.patience import collect
from engageai.scholarly.ranking import choose

PASSAGES: Final = 3
CANDIDATES: Final = 6
"""Passages whose concepts are looked for: some name no subject."""
SEARCHED_PHRASES: Final = 2
PAPERS: Final = 4
"""Shown of one passage."""
TRY_AGAIN_S: Final = 60.0

Answers = dict[str, dict[str, list[Paper]]]
"""Papers by source and by question."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """One passage, what it is about, and what there is to read."""

    passage: Passage
    phrases: tuple[str, ...]
    papers: tuple[Paper, ...]
    links: tuple[SearchLink, ...]

    @property
    def words(self) -> str:
        return question(self.phrases)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Who could not be asked, and why: "Crossref is unavailable: it did not answer in time"."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resources:
    """`is_pending` where the time was spent on the concepts, and the papers have still to be looked for."""

    found: tuple[Found, ...]
    troubles: tuple[Trouble, ...]
    answered: tuple[str, ...]  # the sources that did
    concepts_by: str
    is_online: bool
    is_pending: bool


@dataclass(slots=True)
class _Cache:
    """What lies in the recording's folder."""

    concepts: dict[int, tuple[str, ...]] = field(default_factory=dict)
    failed_at: float = 0.0
    answers: Answers = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> _Cache:
        stored = resources.load(recording)
        try:
            return cls(
                concepts={int(index): tuple(phrases) for index, phrases in stored["concepts"].items()},
                failed_at=float(stored["failed_at"]),
                answers={
                    source: {words: [_paper(each) for each in papers] for words, papers in answers.items()}
                    for source, answers in stored["answers"].items()
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError):  # nothing, or what another version wrote
            return cls()

    def save(self, recording: Recording) -> None:
        if self != _Cache.of(recording):
            resources.save(recording, asdict(self))


def _paper(stored: Mapping[str, Any]) -> Paper:
    return Paper(**{**stored, "authors": tuple(stored["authors"]), "sources": tuple(stored["sources"])})


def question(phrases: Sequence[str]) -> str:
    return " ".join(phrases[:SEARCHED_PHRASES])


def find(recording: Recording, transcript: Transcript, readings: Readings, environment: Environment) -> Resources:
    until_s = time.monotonic() + settings.SCHOLARLY_PAGE_S
    cache = _Cache.of(recording)
    instants = timeline.instants(readings)
    passages = by_attention(transcript.paragraphs, instants, environment, recording.analysed_s)[:CANDIDATES]
    known = len(cache.concepts), cache.failed_at
    phrases, troubles = _concepts(recording, transcript, passages, cache, until_s)
    has_waited = (len(cache.concepts), cache.failed_at) != known and _left_s(until_s) < settings.SCHOLARLY_TOTAL_S
    chosen = [passage for passage in passages if phrases.get(passage.index)][:PASSAGES]
    is_online = settings.SCHOLARLY_ONLINE and recording.may_search
    is_pending = bool(is_online and chosen and has_waited)
    asked = sources.available() if is_online and chosen else []
    if asked and not is_pending:
        troubles += _search(asked, [phrases[passage.index] for passage in chosen], cache, until_s)
    cache.save(recording)
    return Resources(
        found=_found(chosen, phrases, cache.answers if is_online else {}),
        troubles=tuple(troubles),
        answered=tuple(each.label for each in asked if each.label not in [trouble.label for trouble in troubles]),
        concepts_by="Gemini" if cache.concepts and _may_ask_gemini(recording) else "",
        is_online=is_online,
        is_pending=is_pending,
    )


def _left_s(until_s: float) -> float:
    return until_s - time.monotonic()


def _found(chosen: Sequence[Passage], phrases: Mapping[int, tuple[str, ...]], answers: Answers) -> tuple[Found, ...]:
    questions = [question(phrases[passage.index]) for passage in chosen]
    known = [(words, {name: answers[name].get(words, []) for name in answers}) for words in questions]
    return tuple(
        Found(passage, phrases[passage.index], tuple(papers), search_links(words))
        for passage, words, papers in zip(chosen, questions, choose(known, PAPERS), strict=True)
    )


def _may_ask_gemini(recording: Recording) -> bool:
    return bool(settings.GOOGLE_API_KEY) and recording.may_send_text


def _concepts(
    recording: Recording, transcript: Transcript, passages: Sequence[Passage], cache: _Cache, until_s: float
) -> tuple[dict[int, tuple[str, ...]], list[Trouble]]:
    """The phrases of each passage. Those of passages that Gemini did not describe are found here."""
    troubles: list[Trouble] = []
    if _may_ask_gemini(recording):
        troubles = _ask_gemini([each for each in passages if each.index not in cache.concepts], cache, until_s)
        if not troubles:
            return {passage.index: cache.concepts.get(passage.index, ()) for passage in passages}, []
    said = [sentence.text for paragraph in transcript.paragraphs for sentence in paragraph.sentences]
    return concepts.embedded(passages, said) | cache.concepts, troubles


def _ask_gemini(passages: Sequence[Passage], cache: _Cache, until_s: float) -> list[Trouble]:
    if not passages:
        return []
    reason = "it failed a moment ago"
    if time.time() - cache.failed_at > TRY_AGAIN_S:
        job = partial(_one, partial(gemini.ask, passages, until_s))
        for _, answer in collect({"gemini": job}, until_s):
            if not isinstance(answer, Unavailable):
                cache.concepts |= {passage.index: answer.get(passage.index, ()) for passage in passages}
                return []
            reason = answer.reason
        cache.failed_at = time.time()
    return [Trouble("Gemini", reason)]


def _one(call: Callable[[], T]) -> Iterator[T]:
    yield call()


def _search(
    asked: Sequence[sources.Source], topics: Sequence[tuple[str, ...]], cache: _Cache, until_s: float
) -> list[Trouble]:
    """Ask every source at the same time, each about one passage after the other."""
    jobs = {}
    for source in asked:
        known = cache.answers.setdefault(source.name, {})
        missing = [phrases for phrases in topics[: source.questions] if question(phrases) not in known]
        jobs[source.name] = partial(_answers, source, missing, until_s)
    labels = {source.name: source.label for source in asked}
    troubles = []
    for name, item in collect(jobs, until_s):
        if isinstance(item, Unavailable):
            troubles.append(Trouble(labels[name], item.reason))
        else:
            cache.answers[name][item[0]] = item[1]
    return troubles


def _answers(
    source: sources.Source, topics: Sequence[tuple[str, ...]], until_s: float
) -> Iterator[tuple[str, list[Paper]]]:
    for phrases in topics:
        yield question(phrases), sources.ask(source, phrases[:SEARCHED_PHRASES], until_s)
