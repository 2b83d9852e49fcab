"""What a server has kept of sessions, looked at on its disk beside the pages that a browser shows of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

LONG_MS: Final = 60_000


@dataclass
class Kept:
    """What the server has of sessions, read from its disk."""

    data_dir: Path

    def rows(self, session: str) -> int:
        """Of the session and of everything that belongs to it."""
        with sqlite3.connect(f"file:{self.data_dir / 'db.sqlite3'}?mode=ro", uri=True) as database:
            key = session.replace("-", "")
            found = database.execute("SELECT COUNT(*) FROM analytics_analysissession WHERE id = ?", [key]).fetchone()[0]
            of_it = database.execute("SELECT COUNT(*) FROM analytics_recording WHERE session_id = ?", [key])
            return int(found + of_it.fetchone()[0])

    def files(self, session: str = "") -> list[Path]:
        places = (self.data_dir / "sessions" / session, self.data_dir / "trash", self.data_dir / "incoming")
        return [path for place in places for path in place.rglob("*") if path.is_file()]

    def running(self, session: str) -> bool:
        with sqlite3.connect(f"file:{self.data_dir / 'db.sqlite3'}?mode=ro", uri=True) as database:
            sql = "SELECT COUNT(*) FROM analytics_recording WHERE session_id = ? AND status = 'running'"
            return bool(database.execute(sql, [session.replace("-", "")]).fetchone()[0])


def session_of(page: Page) -> str:
    session = page.locator("script[data-session]").get_attribute("data-session")
    assert session
    return session


def until(condition: Callable[[], bool], page: Page, limit_ms: float = LONG_MS) -> float:
    """How many milliseconds it took."""
    began = time.monotonic()
    while not condition():
        assert (time.monotonic() - began) * 1000 < limit_ms, "it did not happen"
        page.wait_for_timeout(20)
    return (time.monotonic() - began) * 1000
