"""Papers are merged and ordered by the stated rule, and none is made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engageai.scholarly.links import search_links
from engageai.scholarly.papers import Paper
from engageai.scholarly.ranking import choose, is_about

WORDS = "audience attention"


def paper(title: str, source: str = "Crossref", **more: object) -> Paper:
    plain = Paper(f"Audience attention {title}", (), 2020, "", "", "", "", "", None, (source,))
    return replace(plain, **more)  # type: ignore[arg-type]


def titles(papers: list[Paper]) -> list[str]:
    return [each.title.removeprefix("Audience attention ") for each in papers]


def test_one_doi_is_one_paper_with_the_fields_of_both() -> None:
    first = paper("one", doi="10.1/a", citations=4, year=None)
    second = paper(
        "One, a longer title", "OpenAlex", doi="10.1/a", citations=9, year=2020, open_url="https://a.example"
    )
    ((found,),) = choose([(WORDS, {"crossref": [first], "openalex": [second]})], 4)
    assert (found.title, found.citations, found.year) == (first.title, 4, 2020)
    assert (found.open_url, found.sources) == ("https://a.example", ("Crossref", "OpenAlex"))


def test_one_title_is_one_paper_however_it_is_spelled() -> None:
    first, second = paper("Étude: of (rooms)"), paper("ETUDE OF ROOMS", "arXiv", doi="10.1/a")
    ((found,),) = choose([(WORDS, {"crossref": [first], "arxiv": [second]})], 4)
    assert (found.title, found.doi) == (first.title, "10.1/a")


def stated(source: str, doi: str, *authors: str, **more: object) -> Paper:
    return paper("in rooms", source, doi=doi, authors=authors, **more)


def found_of(*papers: Paper) -> list[Paper]:
    (found,) = choose([(WORDS, {str(row): [each] for row, each in enumerate(papers)})], 9)
    return found


def test_one_title_with_two_dois_is_two_papers() -> None:
    stone = stated("Crossref", "10.1/a", "A. Stone")
    other = stated("OpenAlex", "10.1/b", "A. Stone", abstract="Of other rooms.", open_url="https://other.example/b.pdf")
    assert found_of(stone, other) == [stone, other]
    assert found_of(stone, stated("arXiv", "", "A. Stone"), other)[1:] == [other], "nothing joins what stands apart"
    later = choose([(WORDS, {"crossref": [stone]}), (WORDS, {"openalex": [other]})], 9)
    assert later == [[stone], [other]], "and the one does not hide the other"


def test_a_preprint_and_its_paper_are_one() -> None:
    published = stated("Crossref", "10.1/a", "Ada Stone")
    preprint = stated("arXiv", "10.48550/arxiv.2401.01234", "B. Moss", "A. Stone", year=2017)
    (found,) = found_of(published, preprint)
    assert found.sources == ("Crossref", "arXiv")
    assert len(found_of(preprint, replace(preprint, doi="10.48550/arxiv.2401.09999"))) == 2


def test_one_title_without_a_doi_is_one_paper_where_its_author_or_its_year_is() -> None:
    stone = stated("Crossref", "10.1/a", "A. Stone")
    assert len(found_of(stone, stated("OpenAlex", "", "Ada Stone", year=1990))) == 1
    assert len(found_of(stone, stated("OpenAlex", "", "B. Moss"))) == 2
    assert len(found_of(stone, stated("OpenAlex", "", year=2021))) == 1
    assert len(found_of(stone, stated("OpenAlex", "", year=2022))) == 2
    assert len(found_of(stone, stated("OpenAlex", "", year=None))) == 2
    unsaid = stated("OpenAlex", "", year=None)
    assert len(found_of(unsaid, unsaid)) == 1


def test_a_third_paper_may_join_two() -> None:
    by_doi, by_title = paper("x", doi="10.1/a"), paper("y", "arXiv")
    both = paper("y", "OpenAlex", doi="10.1/a")
    ((found,),) = choose([(WORDS, {"crossref": [by_doi], "arxiv": [by_title], "openalex": [both]})], 4)
    assert found.sources == ("Crossref", "arXiv", "OpenAlex")


def test_what_several_sources_rank_high_comes_first() -> None:
    crossref = [paper("a"), paper("b"), paper("c")]
    arxiv = [paper("c", "arXiv"), paper("d", "arXiv")]
    (found,) = choose([(WORDS, {"crossref": crossref, "arxiv": arxiv})], 9)
    assert titles(found) == ["c", "a", "b", "d"]


def test_citations_and_then_titles_decide_between_equals() -> None:
    crossref, arxiv = [paper("b")], [paper("a", "arXiv")]
    assert titles(choose([(WORDS, {"crossref": crossref, "arxiv": arxiv})], 9)[0]) == ["a", "b"]
    crossref = [paper("b", citations=3)]
    assert titles(choose([(WORDS, {"crossref": crossref, "arxiv": arxiv})], 9)[0]) == ["b", "a"]


def test_a_source_that_lists_a_paper_twice_counts_once() -> None:
    twice = [paper("a"), paper("b"), paper("b")]
    assert titles(choose([(WORDS, {"crossref": twice})], 9)[0]) == ["a", "b"]


def test_a_paper_stands_at_the_first_passage_that_found_it() -> None:
    shared = paper("shared", doi="10.1/a")
    found = choose(
        [
            (WORDS, {"crossref": [shared, paper("a"), paper("b")]}),
            (WORDS, {"arxiv": [replace(shared, title="Audience attention, other title"), paper("b"), paper("c")]}),
        ],
        limit=2,
    )
    assert [titles(papers) for papers in found] == [["shared", "a"], ["b", "c"]]


def test_a_paper_that_is_about_something_else_is_left_out() -> None:
    off = replace(paper(""), title="On the growth of mosses")
    assert choose([(WORDS, {"crossref": [off]})], 4) == [[]]
    assert is_about(replace(off, abstract="Attention."), WORDS)
    assert is_about(replace(off, title="AUDIENCE-related"), WORDS)
    assert not is_about(paper(""), "")


@pytest.mark.parametrize("hyphen", "-\u2010\u2011\u2012\u2013\u2014\u2015/")
def test_words_with_hyphens_are_their_parts(hyphen: str) -> None:
    off = replace(paper(""), title="Attention-deficit and self-regulation")
    assert is_about(off, f"self{hyphen}regulation")
    assert is_about(replace(off, title=f"Self{hyphen}regulation"), "self-regulation")
    assert not is_about(off, f"co{hyphen}teaching")


def test_where_no_source_answered_there_is_nothing() -> None:
    assert choose([(WORDS, {}), (WORDS, {"crossref": []})], 4) == [[], []]


def test_searches_elsewhere_are_labelled_and_spelled_as_each_site_wants() -> None:
    found = {link.site: link.url for link in search_links('a&b "c" é')}
    assert found == {
        "Google Scholar": "https://scholar.google.com/scholar?q=a%26b+%22c%22+%C3%A9",
        "Semantic Scholar": "https://www.semanticscholar.org/search?q=a%26b+%22c%22+%C3%A9",
        "arXiv": "https://arxiv.org/search/?query=a%26b+%22c%22+%C3%A9&searchtype=all",
        "DOAJ": "https://doaj.org/search/articles?source=%7B%22query%22%3A%7B%22query_string%22%3A%7B%22query%22%3A%22"
        "a%26b%20%5C%22c%5C%22%20%5Cu00e9%22%2C%22default_operator%22%3A%22OR%22%7D%7D%7D",
        "Europe PMC": "https://europepmc.org/search?query=a%26b+%22c%22+%C3%A9",
        "CORE": "https://core.ac.uk/search?q=a%26b+%22c%22+%C3%A9",
    }
