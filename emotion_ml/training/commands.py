"""The commands that make and measure a network: split, train, convert, evaluate. Parses arguments and prints."""

from __future__ import annotations

import argparse
import ctypes
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from emotion_ml.command_line import Commands, count, engine

PACKAGE: Final = Path(__file__).resolve().parents[1]
SOURCE_HELP: Final = "a FER-2013/FER+ .npz, a folder of class folders (as `split` writes it), or a tar of one"

_M_TRIM_THRESHOLD: Final = -1  # names and values of glibc's malloc.h
_M_TOP_PAD: Final = -2
_M_MMAP_MAX: Final = -4


def add(commands: Commands) -> None:
    """Add the four."""
    _add_split(
        commands.add("split", _split, "Divide class folders into train, valid and test parts that share nobody.")
    )
    _add_train(commands.add("train", _train, "Fine-tune the network; continues where the folder's last epoch ended."))
    _add_convert(commands.add("convert", _convert, "Calibrate a checkpoint; export it as safetensors and int8 ONNX."))
    _add_evaluate(
        commands.add(
            "evaluate", _evaluate, "Measure accuracy and calibration on faces that training never saw.", reads=True
        )
    )


def _add_split(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("source", type=Path, metavar="SRC", help="holds folders angry, happy, neutral, sad, surprise")
    sub.add_argument("out", type=Path, metavar="OUT", help="a new folder: train/, valid/ and test/ come into it")
    sub.add_argument("--shares", type=float, nargs=3, default=(0.8, 0.1, 0.1), metavar=("TRAIN", "VALID", "TEST"))
    sub.add_argument(
        "--person",
        metavar="REGEX",
        help=r"names that give the same first group show one person, as '^(\w+)_' does for anna_3.jpg",
    )
    sub.add_argument("--seed", type=int, default=0)


def _add_train(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--data", type=Path, required=True, action="append", metavar="SOURCE", help=f"{SOURCE_HELP}; repeat to mix"
    )
    sub.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    sub.add_argument(
        "--backbone", type=Path, metavar="FILE.safetensors", help="ImageNet or earlier weights to start from"
    )
    sub.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.safetensors",
        help="a trained network to learn from besides the labels; repeat for several, whose mean answer counts",
    )
    sub.add_argument("--config", type=Path, default=PACKAGE / "config.yml", help="(%(default)s)")
    sub.add_argument("--limit", type=count, help="only so many faces of each source, for a trial")
    length = sub.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=count, help="only so many, in place of the configuration's stages")
    length.add_argument("--seconds", type=float, help="for so long, in place of them: the learning rate falls by time")
    sub.add_argument("--px", type=count, help="input side of those epochs (that of the configuration's first stage)")
    sub.add_argument("--resume", action="store_true", help="demand that FOLDER holds an interrupted run")


def _add_convert(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("checkpoint", type=Path, help="model.safetensors, or a .pt that holds nothing but tensors")
    sub.add_argument(
        "--data",
        type=Path,
        required=True,
        action="append",
        metavar="SOURCE",
        help=f"for calibration: {SOURCE_HELP}; repeat if trained on several, the first sets the temperature",
    )
    sub.add_argument("--out", type=Path, default=PACKAGE / "weights", metavar="FOLDER", help="(%(default)s)")
    sub.add_argument("--px", type=count, help="input side (that of training)")
    sub.add_argument(
        "--blend",
        nargs=2,
        metavar=("CHECKPOINT", "SHARE"),
        help="first average the weights with so much of a relative's: what training began from, or another end of it",
    )
    sub.add_argument("--onnx", action="store_true", help="write the unquantised ONNX as well")


def _add_evaluate(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--data", type=Path, required=True, metavar="SOURCE", help=SOURCE_HELP)
    sub.add_argument("--protocol", choices=("ferplus-plurality", "ferplus-strict", "fer2013"), help="of an archive")
    sub.add_argument("--split", choices=("public", "private"), default="private", help="public: the valid part")
    sub.add_argument("--json", type=Path, metavar="OUT")
    sub.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw the confusion matrix and the reliability diagram"
    )
    sub.add_argument("--log", type=Path, metavar="log.csv", help="with --plots: draw a training's curves as well")


def _split(arguments: argparse.Namespace) -> int:
    from emotion_ml.training.split import split

    report, notes = split(
        arguments.source, arguments.out, shares=arguments.shares, person=arguments.person, seed=arguments.seed
    )
    for line in notes:
        print(line)
    for part, counts in report.items():
        said = "  ".join(f"{emotion} {n:,}" for emotion, n in counts.items())
        print(f"{part:<6}{sum(counts.values()):>8,}   {said}")
    return 0


def _keep_freed_memory() -> None:
    """For this whole process, which only trains: each step on a CPU asks for tensors of 50 MB anew. glibc would hand
    every one back to the system, and clearing the pages that come again takes four tenths of a step. See mallopt(3)."""
    with suppress(OSError, AttributeError):  # another C library
        for name, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, 2**30)):
            ctypes.CDLL(None).mallopt(name, value)


def _train(arguments: argparse.Namespace) -> int:
    from emotion_ml.training.train import train

    _keep_freed_memory()
    if arguments.resume and not (arguments.out / "state.pt").is_file():
        raise ValueError(f"there is nothing to resume in {arguments.out}")
    best = train(
        arguments.data,
        arguments.config,
        arguments.out,
        backbone=arguments.backbone,
        teachers=arguments.teacher,
        limit=arguments.limit,
        epochs=arguments.epochs,
        px=arguments.px,
        seconds=arguments.seconds,
    )
    first = arguments.data[0].name
    print(f"best on the valid faces of {first}: {best:.2%}, in {arguments.out / 'model.safetensors'}")
    return 0


def _convert(arguments: argparse.Namespace) -> int:
    from emotion_ml.training.convert import convert

    blend = (Path(arguments.blend[0]), float(arguments.blend[1])) if arguments.blend else None
    found = convert(
        arguments.checkpoint,
        arguments.data,
        arguments.out,
        px=arguments.px,
        with_float=arguments.onnx,
        blend=blend,
    )
    print(f"temperature {found['temperature']:.3f}")
    print(f"written to {arguments.out}; use it with --weights {arguments.out}, or WEIGHTS_DIR for the server")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from emotion_ml.training.evaluate import evaluate, load

    faces = load(arguments.data, arguments.protocol, arguments.split)
    with engine(arguments) as reader:
        figures = evaluate(reader, faces)
    report: dict[str, Any] = {"data": arguments.data.stem, "protocol": arguments.protocol, "split": arguments.split}
    report |= figures
    text = json.dumps(report, indent=1)
    if arguments.json:
        arguments.json.write_text(text)
    if arguments.plots:
        from emotion_ml.training import plots

        plots.draw(report, arguments.plots, log=arguments.log)
    print(text)
    return 0
