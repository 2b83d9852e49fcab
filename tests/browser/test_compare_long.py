"""A bundle with a film above 2 GiB says sizes and places in ZIP64's long numbers, and is compared like any other."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from analytics.exports import bundle
from analytics.exports.material import Material
from analytics.tests.exported import material
from analytics.tests.synthetic import info
from tests.browser.conftest import NewVisitor
from tests.browser.test_compare import assert_refused, people, put

LIMIT_BYTES: Final = 50_000
LONG: Final = 0xFFFFFFFF


@pytest.fixture
def page(visit: NewVisitor) -> Page:
    page = visit().page("/compare/")
    expect(page.locator("[data-compare][data-ready]")).to_be_visible()
    return page


@pytest.fixture
def long_bundle(monkeypatch: pytest.MonkeyPatch) -> bytearray:
    """As one of many gigabytes is written: what passes the limit, which is low here, stands in long numbers."""
    found: Material = material(people("Happy", 120.0), name="happy.mp4", info=info(120.0))
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", LIMIT_BYTES)
    members = (replace(member, is_large=True) for member in bundle.members(found))
    content = bytearray(b"".join(bundle.streamed(found, members)))
    end = content.rindex(b"PK\x05\x06")
    assert content[end - 20 : end - 16] == b"PK\x06\x07"
    struct.pack_into("<II", content, end + 12, LONG, LONG)  # as behind 4 GiB; below it zipfile says them twice
    return content


def entry(content: bytearray, name: bytes) -> int:
    return content.rindex(b"PK\x01\x02", 0, content.rindex(name))


def test_its_long_numbers_are_read(page: Page, long_bundle: bytearray) -> None:
    at = entry(long_bundle, b"manifest.json")
    assert struct.unpack_from("<I", long_bundle, at + 42) == (LONG,), "it lies behind the limit"
    put(page, "A", bytes(long_bundle))
    expect(page.locator("[data-side=A] [data-name]")).to_have_text("happy.mp4")
    expect(page.locator("[data-side=A] [data-facts]")).to_contain_text("files checked")


def without_locator(content: bytearray) -> None:
    end = content.rindex(b"PK\x05\x06")
    content[end - 20 : end - 16] = b"none"


def pointing_nowhere(content: bytearray) -> None:
    struct.pack_into("<Q", content, content.rindex(b"PK\x05\x06") - 12, 2**63)


def without_extra(content: bytearray) -> None:
    at = entry(content, b"manifest.json") + 46 + len(b"manifest.json")
    struct.pack_into("<H", content, at + 2, 4)


@pytest.mark.parametrize("harm", [without_locator, pointing_nowhere, without_extra])
def test_damage_to_them_is_told(harm: Callable[[bytearray], None], page: Page, long_bundle: bytearray) -> None:
    harm(long_bundle)
    assert_refused(page, bytes(long_bundle), "The table of this ZIP is damaged.")
