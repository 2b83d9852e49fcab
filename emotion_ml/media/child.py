"""The far side of the sandbox: a process that forks a child for each file, and what such a child does.

The process itself opens no file. It ends when its door is closed, a child when its line is, and each with the one that
began it. What is covered and what is not stands in `emotion_ml.sandbox`.
"""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from emotion_ml.media import mp4, recording, sound
from emotion_ml.sandbox import ERRORS, MESSAGE_BYTES, SIGN_OF_LIFE_S, SLOTS, Bytes

MAX_FILES: Final = 4
FIRST_TO_GO: Final = "1000"  # when memory runs out, not the server
PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
_libc: Final = ctypes.CDLL(None)


class Outlet:
    """How a child speaks to the one who asked."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._spoke_s = 0.0
        self._slots: Bytes | None = None
        self._free: list[int] = []

    def say(self, kind: str, **body: Any) -> None:
        self._spoke_s = time.monotonic()
        self._line.send(json.dumps({"is": kind} | body).encode())

    def alive(self) -> None:
        """To be called at every step of the work."""
        if time.monotonic() - self._spoke_s > SIGN_OF_LIFE_S:
            self.say("note")

    def room(self, slot_bytes: int) -> None:
        """Ask for the memory through which everything goes."""
        self.say("room", bytes=slot_bytes)
        _, (fd,), *_ = socket.recv_fds(self._line, MESSAGE_BYTES, 1)
        memory = mmap.mmap(fd, SLOTS * slot_bytes)
        os.close(fd)
        self._slots = np.frombuffer(memory, np.uint8).reshape(SLOTS, slot_bytes)
        self._free = [*range(SLOTS)]

    def put(self, data: NDArray[Any], **note: Any) -> int:
        """Give `data`, as soon as there is a place for it; returns that."""
        while not self._free:
            self._wait()
        slot = self._free.pop()
        np.copyto(self._shared(slot, data), data)
        self.say("item", slot=slot, size=data.nbytes, **note)
        return slot

    def lend(self, data: NDArray[Any], **note: Any) -> None:
        """Have `data` changed in place by the one who asked."""
        slot = self.put(data, **note)
        while slot not in self._free:
            self._wait()
        np.copyto(data, self._shared(slot, data))

    def _shared(self, slot: int, like: NDArray[Any]) -> NDArray[Any]:
        assert self._slots is not None
        return self._slots[slot, : like.nbytes].view(like.dtype).reshape(like.shape)

    def _wait(self) -> None:
        token = self._line.recv(1)
        if not token:
            os._exit(0)
        self._free += token


Task = Callable[[Outlet, dict[str, Any], list[Path]], None]


def probe(outlet: Outlet, arguments: dict[str, Any], files: list[Path]) -> None:
    outlet.say("note", **asdict(recording.probe(files[0], alive=outlet.alive, **arguments)))


def frames(outlet: Outlet, arguments: dict[str, Any], files: list[Path]) -> None:
    is_first = True
    for frame in recording.frames(files[0], arguments["fps"], outlet.alive):
        if is_first:
            outlet.room(frame.image.nbytes)
        is_first = False
        height, width, _ = frame.image.shape
        outlet.put(frame.image, t_s=frame.t_s, width=width, height=height)


def hear(outlet: Outlet, arguments: dict[str, Any], files: list[Path]) -> None:
    outlet.room(sound.PIECE_SAMPLES * np.dtype(np.float32).itemsize)
    for samples in sound.pieces(files[0], arguments["max_s"], outlet.alive):
        outlet.put(samples)


def render(outlet: Outlet, arguments: dict[str, Any], files: list[Path]) -> None:
    is_first = True

    def draw(image: Bytes, t_s: float) -> None:
        nonlocal is_first
        if is_first:
            outlet.room(image.nbytes)
        is_first = False
        height, width, _ = image.shape
        outlet.lend(image, t_s=t_s, width=width, height=height)

    outlet.say("note")  # a chance to stop before anything is done
    drawing = draw if arguments["drawn"] else None
    comment = arguments.get("comment", "")
    mp4.write(files[0], files[1], drawing, lambda share: outlet.say("note", share=share), outlet.alive, comment)


TASKS: Final[Mapping[str, Task]] = {"probe": probe, "frames": frames, "hear": hear, "render": render}


class Warden:
    """Forks children, ends them when nobody listens any more, and says how each of them ended."""

    def __init__(self, door: socket.socket, tasks: Mapping[str, Task]) -> None:
        self._door = door
        self._tasks = tasks
        self._lines: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._poll.register(door, select.POLLIN)
        self._bell, far = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(far, False)
        self._poll.register(self._bell, select.POLLIN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(far)

    def run(self) -> None:
        while True:
            for fd, _ in self._poll.poll():
                if fd == self._bell:
                    self._reap()
                elif fd != self._door.fileno():
                    self._end(fd)
                elif not self._begin():
                    return

    def _begin(self) -> bool:
        request, fds, *_ = socket.recv_fds(self._door, MESSAGE_BYTES, MAX_FILES)
        if not request:
            return False
        line = socket.socket(fileno=fds[0])
        pid = os.fork()
        if pid == 0:
            child(line, fds[1:], json.loads(request), self._tasks)
        for fd in fds[1:]:
            os.close(fd)
        self._lines[pid] = line
        self._poll.register(line, 0)  # tells of a hang-up all the same
        return True

    def _end(self, fd: int) -> None:
        for pid, line in self._lines.items():  # none, where it was buried a moment ago
            if line.fileno() == fd:
                self._poll.unregister(fd)
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._bell, 4096)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._bury(*ended)

    def _bury(self, pid: int, status: int) -> None:
        line = self._lines.pop(pid)
        with suppress(KeyError):  # hung up already
            self._poll.unregister(line)
        with line, suppress(OSError):
            line.setblocking(False)
            line.send(json.dumps({"is": "exit", "status": os.waitstatus_to_exitcode(status)}).encode())


def child(line: socket.socket, files: list[int], request: dict[str, Any], tasks: Mapping[str, Task]) -> NoReturn:
    outlet = Outlet(line)
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _close_all_but({0, 1, 2, line.fileno(), *files})
        confine(request["limits"])
        outlet.say("begun")
        work = tasks[request["task"]]
        work(outlet, request["arguments"], [Path(f"/proc/self/fd/{fd}") for fd in files])
        outlet.say("end")
    except tuple(ERRORS.values()) as error:
        values = [error.t_s] if isinstance(error, recording.Truncated) else _words(error)
        outlet.say("error", name=type(error).__name__, values=values)
    except BaseException as error:
        where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-5:]]
        with suppress(OSError):
            why = {"memory": isinstance(error, MemoryError), "errno": getattr(error, "errno", None)}
            outlet.say("fault", where=f"{type(error).__name__} at {' '.join(where)}", **why)
    finally:
        os._exit(0)


def confine(limits: dict[str, Any]) -> None:
    """From here on, and nothing that a decoder does can widen it."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
    ):
        resource.setrlimit(kind, (most, most))


def _words(error: Exception) -> list[str]:
    return [error.code, str(error)] if isinstance(error, recording.NotAVideo) else [str(error)]


def _close_all_but(kept: set[int]) -> None:
    for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if fd not in kept:
            with suppress(OSError):  # the listing's own
                os.close(fd)


def main(tasks: Mapping[str, Task] = TASKS) -> None:
    door = socket.socket(fileno=int(sys.argv[-1]))
    os.chdir("/")
    gc.freeze()  # what is loaded by now stays shared between the children
    Warden(door, tasks).run()


if __name__ == "__main__":
    main()
