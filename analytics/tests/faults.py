"""A process that dies, and a disk that is full, at a chosen moment of real work on real files and a real database.

Every call that changes a file and every statement to the database is one moment. A dead process does nothing more, not
even tidy up: whatever it still calls raises again. On a full disk whatever takes room fails until something is deleted.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection

FILES: list[tuple[Any, str, bool]] = [
    (Path, "mkdir", True),
    (Path, "write_bytes", True),
    (Path, "rename", False),
    (Path, "replace", False),
    (Path, "unlink", False),
    (os, "open", True),
    (shutil, "rmtree", False),
]
"""Where a call lives, its name, and whether it takes room."""
DELETING = ("unlink", "rmtree")


class Killed(BaseException):
    """As by SIGKILL: nothing catches it for good."""


class Fault:
    """At its `at`-th moment something happens; `happens` is told the call's name and whether it takes room."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.has_come = False

    def moment(self, name: str, takes_room: bool) -> None:
        self.left -= 1
        self.has_come = self.has_come or self.left < 0
        if self.has_come:
            self.happen(name, takes_room)

    def happen(self, name: str, takes_room: bool) -> None:
        raise NotImplementedError


class Kill(Fault):
    def happen(self, name: str, takes_room: bool) -> None:
        raise Killed


class FullDisk(Fault):
    has_room_again = False

    def happen(self, name: str, takes_room: bool) -> None:
        self.has_room_again = self.has_room_again or name in DELETING
        if takes_room and not self.has_room_again:
            if name == "SQL":
                raise OperationalError("database or disk is full")
            raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def suffering(fault: Fault) -> Iterator[None]:
    def watched(name: str, takes_room: bool, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            fault.moment(name, takes_room and not (name == "open" and not args[1] & os.O_CREAT))
            return real(*args, **kwargs)

        return call

    def statement(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        fault.moment("SQL", sql.startswith(("INSERT", "UPDATE", "DELETE")))
        return execute(sql, *rest)

    patches = [patch.object(home, name, watched(name, room, getattr(home, name))) for home, name, room in FILES]
    for each in patches:
        each.start()
    try:
        with connection.execute_wrapper(statement):
            yield
    finally:
        for each in patches:
            each.stop()
