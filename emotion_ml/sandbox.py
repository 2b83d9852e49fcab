"""A stranger's file is only ever opened in a child process; this is the near side of that.

Knows how a child is begun, bounded, heard and ended; refuses to know what is done in it. One process, begun on first
use, has the decoders loaded and forks a child for each file, which takes milliseconds. Pictures and sound come through
shared memory that the child cannot resize; all else comes as short JSON, and is believed no further than checked.

What is covered
- A crash, an endless loop, a flood of output, or one of memory: one child ends, its caller gets `DecoderFailed`.
- Limits of address space, processor time, file size and open files; no core files; killed with the process that asked.
- The child gets its file as an open descriptor: neither a path, nor the environment, nor any other file of the server.

What is not covered
- System calls. There is no seccomp filter, no namespace and no user of its own: code that has taken a decoder over may
  still open what this user may open, and connect to where this user may connect. Run the server in a container.
- The number of processes, and the load on the disk.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import json
import logging
import math
import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml.media.decoding import NotAVideo, Truncated
from emotion_ml.media.sound import NoSound

log = logging.getLogger(__name__)

Bytes = NDArray[np.uint8]

COMMAND: Final = (sys.executable, "-s", "-m", "emotion_ml.media.child")
ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""All that a child knows of ours, beside where the dynamic linker looks. Threads that wait cost address space."""
SLOTS: Final = 4
"""Pictures that may wait: bounds memory, evens out the decoder's bursts."""
MESSAGE_BYTES: Final = 32 * 1024
MAX_SLOT_BYTES: Final = 3840 * 2160 * 3 * 2
START_S: Final = 60.0
STALL_S: Final = 20.0
SIGN_OF_LIFE_S: Final = 0.25
"""How often a child says that it has come further, when there is nothing else to say."""

CRASHED: Final = ("decoder-crashed", "The decoder broke down on this recording: the file may be damaged.")
STUCK: Final = ("decoder-stuck", "The decoder came no further with this recording and was stopped.")
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
NO_MEMORY: Final = ("decoder-memory", "This recording needs more memory to be decoded than one may have.")


class DecoderFailed(NotAVideo):
    """The decoder itself did not survive this file, or was ended by one of its limits."""


ERRORS: Final[dict[str, type[Exception]]] = {error.__name__: error for error in (NotAVideo, Truncated, NoSound)}
"""What a child may say of a file instead of a result."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one child. `wall_s` is for work of a known size; whatever comes no further is stopped long before."""

    memory_bytes: int = 2 * 1024**3
    cpu_s: int = 6 * 3600
    file_bytes: int = 0
    open_files: int = 32
    wall_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Item:
    """What a child gives while it works. `data` is shared with it, and valid until the next item is asked for."""

    note: dict[str, Any]
    data: Bytes | None = None


class Sandbox:
    """`command` begins the process that forks the children; a test begins one whose decoders misbehave."""

    def __init__(self, command: Sequence[str] = COMMAND, *, stall_s: float = STALL_S) -> None:
        self._command = [*command]
        self._stall_s = stall_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None

    def run(
        self, task: str, arguments: dict[str, Any], files: Sequence[int], limits: Limits = Limits()
    ) -> Generator[Item]:
        """Have `task` done with the open `files`; closing it ends the child.

        Raises one of ERRORS, DecoderFailed, or OSError where the disk has no room for what is written.
        """
        ends_at = time.monotonic() + limits.wall_s
        ring: _Ring | None = None
        with self._begun(task, arguments, files, limits) as line:
            while True:
                message = self._heard(line, ends_at, task)
                if message.kind == "end":
                    return
                if message.kind == "room":
                    ring = _Ring(message.whole("bytes"))
                    ring.lend(line)
                elif message.kind == "item" and ring is not None:
                    slot = message.whole("slot")
                    yield Item(message.body, ring.data(slot, message.whole("size")))
                    _tell(line, bytes([slot]))
                else:
                    yield Item(message.body)

    def close(self) -> None:
        """Ends the process and every child of it."""
        with self._lock:
            if self._door is None or self._process is None:
                return
            self._door.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(START_S)
            self._door = self._process = None

    def _heard(self, line: socket.socket, ends_at: float, task: str) -> _Message:
        line.settimeout(max(0.001, min(self._stall_s, ends_at - time.monotonic())))
        try:
            message = _Message.parse(_received(line))
        except TimeoutError:
            log.warning("a decoder came no further and was stopped: %s", task)
            raise DecoderFailed(*STUCK) from None
        except (OSError, ValueError) as error:
            log.warning("a decoder broke off or said what makes no sense: %s", task)
            raise DecoderFailed(*CRASHED) from error
        if message.kind == "fault" and message.body.get("errno") in NO_ROOM:
            raise OSError(errno.ENOSPC, "The disk is full")
        if message.kind in ("exit", "fault"):
            log.warning("a decoder ended by %s: %s", message.reason(), task)
            raise DecoderFailed(*(NO_MEMORY if message.body.get("memory") else CRASHED))
        if message.kind == "error":
            raise message.error()
        return message

    def _begun(self, task: str, arguments: dict[str, Any], files: Sequence[int], limits: Limits) -> socket.socket:
        wanted = {"task": task, "arguments": arguments, "limits": asdict(limits)}
        for _ in range(2):  # the process may have been ended from outside: then by another
            line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with far, suppress(OSError):
                socket.send_fds(self._entrance(), [json.dumps(wanted).encode()], [far.fileno(), *files])
            line.settimeout(START_S)
            with suppress(OSError):
                if line.recv(MESSAGE_BYTES):
                    return line
            line.close()
        msg = f"the decoders' process does not start: {' '.join(self._command)}"
        raise RuntimeError(msg)

    def _entrance(self) -> socket.socket:
        with self._lock:
            if self._door is not None and self._process is not None and self._process.poll() is None:
                return self._door
            if self._door is not None:
                self._door.close()
            self._door, self._process = _started(self._command)
            return self._door


@dataclass(frozen=True, slots=True)
class _Message:
    kind: str
    body: dict[str, Any]

    @classmethod
    def parse(cls, raw: bytes) -> _Message:
        """ValueError for what no child of ours would say, and for the silence after a last word that was none."""
        body = json.loads(raw)
        if not isinstance(body, dict):
            raise ValueError(body)
        return cls(str(body.pop("is", "")), body)

    def whole(self, name: str) -> int:
        value = self.body.get(name)
        if not isinstance(value, int):
            raise DecoderFailed(*CRASHED)
        return value

    def reason(self) -> str:
        """For the log: a signal's name, or where our own code failed. Never anything out of the file."""
        status = self.body.get("status")
        if not isinstance(status, int):
            return str(self.body.get("where"))[:MESSAGE_BYTES]
        return signal.Signals(-status).name if -status in set(signal.Signals) else f"status {status}"

    def error(self) -> Exception:
        match ERRORS.get(str(self.body.get("name"))), self.body.get("values"):
            case error, [float(t_s)] if error is Truncated and math.isfinite(t_s):
                return Truncated(t_s)
            case error, [str(code), str(sentence)] if error is NotAVideo:
                return NotAVideo(code, sentence)
            case error, [str(sentence)] if error is NoSound:
                return NoSound(sentence)
        return DecoderFailed(*CRASHED)


class _Ring:
    """Memory that a child fills slot by slot. Sealed: a child that shrank it would take its reader down with it."""

    def __init__(self, slot_bytes: int) -> None:
        if not 0 < slot_bytes <= MAX_SLOT_BYTES:
            raise DecoderFailed(*NO_MEMORY)
        self._fd = os.memfd_create("slots", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._fd, SLOTS * slot_bytes)
        fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        memory = mmap.mmap(self._fd, SLOTS * slot_bytes)
        self._slots: Bytes = np.frombuffer(memory, np.uint8).reshape(SLOTS, slot_bytes)

    def lend(self, line: socket.socket) -> None:
        with suppress(OSError):
            socket.send_fds(line, [b"room"], [self._fd])
        os.close(self._fd)

    def data(self, slot: int, size: int) -> Bytes:
        if not (0 <= slot < SLOTS and 0 <= size <= self._slots.shape[1]):
            raise DecoderFailed(*CRASHED)
        return self._slots[slot, :size]


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(MESSAGE_BYTES)
    except (
        ConnectionResetError
    ):  # the child ended before it took back its last slot; what it said before is still there
        return line.recv(MESSAGE_BYTES)


def _tell(line: socket.socket, token: bytes) -> None:
    with suppress(OSError):  # a child that has ended is noticed by what it said last
        line.send(token)


def _started(command: list[str]) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    nowhere = subprocess.DEVNULL
    linker = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
    with theirs:
        process = subprocess.Popen(
            [*command, str(theirs.fileno())],
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            pass_fds=[theirs.fileno()],
            env=ENVIRONMENT | linker,
            cwd=Path(__file__).resolve().parent.parent,
            # Ctrl-C is for us, and children end when we do. Not a session of its own: to Linux that is another user of
            # the machine, with whom we would take turns on a busy one.
            process_group=0,
        )
    return door, process


_current: Sandbox | None = None
_choosing: Final = threading.Lock()


def current() -> Sandbox:
    """The one of this process, begun by the first who needs it."""
    global _current
    with _choosing:
        if _current is None:
            _current = Sandbox()
            atexit.register(_current.close)
        return _current


@contextmanager
def replaced(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Use `sandbox` instead, for as long as the block lasts, and end it then."""
    global _current
    before, _current = _current, sandbox
    try:
        yield sandbox
    finally:
        _current = before
        sandbox.close()
