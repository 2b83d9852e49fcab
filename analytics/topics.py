"""What was talked about: key phrases and the sentences that say most, from the text alone.

Knows English words and how often they stand together. Refuses to know meaning, other languages' grammar and the world:
nothing here was trained, downloaded or asked for; every phrase and every sentence was said.

- Key phrases: C-value (Frantzi, Ananiadou & Mima 2000, Int. J. Digit. Libr. 3, 115). A phrase counts as often as it was
  said, less the mean frequency of the longer phrases it is part of, times the logarithm of its length; one is added to
  the length, so that single words count too (Barrón-Cedeño et al. 2009). Their filter, adjectives and nouns that end on
  a noun, needs parts of speech; these are guessed from lists of function words and common verbs and from endings. Text
  that is not English has too few of the function words and gets no phrases instead of bad ones.
- Summary: continuous LexRank (Erkan & Radev 2004, J. Artif. Intell. Res. 22, 457), where a walk between sentences that
  are alike in TF-IDF spends its time, then maximal marginal relevance (Carbonell & Goldstein 1998, SIGIR), so that the
  second sentence does not repeat the first. The likenesses are never written out: two hours of talk need no more memory
  than their words.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.english import FUNCTION_WORDS, NOT_IN_TERMS, could_end_a_term

Term = tuple[str, ...]

MAX_WORDS: Final = 4
MIN_LETTERS: Final = 3
MIN_FUNCTION_WORDS: Final = 0.2
"""English speech has about one half; German and French, which share some, stay below a tenth."""
MIN_SENTENCE_WORDS: Final = 6
DAMPING: Final = 0.85
RELEVANCE: Final = 0.5
"""Weight of relevance against novelty."""
STEPS: Final = 100
CONVERGED: Final = 1e-9

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*|\S")


@dataclass(frozen=True, slots=True)
class Phrase:
    """`text` in the form in which it was said most often; `score` is its C-value."""

    text: str
    score: float


def key_phrases(sentences: Sequence[str], limit: int = 12) -> list[Phrase]:
    """The `limit` phrases with the highest C-value; of equal ones the first said comes first."""
    if not _is_english(sentences):
        return []
    forms: defaultdict[Term, Counter[str]] = defaultdict(Counter)
    for said in _candidates(sentences):
        forms[tuple(_singular(word.lower()) for word in said)][" ".join(said)] += 1
    values = _c_values({term: counts.total() for term, counts in forms.items()})
    kept = [(value, term) for term, value in values.items() if value > 0 and (len(term) > 1 or forms[term].total() > 1)]
    kept.sort(key=lambda pair: -pair[0])
    return [Phrase(_usual(forms[term]), value) for value, term in kept[:limit]]


def summarise(sentences: Sequence[str], limit: int = 3) -> list[int]:
    """Rows of the `limit` sentences that say most, in their order."""
    rows = [row for row, sentence in enumerate(sentences) if len(sentence.split()) >= MIN_SENTENCE_WORDS]
    rows = rows if len(rows) > limit else [row for row, sentence in enumerate(sentences) if sentence.strip()]
    if len(rows) <= limit:
        return rows
    vectors = _vectors([sentences[row] for row in rows])
    if vectors is None:
        return rows[:limit]
    return [rows[chosen] for chosen in sorted(_varied(vectors, _lexrank(vectors), limit))]


def _vectors(sentences: Sequence[str]) -> Any:
    """TF-IDF (S, V), each of length 1; None where there is nothing but function words."""
    # Two seconds that a page without a transcript need not wait for.
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    try:
        return TfidfVectorizer(stop_words=sorted(FUNCTION_WORDS), sublinear_tf=True).fit_transform(sentences)
    except ValueError:
        return None


def _is_english(sentences: Iterable[str]) -> bool:
    words = [word.lower() for sentence in sentences for word in _WORD.findall(sentence) if word[0].isalpha()]
    return bool(words) and sum(word in FUNCTION_WORDS for word in words) >= MIN_FUNCTION_WORDS * len(words)


def _candidates(sentences: Iterable[str]) -> Iterator[Term]:
    """Every stretch of up to MAX_WORDS words that could be a term, as it was said."""
    for sentence in sentences:
        for run in _runs(sentence):
            for start in range(len(run)):
                for stop in range(start + 1, min(start + MAX_WORDS, len(run)) + 1):
                    if could_end_a_term(run[stop - 1].lower()):
                        yield tuple(run[start:stop])


def _runs(sentence: str) -> Iterator[list[str]]:
    """Words between function words, verbs, adverbs and punctuation."""
    run: list[str] = []
    for word in _WORD.findall(sentence):
        if _may_be_in_a_term(word):
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _may_be_in_a_term(word: str) -> bool:
    lower = word.lower().replace("\u2019", "'")
    if lower in NOT_IN_TERMS or "'" in lower or lower.endswith("ly"):
        return False
    return len(word) >= MIN_LETTERS or (word.isupper() and len(word) > 1)


def _c_values(frequency: dict[Term, int]) -> dict[Term, float]:
    """The algorithm of Frantzi et al., section 2.3, from the longest terms to the shortest; 0 if never said alone."""
    nested: Counter[Term] = Counter()  # how often within longer terms
    longer: Counter[Term] = Counter()  # in how many of these
    within: Counter[Term] = Counter()  # how often within the most frequent of these
    values: dict[Term, float] = {}
    for term in sorted(frequency, key=len, reverse=True):
        own = frequency[term] - (nested[term] / longer[term] if longer[term] else 0.0)
        values[term] = math.log2(len(term) + 1) * own if within[term] < frequency[term] else 0.0
        alone = frequency[term] - nested[term]
        for part in _parts(term) & frequency.keys():
            nested[part] += alone
            longer[part] += alone > 0
            within[part] = max(within[part], frequency[term])
    return {term: values[term] for term in frequency}


def _parts(term: Term) -> set[Term]:
    count = len(term)
    return {term[a:b] for a in range(count) for b in range(a + 1, count + 1) if b - a < count}


def _usual(forms: Counter[str]) -> str:
    """Written as most often; a sentence's first capital does not make a name."""
    lower = Counter({form.lower(): 0 for form in forms})
    for form, count in forms.items():
        lower[form.lower()] += count
    usual = lower.most_common(1)[0][0]
    written = [form for form in forms if form.lower() == usual]
    return usual if usual in written else max(written, key=lambda form: forms[form])


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _lexrank(vectors: Any) -> NDArray[np.float64]:
    """How much of its time a walk spends in each sentence; likeness is vectors @ vectors.T, none to itself."""
    count = vectors.shape[0]
    itself = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()

    def to_others(mass: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(vectors @ (vectors.T @ mass)) - itself * mass

    degree = to_others(np.ones(count))
    degree = np.where(degree > CONVERGED, degree, np.inf)  # nothing leaves a sentence that is like no other
    rank = np.full(count, 1 / count)
    for _ in range(STEPS):
        walked: NDArray[np.float64] = (1 - DAMPING) / count + DAMPING * to_others(rank / degree)
        walked /= walked.sum()
        moved, rank = np.abs(walked - rank).sum(), walked
        if moved < CONVERGED:
            break
    return rank


def _varied(vectors: Any, rank: NDArray[np.float64], limit: int) -> list[int]:
    """Maximal marginal relevance: each choice weighs its rank against its likeness to those chosen."""
    relevance = rank / rank.max()
    chosen: list[int] = []
    likest = np.zeros(len(rank))
    for _ in range(limit):
        worth = RELEVANCE * relevance - (1 - RELEVANCE) * likest
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        likest = np.maximum(likest, np.asarray((vectors @ vectors[best].T).todense()).ravel())
    return chosen
