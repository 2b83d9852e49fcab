"""python -m emotion_ml.away: train on a machine that is lent for minutes and reached through small files.

`pack` here, `unpack` and `run` there. `run` makes what ships: teachers that differ in one thing each, side by side on
one card, then a student that starts from the best of them and learns from all, for as many epochs as time is left.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from emotion_ml.parcels import ARCHIVE, FACES, FOLDERS, START, cut, pack, unpack

CONFIG: Final = Path(__file__).with_name("config.yml")

TEACHERS: Final[Mapping[str, dict[str, Any]]] = {
    "plain": {"seed": 1},
    "mixup": {"seed": 2, "mixup": 0.4},
    "flip": {"seed": 3, "flip_consistency": 1.0},
    "faces": {
        "seed": 5,
        "network": "inception",
        "batch_size": 128,
        "learning_rate": 0.0004,
        "stages": [{"px": 160, "epochs": 1}],  # as many as `run` is asked for
    },
}
"""What each teacher has otherwise than config.yml. The last needs weights that knew faces before."""

_DEAR: Final = ("flip", "faces")  # each epoch costs twice as much: half as many

STUDENT: Final[dict[str, Any]] = {"seed": 4, "mixup": 0.4, "learning_rate": 0.0006}

_LOADING_S: Final = 25.0  # of a run: reading the faces, choosing kernels
_SPARE_S: Final = 30.0
_BACK_BYTES: Final = 15_900_000


@dataclass(frozen=True, slots=True)
class Away:
    """Where the unpacked `data` lies, where runs are kept, and where what comes back is put."""

    data: Path
    runs: Path
    out: Path
    extra: tuple[str, ...] = ()

    def start(
        self, name: str, changes: Mapping[str, Any], epochs: int, backbone: Path, teachers: list[Path]
    ) -> Process:
        """Begin `python -m emotion_ml train` with `changes` to config.yml."""
        config = self.runs / f"{name}.yml"
        config.write_text(yaml.safe_dump(yaml.safe_load(CONFIG.read_text()) | dict(changes) | {"patience": 1000}))
        command = [sys.executable, "-m", "emotion_ml", "train", "--out", self.runs / name, "--config", config]
        command += ["--data", self.data / ARCHIVE, "--data", self.data / FOLDERS]
        command += ["--backbone", backbone, "--epochs", epochs, *self.extra]
        for teacher in teachers:
            command += ["--teacher", teacher]
        with (self.out / f"{name}.txt").open("w") as log:
            return subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT)

    def weights(self, name: str) -> Path:
        return self.runs / name / "model.safetensors"

    def best(self, name: str) -> float:
        """Best accuracy on PublicTest. Raises FileNotFoundError where the run ended before its first epoch did."""
        with (self.runs / name / "log.csv").open() as file:
            return max(float(row[f"valid_accuracy_{Path(ARCHIVE).stem}"]) for row in csv.DictReader(file))


Process = subprocess.Popen[bytes]


def run(away: Away, seconds: float, epochs: int) -> str:
    """Teachers of `epochs` each, then the student, in `seconds` altogether; returns what came of it.

    Puts logs, and the student's weights in parts, into `away.out`.
    """
    began = time.monotonic()
    for folder in (away.runs, away.out):
        folder.mkdir(parents=True, exist_ok=True)
    teachers = teach(away, epochs)
    spent = time.monotonic() - began
    left = seconds - spent - _SPARE_S
    longest = student_epochs(spent, left, teachers=len(teachers), epochs=epochs)
    top = max((name for name in teachers if "network" not in TEACHERS[name]), key=away.best)
    student = away.start("student", STUDENT, longest, away.weights(top), [away.weights(name) for name in teachers])
    try:
        student.wait(timeout=max(1.0, left + _SPARE_S / 2))
    except subprocess.TimeoutExpired:
        student.terminate()
        student.wait()
    cut(away.weights("student"), away.out, _BACK_BYTES)
    found = [f"{name}: {away.best(name):.2%}" for name in (*teachers, "student")]
    logs = [f"== {name}\n{(away.runs / name / 'log.csv').read_text()}" for name in (*teachers, "student")]
    (away.out / "logs.txt").write_text("\n".join(logs))
    return f"best on PublicTest: {', '.join(found)}; the student began as {top}, {longest} epochs"


def teach(away: Away, epochs: int) -> list[str]:
    """Train the teachers for which there are weights to start from, side by side; returns their names."""
    starts = {name: away.data / (FACES if "network" in each else START) for name, each in TEACHERS.items()}
    names = [name for name, start in starts.items() if start.exists()]
    lengths = {name: max(1, epochs // 2) if name in _DEAR else epochs for name in names}
    for process in [away.start(name, TEACHERS[name], lengths[name], starts[name], []) for name in names]:
        process.wait()
    return names


def student_epochs(spent_s: float, left_s: float, *, teachers: int, epochs: int) -> int:
    """How many epochs fit, by what the teachers took: backward is two passes, a teacher's answer is one."""
    epoch_s = max(spent_s - _LOADING_S, 1.0) / (teachers * epochs)
    return max(1, int(left_s / (epoch_s * (3 + teachers) / 3)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m emotion_ml.away", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("pack", help="here: write everything that training needs in parcels")
    sub.add_argument("archive", type=Path, help="FER-2013/FER+ .npz")
    sub.add_argument("collection", type=Path, help="tar of class folders")
    sub.add_argument("start", type=Path, help="weights to start from")
    sub.add_argument("out", type=Path)
    sub.add_argument("--faces", type=Path, help="weights to start from that knew faces before (emotion_ml.inception)")
    sub.add_argument("--max-mb", type=float, default=60, help="of a parcel (%(default)s)")
    sub = commands.add_parser("unpack", help="there: join the parcels")
    sub.add_argument("parcels", type=Path)
    sub.add_argument("out", type=Path)
    sub = commands.add_parser("run", help="there: train teachers and student")
    for name in ("data", "runs", "out"):
        sub.add_argument(name, type=Path)
    sub.add_argument("--seconds", type=float, required=True, help="for everything")
    sub.add_argument("--epochs", type=int, default=26, help="of a teacher (%(default)s)")
    arguments, extra = parser.parse_known_args()
    if arguments.command == "pack":
        sources = arguments.archive, arguments.collection, arguments.start
        pack(*sources, arguments.out, int(arguments.max_mb * 1e6), faces=arguments.faces)
    elif arguments.command == "unpack":
        unpack(arguments.parcels, arguments.out)
    else:
        print(
            run(Away(arguments.data, arguments.runs, arguments.out, tuple(extra)), arguments.seconds, arguments.epochs)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
