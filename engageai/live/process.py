"""What a server process takes of the machine, and a server of one's own to look at. Linux's /proc is all it asks."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engageai import own_server
from engageai.own_server import NotServing as NotServing

LISTENING: Final = "0A"


@dataclass(frozen=True, slots=True)
class Taken:
    """Of a process at one moment."""

    rss_mib: float
    files: int
    threads: int


def taken_by(pid: int) -> Taken:
    status = Path(f"/proc/{pid}/status").read_text()
    values = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Taken(int(values["VmRSS"]) / 1024, files, int(values["Threads"]))


def listening_on(port: int) -> int:
    """The process behind a port of this machine. Raises NotServing."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                return _owner_of(f"socket:[{fields[9]}]")
    raise NotServing(f"nothing listens on port {port} of this machine")


def _owner_of(inode: str) -> int:
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == inode:
                return int(link.parts[2])
        except OSError:  # it has just ended, or it is somebody else's
            continue
    raise NotServing("the server belongs to another user: its memory cannot be read")


UNMETERED: Final = {f"{what}_PER_HOUR": "1000000" for what in ("UPLOADS", "PAGES", "EXPORTS", "SEARCHES", "SOCKETS")}


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """A server of its own in a folder of its own, asked as often as it can answer: its origin and its process."""
    with tempfile.TemporaryDirectory() as folder, own_server.serving(Path(folder), **UNMETERED) as server:
        yield server.origin, server.process.pid
