"""What a training tells of each epoch: a line to read, and a row of log.csv. Knows no network."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """An epoch counted from 1; `accuracies` on the valid faces by source, in [0, 1]."""

    epoch: int
    px: int
    loss: float
    accuracies: Mapping[str, float]
    seconds: float

    @property
    def told(self) -> str:
        said = ", ".join(f"{name} {share:.2%}" for name, share in self.accuracies.items())
        return f"epoch {self.epoch}: loss {self.loss:.4f}; right on valid faces: {said}; {self.seconds:.0f} s"


def add(path: Path, row: Row) -> None:
    """Append it to the file, which begins with a heading."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            names = [f"valid_accuracy_{name}" for name in row.accuracies]
            writer.writerow(["epoch", "px", "train_loss", *names, "seconds"])
        shares = [f"{share:.4f}" for share in row.accuracies.values()]
        writer.writerow([row.epoch, row.px, f"{row.loss:.4f}", *shares, f"{row.seconds:.0f}"])


def cut(path: Path, epochs: int) -> None:
    """Keep the first `epochs` alone: what an interrupted run did after its state was kept comes again."""
    if not path.exists():
        return
    if not epochs:
        path.unlink()
        return
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: epochs + 1]))
