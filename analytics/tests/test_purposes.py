"""One question decides whether expressions may be read, and its answer cannot be talked round."""

from __future__ import annotations

import pytest

from analytics import purposes
from analytics.purposes import Terms


@pytest.mark.parametrize("name", ["private", "event", "research", "elsewhere"])
def test_no_rule_stops_most_purposes(name: str) -> None:
    assert purposes.terms(name) == Terms(name, "", True)


def test_at_work_or_in_education_in_the_eu_expressions_are_not_read() -> None:
    assert purposes.terms("eu") == Terms("eu", "", False)


@pytest.mark.parametrize("exemption", ["medical", "safety"])
def test_a_stated_exemption_lets_them_be_read_and_is_kept(exemption: str) -> None:
    assert purposes.terms("eu", exemption) == Terms("eu", exemption, True)


def test_who_asks_for_them_without_an_exemption_is_refused() -> None:
    with pytest.raises(purposes.Prohibited):
        purposes.answered({"purpose": "eu", "expressions": "yes"}, "private")


@pytest.mark.parametrize("name", purposes.NAMES)
def test_anybody_may_go_without_and_then_claims_no_exemption(name: str) -> None:
    found = purposes.answered({"purpose": name, "exemption": "medical", "expressions": "no"}, "private")
    assert found == Terms(name, "", False)


def test_an_exemption_from_no_rule_is_not_kept() -> None:
    assert purposes.terms("event", "safety") == Terms("event", "", True)


@pytest.mark.parametrize(
    "form",
    [{"purpose": "fun"}, {"purpose": "eu", "exemption": "because"}, {"purpose": "event", "expressions": "maybe"}],
)
def test_what_is_not_on_the_page_is_not_an_answer(form: dict[str, str]) -> None:
    with pytest.raises(purposes.Unknown):
        purposes.answered(form, "private")


def test_who_says_nothing_gives_the_default() -> None:
    assert purposes.answered({}, "eu") == Terms("eu", "", False)
    assert purposes.answered({"purpose": ""}, "event") == Terms("event", "", True)


def test_an_answer_reads_like_the_page() -> None:
    assert purposes.label(purposes.terms("eu", "medical")) == "Work or education, in the EU: a medical purpose"
    assert purposes.label(Terms("", "", True)) == ""
