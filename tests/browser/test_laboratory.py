"""The weights laboratory in a real browser: it recomputes what Python computes, at once, and keeps nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from analytics import laboratory, scoring
from emotion_ml.labels import EMOTIONS
from emotion_ml.tests.patience import slack
from tests.browser.conftest import (
    NewVisitor,
    Visitor,
    assert_fits,
    assert_open_to_everybody,
    at_dashboard,
    at_next_picture,
)
from tests.browser.planted import Plan, Planted, plant

YAML: Final = Path(scoring.__file__).with_name("environments.yml").read_text(encoding="utf-8")

RECOMPUTE: Final = """
async (sets) => {
  const weights = await import(new URL("weights.js", document.querySelector("script[src*=laboratory]").src));
  const bench = await (await fetch(document.querySelector("[data-lab]").dataset.url)).json();
  const shares = bench.segments.filter((segment) => segment.shares).map((segment) => segment.shares);
  const { change, draws: count, seed, scale } = bench;
  const [readings, rolling] = [weights.table(bench.readings), weights.table(bench.rolling)];
  const found = [];
  for (const values of sets) {
    const scores = shares.map((row) => weights.score(row, values));
    found.push({
      overall: weights.score(bench.overall, values),
      scores,
      readings: [...readings.scores(values)],
      rolling: [...rolling.scores(values)],
      at: [...rolling.times],
      tau: weights.tauB(scores, shares.map((row) => weights.score(row, sets[0]))),
      firmness: await weights.firmness(shares, values, { change, count, seed, scale }),
    });
  }
  return [bench, found];
}
"""
MOVE: Final = """
async (count) => {
  const slider = document.querySelector("#lab-happy");
  const times = [];
  for (let move = 0; move < count; move += 1) {
    const began = performance.now();
    slider.value = 1 + (move % 40) / 10;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => done()));
    times.push(performance.now() - began);
  }
  return times.sort((one, other) => one - other);
}
"""


@pytest.fixture
def visitor(visit: NewVisitor, waves: Planted) -> Visitor:
    return visit(storage_state=waves.cookies)


@pytest.fixture
def page(visitor: Visitor, waves: Planted) -> Page:
    return at_laboratory(visitor, waves.url)


def test_it_is_closed_where_it_was_opened(page: Page) -> None:
    summary = page.locator("[data-lab-details] > summary")
    expect(summary).to_have_text("Close the laboratory", use_inner_text=True)
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-lab-body]")).to_be_hidden()
    expect(summary).to_have_text("Open the laboratory", use_inner_text=True)
    expect(summary).to_be_focused()


def at_laboratory(visitor: Visitor, url: str) -> Page:
    page = at_dashboard(visitor.page(url))
    page.get_by_text("Open the laboratory").click()
    expect(page.locator("[data-lab-body]")).to_be_visible()
    return page


def score_of(page: Page, name: str) -> float:
    """As drawn: scores follow the values at the page's next picture."""
    row = at_next_picture(page).locator(f"[data-lab-scores] [data-set={name}]")
    return float(row.get_attribute("data-score") or "nan")


def field(page: Page, emotion: str) -> Locator:
    return page.get_by_label(f"{emotion}, as a number")


def test_the_browser_computes_what_python_computes(page: Page) -> None:
    rng = np.random.default_rng(3)
    tried = [list(environment.values) for environment in scoring.ENVIRONMENTS]
    tried += [*rng.uniform(1, 5, (4, 5)).round(2).tolist(), [1.0] * 5, [5.0, 1.0, 5.0, 1.0, 5.0]]
    bench, found = page.evaluate(RECOMPUTE, tried)
    result = page.evaluate("async () => (await fetch('result.json')).json()")
    shares = np.array([each["shares"] for each in bench["segments"] if each["shares"]])
    series = np.array(
        [list((each["probabilities"] or dict.fromkeys(EMOTIONS, np.nan)).values()) for each in result["series"]]
    )
    assert len(shares) > 15
    for values, mine in zip(tried, found, strict=True):
        np.testing.assert_allclose(mine["overall"], np.dot(list(result["distribution"].values()), values), atol=1e-6)
        np.testing.assert_allclose(mine["scores"], shares @ values, atol=1e-9)
        np.testing.assert_allclose(np.array(mine["readings"], np.float64), series @ values, atol=1e-6)
        known = laboratory.firmness(shares, values)
        if known is None:
            assert mine["firmness"] is None
        else:
            assert mine["firmness"]["likely"] == pytest.approx(known.likely, abs=1e-6)
            assert mine["firmness"]["corner"] == pytest.approx(known.corner, abs=1e-6)
        tau = laboratory.tau_b(shares @ values, shares @ tried[0])
        assert mine["tau"] is None if tau is None else mine["tau"] == pytest.approx(tau, abs=1e-6)
    for name, mine in zip(scoring.NAMES, found, strict=False):
        rows = np.searchsorted([each["t_s"] for each in result["series"]], np.array(mine["at"]) - 1e-3)
        line, drawn = np.array(result["rolling"][name]["30s"], np.float64)[rows], np.array(mine["rolling"], np.float64)
        assert np.isfinite(drawn).sum() > 800
        np.testing.assert_allclose(drawn[np.isfinite(drawn)], line[np.isfinite(drawn)], atol=1e-6)
        assert bench["firmness"][name] == pytest.approx(mine["firmness"], abs=1e-6)


def test_a_slider_moves_every_number_at_once(page: Page) -> None:
    before = {name: score_of(page, name) for name in (*scoring.NAMES, "custom")}
    exact = float(page.locator("#headline .score-figure data").get_attribute("value") or "nan")
    assert before["seminar"] == pytest.approx(exact, abs=1e-6)
    assert before["custom"] == before["seminar"]
    order = page.locator("[data-lab-ranking] tr .link").all_inner_texts()
    line = page.locator("[data-lab-chart] .line-chosen").get_attribute("d")
    page.locator("#lab-happy").focus()
    for _ in range(15):
        page.keyboard.press("ArrowLeft")
    expect(field(page, "Happy")).to_have_value("2.5")
    share = float(page.locator("#shares data[data-from='distribution.Happy']").get_attribute("value") or "nan")
    assert score_of(page, "seminar") == pytest.approx(exact - 1.5 * share, abs=1e-6)
    assert {name: score_of(page, name) for name in before if name != "seminar"} == {
        name: score for name, score in before.items() if name != "seminar"
    }
    assert page.locator("[data-lab-ranking] tr .link").all_inner_texts() != order
    assert page.locator("[data-lab-chart] .line-chosen").get_attribute("d") != line
    expect(page.locator("[data-lab-order]")).to_have_text(re.compile(r"agree on the order by τ = .?[01]\.\d\d\."))
    row = page.locator("[data-set=seminar]")
    expect(row).to_contain_text(re.compile("[0-9] to [0-9.]+\N{MINUS SIGN}[0-9]"))
    low, high = (float(number) for number in re.findall(r"(\d\.\d\d) to (\d\.\d\d)", row.inner_text())[0])
    assert low <= score_of(page, "seminar") <= high
    page.get_by_role("button", name="Reset this set").click()
    expect(field(page, "Happy")).to_have_value("4")
    expect(page.locator("[data-lab-ranking] tr .link")).to_have_text(order)
    expect(page.locator("[data-lab-order]")).to_be_hidden()
    assert score_of(page, "seminar") == before["seminar"]


def test_how_firm_the_order_is_stands_in_a_sentence(page: Page) -> None:
    said = page.locator("[data-lab-firm]")
    expect(said).to_have_text(
        re.compile(r"^The order of the \d+ paragraphs .*depends .*20 %, Kendall.s τ .* in 95 % of 500")
    )
    before = said.get_attribute("data-likely")
    field(page, "Sad").fill("4.5")
    expect(said).not_to_have_attribute("data-likely", before or "")
    for emotion in EMOTIONS:
        field(page, emotion).fill("3")
    expect(said).to_have_text("With these values all paragraphs have the same score.")


def test_what_is_not_on_the_scale_is_marked_and_not_used(page: Page) -> None:
    before = score_of(page, "seminar")
    field(page, "Sad").fill("7")
    expect(field(page, "Sad")).to_have_attribute("aria-invalid", "true")
    assert score_of(page, "seminar") == before
    page.keyboard.press("Tab")
    expect(field(page, "Sad")).to_have_value("2")
    expect(field(page, "Sad")).not_to_have_attribute("aria-invalid", "true")


def test_a_field_that_is_left_empty_gets_back_what_it_held(page: Page) -> None:
    sad = field(page, "Sad")
    for held in ("5", "4.5"):
        sad.fill(held)
        sad.press("End")
        for _ in held:
            page.keyboard.press("Backspace")
        expect(sad).to_have_value("")
        page.keyboard.press("Tab")
        expect(sad).to_have_value(held)
        expect(page.locator("#lab-sad")).to_have_value(held)


def block_of(text: str) -> str:
    return re.split(r"\n(?=\w)", YAML.split(f"\n{text}:")[1])[0]


def test_a_set_of_ones_own_fits_into_the_file_of_environments(page: Page) -> None:
    page.get_by_role("radio", name="Custom").check()
    page.get_by_label("Its name").fill('My "pitch": 1 # of <2>')
    field(page, "Happy").fill("4.75")
    page.locator("#lab-angry").focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-lab-scores] [data-set=custom] th")).to_have_text('My "pitch": 1 # of <2>')
    page.get_by_text("Take these values with you").click()
    page.get_by_label("In place of").select_option("general")
    expect(page.get_by_label("The set as YAML")).to_have_value(re.compile("^general:"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download YAML").click()
    block = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == "general.yml"
    assert page.get_by_label("The set as YAML").input_value() == block
    found = scoring.parse(YAML.replace(f"general:{block_of('general')}", block))[3]
    assert (found.name, found.label) == ("general", 'My "pitch": 1 # of <2>')
    assert found.values == (1.0, 4.75, 3.6, 2.0, 4.0)
    assert found.reasons[1].startswith("Set by hand in the weights laboratory instead of 4")
    assert found.reasons[2] == scoring.environment("seminar").reasons[2]


def test_a_changed_environment_is_taken_away_under_its_own_name(page: Page) -> None:
    page.get_by_role("radio", name="Classroom").check()
    field(page, "Neutral").fill("4.4")
    page.get_by_text("Take these values with you").click()
    block = at_next_picture(page).get_by_label("The set as YAML").input_value()
    found = scoring.parse(YAML.replace(f"\nclassroom:{block_of('classroom')}", f"\n{block}"))[0]
    assert found.values == (2.6, 3.4, 4.4, 2.0, 3.4)
    assert found.purpose == scoring.environment("classroom").purpose


def test_nothing_is_sent_but_five_numbers_and_nothing_is_there_on_another_visit(page: Page, visitor: Visitor) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url.split('/')[-1]}"))
    page.get_by_role("radio", name="Custom").check()
    page.get_by_label("Its name").fill("secret")
    with page.expect_response(re.compile("interval")):  # the range that stands there already is of the values before
        field(page, "Happy").fill("1.5")
    expect(page.locator("[data-set=custom]")).to_contain_text(re.compile(r"\d to \d"))
    assert set(asked) == {"GET interval.json?values=3,1.5,3.6,2,4"}
    other = at_laboratory(visitor, page.url)
    expect(other.locator("[data-set=custom]")).to_contain_text("Custom")
    assert score_of(other, "custom") == score_of(other, "seminar")


def test_a_segment_leads_to_its_moment(page: Page) -> None:
    first = page.locator("[data-lab-ranking] .link").first
    first.click()
    start_s = float(first.get_attribute("data-seek") or "nan")
    shown_s = float(page.locator("[data-slider]").get_attribute("aria-valuenow") or "nan")
    assert shown_s == pytest.approx(start_s, abs=0.15)


def test_two_hours_follow_the_slider(visit: NewVisitor, server_folder: Path) -> None:
    visitor = visit()
    start = visitor.page()
    plan = Plan(minutes=120, faces=2, readings="waves", paragraph_s=0)
    page = at_laboratory(visitor, visitor.origin + plant(start, server_folder / "data", plan))
    expect(page.locator("[data-lab-firm]")).to_contain_text("half-minutes")
    expect(page.locator("[data-lab-key]")).to_contain_text("grey behind them: means of 10 readings")
    times = page.evaluate(MOVE, 40)
    print(f"a move of the slider is drawn in {times[20]:.0f} ms (median), {times[38]:.0f} ms (95 %)")
    assert times[20] <= 500 * slack()


def test_when_the_shares_do_not_come_they_can_be_asked_for_again(visitor: Visitor, waves: Planted) -> None:
    visitor.excuse("Failed to load")
    page = at_dashboard(visitor.page(waves.url))
    page.route("**/bench.json*", lambda route: route.abort())
    page.get_by_text("Open the laboratory").click()
    expect(page.locator("[data-lab-trouble]")).to_be_visible()
    page.unroute("**/bench.json*")
    page.locator("[data-lab-again]").click()
    expect(page.locator("[data-lab-body]")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_laboratory_fits_and_can_be_used_by_everybody(scheme: str, visit: NewVisitor, waves: Planted) -> None:
    page = at_laboratory(visit(storage_state=waves.cookies, color_scheme=scheme), waves.url)
    field(page, "Happy").fill("2")
    page.get_by_text("Take these values with you").click()
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 760})
        assert_fits(page, width)
        assert_open_to_everybody(page, "#laboratory")
