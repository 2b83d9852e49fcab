"""What browsers load is sent packed where it was packed, as it lies where not, and never out of date."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from django.core.management import call_command
from django.test import Client

SCRIPT = "const words = 'over and over';\n" * 100


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Static files and packed ones of this test's own."""
    settings.PACKED_DIR = tmp_path / "packed"
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (tmp_path / "static/js").mkdir(parents=True)
    (tmp_path / "static/js/page.js").write_text(SCRIPT)
    (tmp_path / "static/js/short.js").write_text("1;")
    (tmp_path / "static/picture.png").write_bytes(bytes(5000))
    return tmp_path


def got(path: str, accepted: str) -> tuple[dict[str, str], bytes]:
    answer: Any = Client().get(path, headers={"Accept-Encoding": accepted})
    body = b"".join(answer)
    answer.close()
    return dict(answer.items()), body


def test_each_browser_gets_the_smallest_form_that_it_can_unpack(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("pack_static")
    assert capsys.readouterr().out.startswith("1 static files packed")
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}
    for accepted, encoding in (("gzip, deflate, br, zstd", "br"), ("gzip, deflate", "gzip")):
        headers, body = got("/static/js/page.js", accepted)
        assert (headers["Content-Encoding"], headers["Vary"]) == (encoding, "Accept-Encoding")
        assert headers["Content-Type"].startswith("text/javascript")
        assert len(body) == int(headers["Content-Length"]) < len(SCRIPT) / 5
        assert unpack[encoding](body).decode() == SCRIPT
    headers, body = got("/static/js/page.js", "identity")
    assert "Content-Encoding" not in headers
    assert body.decode() == SCRIPT


def test_what_was_changed_since_is_sent_as_it_lies(folder: Path) -> None:
    call_command("pack_static")
    (folder / "static/js/page.js").write_text(SCRIPT + "2;")
    headers, body = got("/static/js/page.js", "br")
    assert "Content-Encoding" not in headers
    assert body.decode() == SCRIPT + "2;"


def test_what_is_packed_is_not_packed_again_and_pictures_and_short_files_never(folder: Path) -> None:
    call_command("pack_static")
    before = {path: path.stat().st_mtime_ns for path in (folder / "packed").iterdir()}
    assert sorted(path.suffix for path in before) == [".br", ".gz"]
    call_command("pack_static")
    assert {path: path.stat().st_mtime_ns for path in (folder / "packed").iterdir()} == before
