"""What a server process takes of the machine, and a server of one's own to look at. Linux's /proc is all it asks."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

START_S: Final = 60.0
STOP_S: Final = 20.0
LISTENING: Final = "0A"


class NotServing(Exception):
    """There is no server there, or it did not start."""


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


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """A server of its own on a free port, with a folder of its own: its origin and its process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:
        environment = os.environ | {"PORT": str(port), "DATA_DIR": f"{folder}/data", "MIN_FREE_MIB": "0"}
        environment.pop("ORIGINS", None)
        command = [sys.executable, "-m", "engageai"]
        server = subprocess.Popen(command, cwd=settings.ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, server, Path(folder, "log"))
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()
            server.wait(STOP_S)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NotServing(f"the server did not start:\n{log.read_text()}")
