"""Static files: served from where they lie, with a version that follows their content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client

from engageai import static as sources
from engageai.conftest import ROOT
from engageai.static import PlotlyFinder


def test_an_address_changes_with_the_content(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "page.css").write_text("one")
    settings.STATICFILES_DIRS = [tmp_path]
    first = static("page.css")
    assert static("page.css") == first
    (tmp_path / "page.css").write_text("another")
    os.utime(tmp_path / "page.css", ns=(1, 1))
    second = static("page.css")
    assert first.partition("?v=")[0] == second.partition("?v=")[0] == "/static/page.css"
    assert first != second


def test_an_address_of_nothing_has_no_version() -> None:
    assert static("nowhere.css") == "/static/nowhere.css"


def test_plotlys_one_script_is_found_and_nothing_else_of_its_package() -> None:
    found = finders.find("plotly/plotly.min.js")
    assert found == str(sources.plotly_folder() / "plotly.min.js")
    assert PlotlyFinder().find("plotly/plotly.min.js", find_all=True) == [found]
    for other in ("plotly/widgetbundle.js", "plotly/../plotly.min.js", "plotly/"):
        assert PlotlyFinder().find(other) == []
    assert [name for name, _ in PlotlyFinder().list(None)] == ["plotly.min.js"]


def test_a_missing_plotly_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="plotly"):
        sources.plotly_folder()


def test_without_asgi_files_are_served_too(client: Client) -> None:
    answer: Any = client.get("/static/css/base.css")
    assert b"".join(answer) == (ROOT / "static/css/base.css").read_bytes()
    answer.close()
    assert client.head("/static/css/base.css").status_code == 200
    assert client.post("/static/css/base.css").status_code == 405


def test_what_is_asked_for_by_its_version_is_kept_for_ever_and_the_rest_is_asked_for_again(client: Client) -> None:
    versioned, answer = client.get(static("css/base.css")), client.get("/static/css/base.css")
    assert "immutable" in versioned["Cache-Control"]
    assert "max-age=0" in answer["Cache-Control"]
    for each in (versioned, answer):
        each.close()
    again = client.get("/static/css/base.css", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
