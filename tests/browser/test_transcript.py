"""What was said, in a real browser: heard by the real model, read beside what was seen, and what to read next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import HIGH, NewVisitor, assert_fits, at_dashboard, at_what_to_read
from tests.browser.planted import Planted

NOW: Final = "() => document.querySelector('video').currentTime"
SCROLLED: Final = "() => [scrollY, document.querySelector('[data-said-list]').scrollTop]"
SHIFTS: Final = """
() => {
  window.shifts = [];
  const note = (list) => window.shifts.push(...list.getEntries().map((entry) => entry.value));
  new PerformanceObserver(note).observe({ type: "layout-shift" });
}
"""


@pytest.fixture
def page(visit: NewVisitor, talk: Planted) -> Page:
    """At the talk's results, as their owner sees them on another visit, with everything that comes after the charts."""
    return all_there(visit(storage_state=talk.cookies).page(talk.url))


def all_there(page: Page) -> Page:
    expect(page.locator("[data-said=done]")).to_be_visible()
    expect(page.locator("[data-moments-body]")).to_be_attached()
    expect(page.locator("#film-button")).to_be_visible()
    return at_dashboard(page)


def scores(page: Page) -> list[str]:
    return page.locator(".paragraph-score b").all_inner_texts()


def test_a_paragraph_stands_beside_what_was_seen_meanwhile(page: Page) -> None:
    first = page.locator(".paragraph").first
    expect(first).to_contain_text("your country")
    expect(first).to_contain_text("words a minute")
    expect(first.locator(".paragraph-verdict")).to_have_text(re.compile("rest|compare"))
    low, high = re.findall(r"\d\.\d\d", first.locator(".paragraph-score .small").inner_text())
    assert float(low) <= float(first.locator(".paragraph-score b").inner_text()) + 0.05 <= float(high) + 0.1
    expect(first.get_by_role("img", name=re.compile(r"Angry .+ %, Happy .+ %, Neutral .+ %"))).to_be_visible()
    expect(page.locator(".said-lead")).to_contain_text("words")


def test_a_click_on_a_paragraph_moves_the_video_the_cursor_and_the_mark(page: Page) -> None:
    page.locator("[data-said-list]").scroll_into_view_if_needed()
    before = page.evaluate(SCROLLED)
    paragraph = page.locator(".paragraph").nth(1)
    paragraph.locator(".paragraph-time").click()
    start_s = float(paragraph.get_attribute("data-seek") or "nan")
    assert start_s > 5
    assert page.evaluate(NOW) == pytest.approx(start_s, abs=0.05)
    expect(paragraph).to_have_attribute("aria-current", "true")
    expect(page.locator(".paragraph[aria-current]")).to_have_count(1)
    shown_s = float(page.locator("[data-slider]").get_attribute("aria-valuenow") or "nan")
    assert shown_s == pytest.approx(start_s, abs=0.15)
    assert page.evaluate(SCROLLED) == before


def test_a_sentence_leads_to_its_own_moment_and_a_key_press_to_the_paragraph(page: Page) -> None:
    paragraph = page.locator(".paragraph").filter(has=page.locator(".sentence:nth-of-type(2)")).first
    sentence = paragraph.locator(".sentence").nth(1)
    area = sentence.bounding_box()
    assert area is not None
    sentence.click(position={"x": 5, "y": area["height"] - 5})  # its last line begins where all lines begin
    assert page.evaluate(NOW) == pytest.approx(float(sentence.get_attribute("data-seek") or "nan"), abs=0.05)
    paragraph.locator(".paragraph-time").press("Enter")
    assert page.evaluate(NOW) == pytest.approx(float(paragraph.get_attribute("data-seek") or "nan"), abs=0.05)


def test_the_spoken_paragraph_is_marked_while_the_video_plays_and_nothing_shifts(page: Page) -> None:
    at_what_to_read(page)  # nothing is left that would come and shift something
    page.locator("[data-said-play]").scroll_into_view_if_needed()
    second = page.locator(".paragraph").nth(1)
    start_s = float(second.get_attribute("data-seek") or "nan")
    page.evaluate("(t_s) => (document.querySelector('video').currentTime = t_s)", start_s - 1.5)
    page.evaluate("document.querySelector('video').muted = true")
    page.evaluate(SHIFTS)
    top = page.evaluate("scrollY")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(second).to_have_attribute("aria-current", "true")
    expect(page.locator(".paragraph[aria-current]")).to_have_count(1)
    page.get_by_role("button", name="Pause", exact=True).click()
    assert page.evaluate("scrollY") == top
    assert page.evaluate("window.shifts") == []


def test_another_environment_scores_the_paragraphs_anew_where_one_was_reading(page: Page) -> None:
    page.locator(".paragraph-time").nth(1).click()
    expect(page.locator(".paragraph").nth(1)).to_have_attribute("aria-current", "true")
    page.evaluate("document.querySelector('[data-said-list]').scrollTop = 120")  # it glides there
    page.wait_for_function("() => document.querySelector('[data-said-list]').scrollTop === 120")
    t_s, before, words = page.evaluate(NOW), scores(page), page.locator(".paragraph-words").all_inner_texts()
    page.get_by_role("link", name="Classroom").click()
    expect(page.locator(".said-foot")).to_contain_text("a classroom audience")
    assert scores(page) != before
    assert page.locator(".paragraph-words").all_inner_texts() == words
    # The browser keeps the words in their place where a verdict above them takes a line more or less.
    assert page.evaluate(SCROLLED)[1] == pytest.approx(120, abs=40)
    assert page.evaluate(NOW) == t_s
    expect(page.locator(".paragraph").nth(1)).to_have_attribute("aria-current", "true")


def test_captions_are_there_for_who_wants_them(page: Page) -> None:
    page.check("[data-captions-switch]")
    page.wait_for_function("() => document.querySelector('video').textTracks[0].cues?.length > 5")
    cue = page.evaluate("() => document.querySelector('video').textTracks[0].cues[0].text")
    assert "Americans" in cue or "fellow" in cue
    page.uncheck("[data-captions-switch]")
    assert page.evaluate("() => document.querySelector('video').textTracks[0].mode") == "disabled"


def test_the_engagement_can_be_taken_away_as_cues(page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="Engagement as VTT").first.click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("WEBVTT")


@pytest.mark.parametrize("kind", ["TXT", "SRT", "VTT", "JSON"])
def test_the_words_can_be_taken_away(kind: str, page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name=kind, exact=True).first.click()
    assert download.value.suggested_filename.endswith(kind.lower())
    assert "country" in Path(download.value.path()).read_text(encoding="utf-8")


def test_what_to_read_next_is_offered_as_searches(page: Page) -> None:
    place = at_what_to_read(page)
    link = place.get_by_role("link", name="Google Scholar").first
    expect(link).to_have_attribute("href", re.compile(r"^https://scholar\.google\.com/scholar\?q=."))
    place.locator("[data-seek]").first.click()
    start_s = float(place.locator("[data-seek]").first.get_attribute("data-seek") or "nan")
    assert page.evaluate(NOW) == pytest.approx(start_s, abs=0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_fit_the_page(scheme: str, visit: NewVisitor, talk: Planted) -> None:
    page = all_there(visit(storage_state=talk.cookies, color_scheme=scheme).page(talk.url))
    for width in (390, 1280, 1920):
        page.set_viewport_size({"width": width, "height": HIGH})
        assert_fits(page, width)
        assert page.locator("[data-said-list]").evaluate("(list) => list.scrollWidth - list.clientWidth") == 0


def test_a_recording_without_sound_says_so_and_keeps_its_scores(visit: NewVisitor, analysed: Planted) -> None:
    page = visit(storage_state=analysed.cookies).page(analysed.url)
    expect(page.locator("[data-said=absent]")).to_contain_text("no sound")
    expect(page.locator(".paragraph")).to_have_count(0)
    expect(page.locator("#next")).to_be_hidden()
    expect(page.locator("[data-captions-label]")).to_be_hidden()
    expect(page.locator(".score-figure")).to_be_visible()


def test_words_that_were_stopped_can_be_asked_for_again(visit: NewVisitor, talk: Planted) -> None:
    """By a page whose server answers as planned: stopped at first, then too often asked, then it begins."""
    refused = '<div class="message"><p>Too many recordings in a short time.</p></div>'
    answers = [(429, refused), (200, '<div data-said="waiting"><p>Waiting to be written down</p></div>')]
    visitor = visit(storage_state=talk.cookies)
    visitor.excuse("Failed to load resource|Response Status Error Code|htmx:")
    context = visitor.context

    def stopped(route: Route) -> None:
        again = route.request.url.replace("/transcript/", "/transcript/again/")
        form = f'<form hx-post="{again}" hx-target="#said-place"><button>Again</button></form>'
        route.fulfill(content_type="text/html", body=f'<div data-said="cancelled">{form}</div>')

    def answer(route: Route) -> None:
        status, body = answers.pop(0)
        route.fulfill(status=status, content_type="text/html", body=body)

    context.route("**/transcript/?environment=*", stopped)
    context.route("**/transcript/again/*", answer)
    page = visitor.page(talk.url)
    page.get_by_role("button", name="Again", exact=True).click()
    expect(page.locator("[data-said-trouble]")).to_contain_text("Too many recordings in a short time.")
    page.get_by_role("button", name="Again", exact=True).click()
    expect(page.locator("#said-place")).to_contain_text("Waiting to be written down")
    expect(page.locator("[data-said-trouble]")).to_be_hidden()


def test_without_keys_nothing_asks_to_be_sent_anywhere(visit: NewVisitor) -> None:
    page = visit().page()
    expect(page.locator("input[type=checkbox]")).to_have_count(0)
    expect(page.locator(".terms")).to_contain_text("Nothing is sent elsewhere, and only this browser")
