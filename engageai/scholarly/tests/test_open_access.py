"""A paper of Crossref is called open where a reader may open it, today, and leads to where that is."""

from __future__ import annotations

from typing import Any

import pytest

from engageai.scholarly import crossref
from engageai.scholarly.tests import answers


def test_full_text_is_called_open_only_where_its_licence_says_so() -> None:
    link = [{"URL": "https://publisher.example/1.pdf", "content-type": "application/pdf"}]
    open_ = [{"URL": "http://creativecommons.org/licenses/by/4.0/", "content-version": "vor"}]
    closed = [{"URL": "https://publisher.example/tdm"}]
    assert [open_url(link, licence) for licence in (open_, closed, [])] == ["https://publisher.example/1.pdf", "", ""]


def open_url(link: list[dict[str, Any]], licence: list[dict[str, Any]]) -> str:
    work = answers.crossref_work("A", "10.1/x", link=link, license=licence)
    return crossref.read(answers.crossref(work))[0].open_url


def test_a_licence_counts_of_what_is_read_and_once_it_has_begun() -> None:
    def of(version: str, *start: int) -> str:
        named = {"URL": "https://creativecommons.org/licenses/by/4.0/", "content-version": version}
        return open_url([], [named | {"start": {"date-parts": [list(start)]}}])

    assert of("vor", 2019) == of("unspecified", 2019, 4) == of("vor", 2019, 4, 1) == "https://doi.org/10.1/x"
    assert of("am", 2019) == of("tdm", 2019) == of("vor", 2999, 1, 1) == of("vor", 2999) == of("vor") == ""


@pytest.mark.parametrize("purpose", ["text-mining", "similarity-checking"])
def test_a_link_for_machines_is_not_one_to_read_at(purpose: str) -> None:
    licence = [{"URL": "http://creativecommons.org/licenses/by/4.0/", "content-version": "vor"}]
    machine = {"URL": "https://api.publisher.example/1?httpAccept=text/xml", "intended-application": purpose}
    reader = {"URL": "https://publisher.example/1.pdf", "intended-application": "syndication"}
    assert open_url([machine], licence) == "https://doi.org/10.1/x"
    assert open_url([machine, reader], licence) == "https://publisher.example/1.pdf"
