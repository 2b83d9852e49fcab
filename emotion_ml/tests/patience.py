"""How long tests wait, and how much longer on a machine that is busy with something else."""

from __future__ import annotations

import os
from pathlib import Path


def slack() -> float:
    """By how much a limit that holds on an idle machine grows: as many times as there are processes for each processor
    that want to run, now or, on average, in the last minute.
    """
    wanting = max(os.getloadavg()[0], _running())
    return max(1.0, wanting / (os.cpu_count() or 1))


def _running() -> int:
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].split("/")[0])
    except OSError:  # not Linux
        return 0
