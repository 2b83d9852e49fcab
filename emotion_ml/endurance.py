"""Whether memory stays flat: the same footage for two minutes and for thirty, each analysed in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

MINUTES: Final = (2, 30)


def endurance(clip: Path, weights: Path, *, backend: str, fps: float) -> dict[str, float]:
    """Peak resident memory in MiB by minutes of `clip` repeated, and the difference as ``growth_mib``.

    The engine is one of EmotionEngine.create, of its own for each length.
    """
    with tempfile.TemporaryDirectory() as folder:
        peaks = {}
        for minutes in MINUTES:
            long = repeated(clip, Path(folder, "long.mp4"), minutes * 60)
            peaks[f"{minutes}_min"] = _peak([str(long), str(weights), backend, str(fps)])
    first, last = peaks.values()
    return peaks | {"growth_mib": last - first}


def repeated(clip: Path, out: Path, seconds: float) -> Path:
    """The pictures of `clip` over and over until `seconds` are full, copied without encoding; returns `out`."""
    shift = end = Fraction(0)
    with av.open(str(out), "w") as target:
        copy: Any = None
        while end < seconds:
            with av.open(str(clip)) as source:
                stream = source.streams.video[0]
                copy = copy or target.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    packet.pts += round(shift / packet.time_base)
                    packet.dts += round(shift / packet.time_base)
                    end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                    packet.stream = copy
                    target.mux(packet)
            shift = end + Fraction(1, 20)
    return out


def _peak(measured: list[str]) -> float:
    command = [sys.executable, "-m", "emotion_ml.endurance", *measured]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return float(json.loads(answer.stdout))


def _measure(path: str, weights: str, backend: str, fps: str) -> float:
    """What an upload does with its readings: gather them and pack them a second at a time."""
    from analytics.readings import Readings
    from emotion_ml.engine import EmotionEngine
    from emotion_ml.pipeline import analyse
    from emotion_ml.types import Reading

    waiting: list[Reading] = []
    with EmotionEngine.create(Path(weights), backend=backend) as engine:
        for reading in analyse(Path(path), engine, fps=float(fps)):
            waiting.append(reading)
            if len(waiting) >= float(fps):
                Readings.of(waiting).to_bytes()
                waiting = []
    return peak_mib()


def peak_mib() -> float:
    """Of this process alone: what getrusage knows begins with what the process that began this one held."""
    peak = re.search(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(), flags=re.MULTILINE)
    assert peak is not None
    return int(peak[1]) / 1024


if __name__ == "__main__":
    print(_measure(*sys.argv[1:]))
