"""A recording as an MP4 that every current browser plays: as it was, or with what was read drawn over it.

Reading and encoding are done in the sandbox; the drawing is done here, on pictures that are shared with it. Knows who
is told how far it has come and what is left behind; how the file is made is `mp4`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from emotion_ml import sandbox
from emotion_ml.media.encoding import Draw
from emotion_ml.overlay import Caption, Overlay
from emotion_ml.sandbox import Limits
from emotion_ml.types import Reading
from emotion_ml.video import image_of

OnProgress = Callable[[float], None]
ShouldStop = Callable[[], bool]

WRITE: Final = Limits(memory_bytes=4 * 1024**3, file_bytes=64 * 1024**3, cpu_s=24 * 3600)
"""An encoder holds pictures too: 2.5 GiB for the costliest kind of 4K with eight threads."""


class Stopped(Exception):
    """The caller asked to stop; nothing is left behind."""


def transcode(
    source: Path, out: Path, *, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
) -> None:
    """`source` as H.264 and AAC in an MP4; of a damaged one, the good part."""
    _render(source, out, None, on_progress, should_stop)


def annotate(
    source: Path,
    out: Path,
    readings: Sequence[Reading],
    *,
    captions: Sequence[Caption] = (),
    comment: str = "",
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """The same, with the box and label of every face on every picture that a reading speaks for.

    Of `captions`, in order of time, each is written on every picture until the next; `comment` is the file's own.
    """
    _render(source, out, Overlay(readings, captions), on_progress, should_stop, comment)


def _render(
    source: Path,
    out: Path,
    draw: Draw | None,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
    comment: str = "",
) -> None:
    """Writes beside `out` and moves it into place when it is whole. Asks whether to stop at each sign of life."""
    part = out.with_name(f"{out.name}.part")
    try:
        wanted = {"drawn": draw is not None, "comment": comment}
        with source.open("rb") as file, part.open("wb") as target:
            work = sandbox.current().run("render", wanted, [file.fileno(), target.fileno()], WRITE)
            with closing(work) as items:
                for item in items:
                    if should_stop and should_stop():
                        raise Stopped
                    if draw and item.data is not None:
                        draw(image_of(item.note, item.data), float(item.note["t_s"]))
                    if on_progress and "share" in item.note:
                        on_progress(float(item.note["share"]))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
