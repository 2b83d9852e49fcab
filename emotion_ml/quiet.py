"""Keeps the chatter of native libraries off a terminal. For commands; a server keeps every line."""

from __future__ import annotations

import os
import sys


def hush_native_logs() -> None:
    """Point file descriptor 2 elsewhere, but let Python go on writing where it was.

    MediaPipe and LiteRT print a dozen lines for every detector and obey none of their own switches. Only in a process
    whose sys.stderr is descriptor 2, so that a test's capture, and a second call, are left alone.
    """
    try:
        if sys.stderr.fileno() != 2:
            return
    except (AttributeError, OSError, ValueError):
        return
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
