"""python -m analytics.tests.dying: for each line that it reads, a child does what the line says until a kill -9.

wipe SESSION STEP    dies by its own hand after that step of the wipe
write RECORDING      tells its process, and appends until somebody else kills it
"""

from __future__ import annotations

import os
import signal
import sys
import uuid
from typing import NoReturn

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engageai.settings")
django.setup()

from analytics import store, wiping  # noqa: E402
from analytics.tests.stored import readings  # noqa: E402


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wipe(session_id: uuid.UUID, last_step: str) -> None:
    wiping.between = lambda step: die() if step == last_step else None
    store.wipe(session_id)
    die()  # before it could say anything


def write(recording_id: uuid.UUID) -> NoReturn:
    t_s = 0.0
    while True:
        store.append(recording_id, readings(t_s, t_s + 0.2), 0.5)
        if not t_s:
            print(os.getpid(), flush=True)
        t_s += 0.4


def live(line: str) -> None:
    match line.split():
        case ["wipe", name, step]:
            wipe(uuid.UUID(name), step)
        case ["write", name]:
            write(uuid.UUID(name))


for line in sys.stdin:
    child = os.fork()
    if not child:
        live(line)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
