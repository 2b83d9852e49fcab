"""Why, over HTTP: a fragment, a page, JSON; to its owner alone, and a sentence where the question makes no sense."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from analytics.scoring import ENVIRONMENTS
from analytics.tests.finished import finished, owner, url
from analytics.tests.synthetic import audience
from analytics.tests.test_explain import BAD, LENGTH_S, READINGS, SPANS, asked
from emotion_ml.types import LeftOut


@pytest.fixture
def browser(db: None) -> Client:
    return owner()


def test_a_program_gets_the_exact_parts(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S, said=SPANS)
    for words in ({}, {"of": "60s", "at": "70"}, {"of": "paragraph", "paragraph": "4"}):
        answer = browser.get(url("recording-why", recording), words, headers={"Accept": "application/json"})
        body = answer.json()
        assert sum(part["adds"] for part in body["parts"]) == pytest.approx(body["score"], abs=1e-9)
        assert body["score"] == asked(**words).score
        assert body["low"] <= body["score"] <= body["high"]
        assert body["sentence"].startswith(f"{body['score']:.2f} because ")


def cells(text: str) -> list[list[str]]:
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in rows
    ]


def number(cell: str) -> float:
    return float(cell.replace("\N{MINUS SIGN}", "-").removesuffix(" %"))


def test_the_panel_shows_columns_that_add_up(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S)
    words = {"of": "30s", "at": "1:10", "environment": "classroom"}
    answer = browser.get(url("recording-why", recording), words, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<html" not in text
    table = cells(text)
    parts, moves = table[1:6], table[9:14]
    shown = asked(ENVIRONMENTS[0], of="30s", at="70")
    assert shown.score is not None
    assert number(table[6][-1]) == round(sum(number(row[3]) for row in parts), 2) == round(shown.score, 2)
    assert round(number(table[8][-1]) + sum(number(row[4]) for row in moves), 2) == number(table[14][-1])
    assert f"Why {shown.score:.1f}?" in text
    assert "read as a classroom audience" in text
    assert "Uncertain" in text


def test_without_scripts_it_is_a_page_with_the_same_form(browser: Client, data_dir: Path) -> None:
    text = browser.get(url("recording-why", finished(data_dir, READINGS, LENGTH_S))).content.decode()
    assert "<html" in text
    assert 'name="of"' in text
    assert "Back to the results" in text


def test_a_recording_without_expressions_says_that_there_is_nothing_to_take_apart(
    browser: Client, data_dir: Path
) -> None:
    unread = audience(np.arange(50) / 5, np.full((50, 1, 5), np.nan), left_out=np.full((50, 1), LeftOut.UNREAD))
    recording = finished(data_dir, unread, 10.0)
    text = browser.get(url("recording-why", recording)).content.decode()
    assert "Why no score?" in text
    assert "their expressions were not read" in text
    assert "nothing to recompute" in browser.get(url("recording-show", recording)).content.decode()
    assert browser.get(url("recording-bench", recording)).status_code == 404


@pytest.mark.parametrize("words", BAD, ids=str)
def test_a_bad_question_is_answered_with_a_sentence(words: dict[str, str], browser: Client, data_dir: Path) -> None:
    address = url("recording-why", finished(data_dir, READINGS, LENGTH_S, said=SPANS))
    answer = browser.get(address, words, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].keys() == {"code", "message"}
    assert answer.json()["error"]["code"] == "bad-question"
    page = browser.get(address, words)
    assert page.status_code == 400
    assert "That cannot be answered." in page.content.decode()


@pytest.mark.parametrize("name", ["recording-why", "recording-bench", "recording-interval"])
def test_nobody_but_the_owner_of_a_finished_recording_gets_an_answer(
    name: str, browser: Client, data_dir: Path
) -> None:
    words: dict[str, Any] = {"values": "1,2,3,4,5"}
    recording = finished(data_dir, READINGS, LENGTH_S)
    assert browser.get(url(name, recording), words).status_code == 200
    assert browser.post(url(name, recording), words).status_code == 405
    assert Client().get(url(name, recording), words).status_code == 404
    running = finished(data_dir, READINGS, LENGTH_S, status="running")
    assert browser.get(url(name, running), words).status_code == 404


def test_an_unknown_environment_is_not_found(browser: Client, data_dir: Path) -> None:
    recording = finished(data_dir, READINGS, LENGTH_S)
    assert browser.get(url("recording-why", recording), {"environment": "church"}).status_code == 404
