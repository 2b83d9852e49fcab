"""The notice for the people in the picture: whole without a script, true of this installation, asked of nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def sheet(client: Client) -> str:
    answer = client.get(reverse("notice"))
    assert answer.status_code == 200
    whole = answer.content.decode()
    return whole[whole.index('<article class="sheet"') : whole.index("</article>")]


@pytest.mark.parametrize(
    "said",
    [
        "apparent expression",
        "not what you feel or think",
        "On the computer of those responsible",
        "about 30 minutes after its last use",
        "whom to ask",
        "withdraw your agreement at any time",
        "data protection authority",
        "Article 50(3)",
        "Articles 13 and 14 of the GDPR",
        "reads <b>no expressions</b>",
    ],
)
def test_it_says_what_the_law_asks_for(client: Client, said: str) -> None:
    assert said in sheet(client)


def test_it_opens_no_session_and_leaves_no_cookie(client: Client) -> None:
    answer = client.get(reverse("notice"))
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_whom_to_ask_comes_from_the_installation_as_text(client: Client, settings: Any) -> None:
    settings.NOTICE_CONTACT = "Ada <ada@example.org>"
    assert "Ada &lt;ada@example.org&gt;" in sheet(client)


def test_it_names_everybody_who_could_be_given_something(client: Client, settings: Any) -> None:
    assert "Nothing is sent elsewhere." in sheet(client)
    settings.DEEPGRAM_API_KEY = "key"
    settings.SCHOLARLY_ONLINE = True
    text = sheet(client)
    assert "the sound to Deepgram; a few key phrases to Crossref and arXiv." in text
    assert "Nothing is sent elsewhere." not in text


def test_both_ways_in_lead_to_it(client: Client) -> None:
    for name in ("upload-start", "live-start"):
        assert f'href="{reverse("notice")}"' in client.get(reverse(name)).content.decode()
