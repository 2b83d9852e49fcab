"""No setting turns a search into a way to somebody else's network."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from engageai.scholarly import hosts


def test_without_stand_ins_the_hosts_are_the_real_ones_and_speak_tls(settings: Any) -> None:
    settings.SCHOLARLY_STAND_INS = []
    assert [hosts.origin(name) for name in hosts.HOSTS] == list(hosts.HOSTS.values())
    assert all(origin.startswith("https://") for origin in hosts.HOSTS.values())


@pytest.mark.parametrize("address", ["http://127.0.0.1:8001", "http://[::1]:8001"])
def test_a_stand_in_is_on_this_machine(address: str, settings: Any) -> None:
    settings.SCHOLARLY_STAND_INS = [f"crossref={address}"]
    assert hosts.origin("crossref") == address
    assert hosts.origin("arxiv") == "https://export.arxiv.org"


@pytest.mark.parametrize(
    "pair",
    [
        "crossref=http://169.254.169.254:80",
        "crossref=http://10.0.0.1:80",
        "crossref=http://localhost:80",
        "crossref=http://127.0.0.1.evil.example:80",
        "crossref=http://127.0.0.1:80@evil.example:80",
        "crossref=http://evil.example:80#127.0.0.1",
        "crossref=https://127.0.0.1:80",
        "crossref=http://127.0.0.1",
        "crossref=http://127.0.0.1:80/path",
        "crossref=http://127.0.0.1:99999",
        "crossref=ftp://127.0.0.1:80",
        "crossref",
        "scopus=http://127.0.0.1:80",
    ],
)
def test_any_other_is_refused_when_the_server_starts(pair: str, settings: Any) -> None:
    settings.SCHOLARLY_STAND_INS = [pair]
    with pytest.raises(ImproperlyConfigured, match="SCHOLARLY_STAND_INS"):
        hosts.refuse_strange_stand_ins()
