"""The sandbox's process with decoders that misbehave: ``python -m emotion_ml.tests.rogue WAY DOOR``.

Everything around them is the real thing: the process, the fork, the limits, the line.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from emotion_ml.media import child
from emotion_ml.media.child import Outlet
from emotion_ml.sandbox import Sandbox

EIGHT_GIB: Final = 8 * 1024**3


def rogue(way: str, *, stall_s: float = 20.0) -> Sandbox:
    return Sandbox([sys.executable, "-m", "emotion_ml.tests.rogue", way], stall_s=stall_s)


def segfault(_: Outlet) -> None:
    ctypes.string_at(0)


def kill(_: Outlet) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def abort(_: Outlet) -> None:
    os.abort()


def leave(_: Outlet) -> None:
    os._exit(0)


def fail(_: Outlet) -> None:
    raise RuntimeError("a secret of the file")


def excuse_of_half_a_sentence(outlet: Outlet) -> None:
    outlet.say("error", name="NotAVideo", values=["x"])


def excuse_without_a_time(outlet: Outlet) -> None:
    outlet.say("error", name="Truncated", values=[])


def excuse_of_no_time(outlet: Outlet) -> None:
    outlet.say("error", name="Truncated", values=[float("nan")])


def hang(_: Outlet) -> None:
    time.sleep(3600)


def spin(_: Outlet) -> None:
    while True:
        pass


def allocate(_: Outlet) -> None:
    np.ones(EIGHT_GIB, np.uint8)


def allocate_natively(_: Outlet) -> None:
    """As a decoder that does not look at what malloc gave it."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    ctypes.memset(libc.malloc(ctypes.c_size_t(EIGHT_GIB)) or 0, 1, EIGHT_GIB)


def flood(_: Outlet) -> None:
    while True:
        os.write(1, bytes(65536))


def write(_: Outlet) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")


def open_many(outlet: Outlet) -> None:
    for _ in range(1000):
        os.open("/dev/null", os.O_RDONLY)
    hang(outlet)


def babble(outlet: Outlet) -> None:
    while True:
        outlet._line.send(b"\xff\x00not json")


def boast(outlet: Outlet) -> None:
    outlet.say("room", bytes=EIGHT_GIB)
    hang(outlet)


def lie(outlet: Outlet) -> None:
    outlet.room(100)
    outlet.say("item", slot=3, size=10_000, t_s=0.0, width=1, height=1)
    hang(outlet)


def shrink(outlet: Outlet) -> None:
    """Takes the memory away under the reader, where it is not sealed."""
    outlet.room(4096)
    for fd in range(3, 32):
        link = Path(f"/proc/self/fd/{fd}")
        if link.is_symlink() and "memfd" in str(link.readlink()):
            os.ftruncate(fd, 0)


def die_midway(outlet: Outlet) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    outlet.room(image.nbytes)
    for k in range(3):
        outlet.put(image, t_s=k / 5, width=320, height=240)
    segfault(outlet)


WAYS: Final[dict[str, Callable[[Outlet], None]]] = {
    way.__name__: way
    for way in (
        *(segfault, kill, abort, leave, fail, hang, spin, allocate, allocate_natively, flood),
        *(write, open_many, babble, boast, lie, shrink, die_midway),
        *(excuse_of_half_a_sentence, excuse_without_a_time, excuse_of_no_time),
    )
}


if __name__ == "__main__":
    misbehave = WAYS[sys.argv[1]]
    child.main({name: lambda outlet, *_: misbehave(outlet) for name in child.TASKS})
