"""The notice is filled in beside the sheet, printed on one page of A4, and sent nowhere."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import NewVisitor

MM: float = 72 / 25.4


def filled(page: Page, purpose: str = "research") -> Page:
    page.fill("[name=contact]", "Ada Lovelace\nada@example.org")
    page.fill("[name=occasion]", "Lecture on bridges, 3 May")
    page.select_option("[name=purpose]", purpose)
    return page


def test_what_is_typed_appears_on_the_sheet_and_goes_nowhere(visit: NewVisitor) -> None:
    asked: list[str] = []
    page = visit().page("/notice/")
    page.on("request", lambda request: asked.append(request.url))
    filled(page)
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("Ada Lovelace")
    expect(sheet).to_contain_text("Research with the people who agreed to take part in it. Lecture on bridges, 3 May")
    assert [url for url in asked if "favicon" not in url] == []
    assert page.url.endswith("/notice/")


def test_markup_that_is_typed_is_text(visit: NewVisitor) -> None:
    page = visit().page("/notice/")
    page.fill("[name=occasion]", "<img src=x onerror=alert(1)>")
    expect(page.locator("#sheet")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#sheet img")).to_have_count(0)


@pytest.mark.parametrize("purpose", ["private", "eu"])
def test_it_prints_on_one_page_of_a4_without_the_form(visit: NewVisitor, purpose: str) -> None:
    page = filled(visit(color_scheme="dark").page("/notice/"), purpose)
    page.fill("[name=contact]", "Ada Lovelace, Analytical Engines\n12 St James's Square, London\nada@example.org")
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    (sheet,) = printed.pages
    assert (float(sheet.mediabox.width), float(sheet.mediabox.height)) == pytest.approx((210 * MM, 297 * MM), abs=1)
    text = sheet.extract_text()
    assert "ada@example.org" in text
    assert "data protection authority" in text
    assert "Print the notice" not in text


def test_where_no_expression_is_read_the_sheet_says_so(visit: NewVisitor) -> None:
    page = filled(visit().page("/notice/"), "eu")
    expect(page.locator("#sheet-title")).to_have_text("Your face may be read hereFaces are counted here")
    expect(page.get_by_role("heading", name="Faces are counted here")).to_be_visible()
    expect(page.get_by_text("Your face may be read here")).to_be_hidden()
    page.select_option("[name=exemption]", "medical")
    expect(page.get_by_text("Your face may be read here")).to_be_visible()
    expect(page.locator("[data-told=purpose]")).to_have_text("Work or education, for a medical purpose")


def test_without_a_script_there_are_lines_to_fill_in_by_hand(visit: NewVisitor) -> None:
    page = visit(java_script_enabled=False).page("/notice/")
    box = page.locator("[data-told=contact]").bounding_box()
    assert box is not None
    assert box["height"] > 40
    expect(page.locator("#print")).to_be_hidden()


def test_the_start_page_opens_it_beside_itself(visit: NewVisitor) -> None:
    visitor = visit()
    page = visitor.page()
    with visitor.context.expect_page() as opened:
        page.get_by_role("link", name="a notice to print", exact=True).click()
    expect(opened.value.locator("#sheet")).to_be_visible()
    expect(page.locator("#intake")).to_be_visible()
