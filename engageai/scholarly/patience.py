"""Work that may hang, and the one who will not wait for it. Knows threads and a deadline; knows nothing of the work.

What is late is left behind on its thread, a daemon, which ends by its own limits: nothing can interrupt a name
resolution, so nobody here waits for one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from engageai.scholarly.fetch import Unavailable

logger = logging.getLogger(__name__)
T = TypeVar("T")


class _End:
    pass


def collect(jobs: Mapping[str, Callable[[], Iterator[T]]], until_s: float) -> Iterator[tuple[str, T | Unavailable]]:
    """What the jobs yield, as it comes, until all have ended or `until_s` of the monotonic clock has come.

    A job that cannot go on, or has not ended by then, yields an Unavailable last.
    """
    yielded: queue.SimpleQueue[tuple[str, T | Unavailable | _End]] = queue.SimpleQueue()
    for name, job in jobs.items():
        threading.Thread(target=_run, args=(name, job, yielded), name=f"scholarly-{name}", daemon=True).start()
    running = dict.fromkeys(jobs)
    while running:
        try:
            name, item = yielded.get(timeout=max(until_s - time.monotonic(), 0.0))
        except queue.Empty:
            break
        if isinstance(item, _End):
            del running[name]
        else:
            yield name, item
    for name in running:
        yield name, Unavailable("it did not answer in time")


def _run(
    name: str, job: Callable[[], Iterator[T]], yielded: queue.SimpleQueue[tuple[str, T | Unavailable | _End]]
) -> None:
    try:
        for item in job():
            yielded.put((name, item))
    except Unavailable as error:
        logger.info("%s: %s", name, error.reason)
        yielded.put((name, error))
    except Exception:
        logger.exception("%s failed", name)
        yielded.put((name, Unavailable("something went wrong here")))
    yielded.put((name, _End()))
