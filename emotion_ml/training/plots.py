"""Pictures of how training went and how good a network is. Knows figures that others measured, and matplotlib."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emotion_ml.labels import EMOTIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#1f2d36"
_BLUE: Final = "#0072B2"
_ORANGE: Final = "#D55E00"
_SIZE: Final = (5.6, 4.6)  # inches
_DPI: Final = 150


def draw(report: Mapping[str, Any], folder: Path, *, log: Path | None = None) -> list[Path]:
    """Write confusion.png and reliability.png of an `evaluate` report, and curves.png of a training log, to `folder`.

    Raises ValueError when `log` is no log.csv of `train`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"confusion.png": confusion(report), "reliability.png": reliability(report)}
    if log is not None:
        figures["curves.png"] = curves(log)
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=_DPI)
    return [folder / name for name in figures]


def confusion(report: Mapping[str, Any]) -> Figure:
    """Rows are what the faces are labelled as; each cell has its count and its share of the row."""
    counts = np.array(report["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _canvas(f"{_title(report)}: {report['accuracy']:.1%} of {report['n']:,}")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        ink = "white" if share > 0.5 else _INK
        text = f"{counts[row, column]:,}\n{share:.0%}"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(range(len(EMOTIONS)), EMOTIONS)
    axes.set_yticks(range(len(EMOTIONS)), EMOTIONS)
    axes.set(xlabel="said", ylabel="labelled")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def reliability(report: Mapping[str, Any]) -> Figure:
    """Share right against mean confidence of the 15 bins; the area of a dot is the number of faces in its bin."""
    rows = report["reliability"]
    n = np.array([row["n"] for row in rows])
    figure, axes = _canvas(f"{_title(report)}: calibration error {report['ece']:.3f}")
    axes.plot([0, 1], [0, 1], color="#9aa7b0", linewidth=1, linestyle=(0, (4, 3)))
    axes.scatter([row["said"] for row in rows], [row["right"] for row in rows], s=8 + 400 * n / n.sum(), color=_BLUE)
    axes.set(xlabel="confidence said", ylabel="share right", xlim=(0.15, 1.02), ylim=(0, 1.02))
    return figure


def curves(log: Path) -> Figure:
    """Loss and accuracy on valid faces by epoch."""
    from matplotlib.ticker import MaxNLocator

    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "train_loss" not in rows[0]:
        raise ValueError(f"{log.name} is not a log of `train`")
    epochs = [int(row["epoch"]) for row in rows]
    figure, axes = _canvas("Training")
    axes.plot(epochs, [float(row["train_loss"]) for row in rows], color=_ORANGE, marker="o", label="training loss")
    axes.set(xlabel="epoch", ylabel="training loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    right = axes.twinx()
    right.spines[["top"]].set_visible(False)
    right.set_ylabel("right on valid faces")
    for name, style in zip((key for key in rows[0] if "accuracy" in key), ("-", "--", ":"), strict=False):
        label = name.removeprefix("valid_accuracy_")
        right.plot(epochs, [float(row[name]) for row in rows], color=_BLUE, marker="s", linestyle=style, label=label)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _title(report: Mapping[str, Any]) -> str:
    return f"{report.get('protocol') or report.get('data', 'faces')}, {report['split']}"


def _canvas(title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure  # not pyplot: no window system is asked for

    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
