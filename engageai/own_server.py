"""A server of one's own, in a process of its own on a free port: to measure it, and to test it by what it does.

Knows how it is started and when it serves; nothing of what it is asked.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
START_S: Final = 60.0
STOP_S: Final = 20.0


class NotServing(Exception):
    """There is no server there, or it did not start."""


@dataclass
class Server:
    """`folder` holds its data and its log, and outlives it: another may be started there."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> int:
        """The exit code."""
        self.process.terminate()
        return self.process.wait(STOP_S)


def start(folder: Path, **settings: str) -> Server:
    """It serves when this returns. Raises NotServing, with its log."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {"DATA_DIR": str(folder / "data"), "PORT": str(port), "MIN_FREE_MIB": "0", **settings}
    environment.pop("ORIGINS", None)  # of a server on another port
    with (folder / "log").open("ab") as log:
        command = [sys.executable, "-m", "engageai"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    server = Server(port, folder, process)
    _wait_for(server)
    return server


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    server = start(folder, **settings)
    try:
        yield server
    finally:
        server.stop()


def _wait_for(server: Server) -> None:
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s and server.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    server.process.kill()
    raise NotServing(f"the server did not start:\n{server.log}")
