"""python -m emotion_ml.training.away: train on a machine that is lent for minutes and reached through small files.

`pack` here, `unpack` and `run` there. `run` makes what ships: teachers that differ in one thing each, side by side on
one card, then students of two sizes that learn from all of them for the rest of the time. The students begin as the
weights that were packed, if those read expressions already (and then teach too), else as the best teacher.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from emotion_ml.training import networks
from emotion_ml.training.parcels import ARCHIVE, FACES, FOLDERS, START, cut, pack, unpack

CONFIG: Final = Path(__file__).resolve().parents[1] / "config.yml"

_FACES: Final[dict[str, Any]] = {
    "network": "inception",
    "learning_rate": 0.0006,  # in batches of 128 it waits for its kernels to be launched: 19 s an epoch, not 11
    "stages": [{"px": 160, "epochs": 1}],  # as many as there is time for
}

TEACHERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {"seed": 1},
    "mixup": {"seed": 2, "mixup": 0.4},
    "flip": {"seed": 3, "flip_consistency": 1.0},
    "faces": {"seed": 5} | _FACES,
    "faces-again": {"seed": 6} | _FACES,
}
"""What each teacher has otherwise than config.yml. The last two need weights that knew faces before, the others are
trained where nothing that reads expressions was packed."""

_LEARNING: Final[dict[str, Any]] = {"seed": 4, "mixup": 0.4, "learning_rate": 0.0006}

STUDENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "student": _LEARNING,
    "student-160": _LEARNING | {"stages": [{"px": 160, "epochs": 1}]},
}
"""The second costs twice as much, to train and to serve. Which of them ships is chosen where their parts arrive."""

_LOADING_S: Final = 25.0  # before a network's first step
_SPARE_S: Final = 15.0  # to write what it has learned
_BACK_BYTES: Final = 15_900_000


@dataclass(frozen=True, slots=True)
class Away:
    """Where the unpacked `data` lies, where runs are kept, and where what comes back is put."""

    data: Path
    runs: Path
    out: Path
    extra: tuple[str, ...] = ()

    def start(
        self, name: str, changes: Mapping[str, Any], seconds: float, backbone: Path, teachers: Sequence[Path] = ()
    ) -> Process:
        """Begin `python -m emotion_ml train` with `changes` to config.yml; it learns for so many `seconds`."""
        config = self.runs / f"{name}.yml"
        config.write_text(yaml.safe_dump(yaml.safe_load(CONFIG.read_text()) | dict(changes) | {"patience": 1000}))
        command = [sys.executable, "-m", "emotion_ml", "train", "--out", self.runs / name, "--config", config]
        command += ["--data", self.data / ARCHIVE, "--data", self.data / FOLDERS]
        command += ["--backbone", backbone, "--seconds", max(1.0, seconds), *self.extra]
        for teacher in teachers:
            command += ["--teacher", teacher]
        with (self.runs / f"{name}.txt").open("w") as log:
            return subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT)

    def bring_back(self, name: str) -> None:
        """Put the weights of run `name` into `out`, in parts of NAME.safetensors that are small enough to travel."""
        whole = self.runs / f"{name}.safetensors"
        shutil.copyfile(self.weights(name), whole)
        cut(whole, self.out, _BACK_BYTES)

    def told(self, name: str) -> str:
        """What run `name` printed, and its log, as far as it came."""
        files = (self.runs / f"{name}.txt", self.runs / name / "log.csv")
        return "\n".join([f"== {name}", *(file.read_text() for file in files if file.exists())])

    def weights(self, name: str) -> Path:
        return self.runs / name / "model.safetensors"

    def best(self, name: str) -> float:
        """Best accuracy on PublicTest. Raises FileNotFoundError where the run ended before its first epoch did."""
        with (self.runs / name / "log.csv").open() as file:
            return max(float(row[f"valid_accuracy_{Path(ARCHIVE).stem}"]) for row in csv.DictReader(file))


Process = subprocess.Popen[bytes]


def run(away: Away, seconds: float, teaching: float) -> str:
    """Teachers for a share of `teaching` of `seconds`, then the students; returns what came of it.

    Puts the students' weights in parts, and what every run said, into `away.out`.
    """
    until = time.monotonic() + seconds
    for folder in (away.runs, away.out):
        folder.mkdir(parents=True, exist_ok=True)
    taught = teach(away, seconds * teaching - _LOADING_S)
    teachers = [away.weights(name) for name in taught]
    start = away.data / START
    if networks.knows_expressions(start):
        teachers.append(start)
    else:
        start = away.weights(max((name for name in taught if "network" not in TEACHERS[name]), key=away.best))
    left = until - time.monotonic() - _LOADING_S - _SPARE_S
    running = [away.start(name, changes, left, start, teachers) for name, changes in STUDENTS.items()]
    _end(running, until - time.monotonic())
    everybody = (*taught, *STUDENTS)
    (away.out / "logs.txt").write_text("\n".join(map(away.told, everybody)))
    done = [name for name in everybody if away.weights(name).exists()]  # an epoch of it at least
    for name in set(STUDENTS).intersection(done):
        away.bring_back(name)
    found = ", ".join(f"{name}: {away.best(name):.2%}" for name in done)
    return f"best on PublicTest: {found}; the students began as {start}"


def teach(away: Away, seconds: float) -> list[str]:
    """Train the teachers for which there are weights to start from, side by side; returns their names.

    Raises ValueError where there is nobody to teach.
    """
    names = _callable(away.data)
    if not names:
        raise ValueError("nobody can teach a network that reads expressions already: pack weights with --faces")
    starts = {name: away.data / (FACES if "network" in TEACHERS[name] else START) for name in names}
    for process in [away.start(name, TEACHERS[name], seconds, starts[name]) for name in names]:
        process.wait()
    return names


def _callable(data: Path) -> list[str]:
    known = networks.knows_expressions(data / START)
    return [name for name, each in TEACHERS.items() if ((data / FACES).exists() if "network" in each else not known)]


def _end(running: Sequence[Process], seconds: float) -> None:
    """Wait for all, and end those that are not done after `seconds`; each leaves its best epoch."""
    until = time.monotonic() + seconds
    for process in running:
        try:
            process.wait(timeout=max(1.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m emotion_ml.training.away", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("pack", help="here: write everything that training needs in parcels")
    sub.add_argument("archive", type=Path, help="FER-2013/FER+ .npz")
    sub.add_argument("collection", type=Path, help="tar of class folders")
    sub.add_argument("start", type=Path, help="weights to start from")
    sub.add_argument("out", type=Path)
    sub.add_argument("--faces", type=Path, help="weights to start from that knew faces before (see `inception`)")
    sub.add_argument("--max-mb", type=float, default=60, help="of a parcel (%(default)s)")
    sub = commands.add_parser("unpack", help="there: join the parcels")
    sub.add_argument("parcels", type=Path)
    sub.add_argument("out", type=Path)
    sub = commands.add_parser("run", help="there: train teachers and student")
    for name in ("data", "runs", "out"):
        sub.add_argument(name, type=Path)
    sub.add_argument("--seconds", type=float, required=True, help="for everything")
    sub.add_argument("--teaching", type=float, default=0.3, help="share of it for the teachers (%(default)s)")
    arguments, extra = parser.parse_known_args()
    if arguments.command == "pack":
        sources = arguments.archive, arguments.collection, arguments.start
        pack(*sources, arguments.out, int(arguments.max_mb * 1e6), faces=arguments.faces)
    elif arguments.command == "unpack":
        unpack(arguments.parcels, arguments.out)
    else:
        away = Away(arguments.data, arguments.runs, arguments.out, tuple(extra))
        print(run(away, arguments.seconds, arguments.teaching))
    return 0


if __name__ == "__main__":
    sys.exit(main())
