"""How fast the whole pipeline and each of its stages are on this machine, as multiples of real time.

Alone in this package it looks up to `analytics`, because what it times is the product from file to score.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.readings import Readings
from analytics.results import summarise
from emotion_ml import pipeline, video
from emotion_ml.engine import EmotionEngine
from emotion_ml.faces import FaceFinder
from emotion_ml.media import recording
from emotion_ml.rates import engine_rates
from emotion_ml.types import Reading, VideoInfo

_SECONDS: Final = 20
_RATE: Final = 30
_SIZES: Final = ((640, 360), (1920, 1080))


class Unmeasurable(ValueError):
    """A clip that is none or is damaged, or the lack of one; the message says so to a user."""


def benchmark(clips: list[Path], engine: EmotionEngine, *, fps: float) -> dict[str, Any]:
    """Figures of each clip, and the engine's images a second by batch size.

    Everything is loaded before, as the server does when it starts. Without clips, two of 20 s are made from
    scikit-image's astronaut: one face at 640x360 and at 1920x1080. Raises Unmeasurable.
    """
    with tempfile.TemporaryDirectory() as folder:
        FaceFinder().close()  # the detectors' library, which takes a second once
        paths = clips or [_make(Path(folder, f"{width}x{height}.mp4"), width, height) for width, height in _SIZES]
        recordings = [(path, _probed(path)) for path in paths]  # before anything is timed: refused at once
        return {
            "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
            "engine": {"backend": engine.model.backend, "images_per_s": engine_rates(engine)},
            "clips": [_clip(path, info, engine, fps) for path, info in recordings],
        }


def table(report: dict[str, Any]) -> str:
    """The same figures for a person."""
    machine, engine = report["machine"], report["engine"]
    rates = ", ".join(f"{rate:.0f} at batch {batch}" for batch, rate in engine["images_per_s"].items())
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores; {engine['backend']}: {rates} images/s",
        f"{'clip':24}{'faces':>7}{'whole':>9}" + "".join(f"{stage:>9}" for stage in report["clips"][0]["stages"]),
    ]
    for clip in report["clips"]:
        stages = "".join(f"{factor:8.0f}x" for factor in clip["stages"].values())
        lines.append(f"{clip['name']:24}{clip['faces_per_picture']:7.1f}{clip['real_time_factor']:8.1f}x{stages}")
    return "\n".join(lines)


def _probed(path: Path) -> VideoInfo:
    with _measurable(path):
        return video.probe(path)


@contextmanager
def _measurable(path: Path) -> Iterator[None]:
    try:
        yield
    except (video.NotAVideo, video.Truncated) as error:
        raise Unmeasurable(f"{path}: {error}") from error


def _clip(path: Path, info: VideoInfo, engine: EmotionEngine, fps: float) -> dict[str, Any]:
    with _measurable(path):
        readings, whole_s = _timed(lambda: list(pipeline.analyse(path, engine, fps=fps)))
        stages = _stages(path, engine, fps, info)
    return {
        "name": path.name,
        "width": info.width,
        "height": info.height,
        "duration_s": info.duration_s,
        "faces_per_picture": sum(len(reading.faces) for reading in readings) / max(len(readings), 1),
        "real_time_factor": info.duration_s / whole_s,
        "stages": {stage: info.duration_s / max(seconds, 1e-6) for stage, seconds in stages.items()},
    }


def _stages(path: Path, engine: EmotionEngine, fps: float, info: VideoInfo) -> dict[str, float]:
    """Seconds of each stage, one after the other in one thread: decoding too, which is otherwise a process ahead."""
    spent = {"decode": 0.0, "detect": 0.0, "infer": 0.0, "score": 0.0}

    def decoded() -> Iterator[video.Frame]:
        frames = recording.frames(path, fps)
        while (frame := _add(spent, "decode", lambda: next(frames, None))) is not None:
            yield frame

    found = pipeline.find(decoded(), fps)
    readings: list[Reading] = []
    while True:
        before = spent["decode"]
        item, seconds = _timed(lambda: next(found, None))
        spent["detect"] += seconds - (spent["decode"] - before)
        if item is None:
            break
        readings += _add(spent, "infer", partial(pipeline.read, [item], engine))
    _add(spent, "score", lambda: summarise(Readings.of(readings), info, engine.model, version="benchmark"))
    return spent


def _add(spent: dict[str, float], stage: str, work: Callable[[], Any]) -> Any:
    result, seconds = _timed(work)
    spent[stage] += seconds
    return result


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _make(path: Path, width: int, height: int) -> Path:
    """A clip of one face that drifts over a noisy background, as H.264."""
    portrait = _portrait()
    portrait = np.asarray(cv2.resize(portrait[:320], (height, height * 320 // 512)), dtype=np.uint8)
    background = np.random.default_rng(0).integers(90, 150, (height // 4, width // 4, 3)).astype(np.uint8)
    background = np.asarray(cv2.resize(background, (width, height)), dtype=np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, _RATE)
        for index in range(_SECONDS * _RATE):
            frame = av.VideoFrame.from_ndarray(_picture(background, portrait, index), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, _RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def _portrait() -> NDArray[np.uint8]:
    try:
        from skimage.data import astronaut
    except ModuleNotFoundError as error:
        msg = "name a CLIP to measure: two are made without one, of a face in scikit-image (requirements-dev.txt)"
        raise Unmeasurable(msg) from error
    portrait: NDArray[np.uint8] = astronaut()  # type: ignore[no-untyped-call]
    return portrait


def _picture(background: NDArray[np.uint8], portrait: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    height, width = background.shape[:2]
    room = width - portrait.shape[1]
    left = int(room * (0.5 + 0.4 * np.sin(index / 60)))
    top = int((height - portrait.shape[0]) * (0.5 + 0.4 * np.cos(index / 45)))
    picture = background.copy()
    picture[top : top + portrait.shape[0], left : left + portrait.shape[1]] = portrait
    return picture


def _cpu() -> str:
    names = [line.split(":")[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
