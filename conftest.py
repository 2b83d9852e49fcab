"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

hypothesis_settings.load_profile("ci")  # the same examples in every run, and no deadline, which a busy machine misses
ROOT = Path(__file__).resolve().parent
os.environ.setdefault("ADDRESS_FACTOR", "1000")  # every visitor of every test comes from one address


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Path:
    """Whatever a test stores lies in its own folder, never in var/."""
    settings.DATA_DIR = tmp_path / "data"
    settings.FILE_UPLOAD_TEMP_DIR = settings.DATA_DIR / "incoming"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True)
    return Path(settings.DATA_DIR)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file in tests too: the threads of a database in memory lock one another out without waiting."""
    from django.db import connections

    connections["default"].settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips and data kept beside the checkout; never part of it."""
    folder = ROOT.parent / "shared"
    if not (folder / "videos").is_dir():
        pytest.skip("no ../shared folder with real clips beside this checkout")
    return folder
