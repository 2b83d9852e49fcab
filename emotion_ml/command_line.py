"""What commands share: how one is declared, the options that choose an engine, and rates. Knows no command."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emotion_ml.engine import EmotionEngine

Run = Callable[[argparse.Namespace], int]


class Commands:
    """The subcommands of a parser; each run returns an exit status."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parsers = parser.add_subparsers(dest="command", required=True)

    def add(self, name: str, run: Run, about: str, *, reads: bool = False) -> argparse.ArgumentParser:
        """One more; `reads`: with the options from which `engine` makes one."""
        sub = self._parsers.add_parser(name, help=about, description=about)
        sub.set_defaults(run=run)
        if reads:
            _with_engine(sub)
        return sub


def count(text: str) -> int:
    """The type of an option that counts something. Raises ArgumentTypeError, with a sentence, below 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text}")
    return number


def engine(arguments: argparse.Namespace) -> EmotionEngine:
    """The engine that --backend and --weights ask for."""
    from emotion_ml.engine import WEIGHTS, EmotionEngine

    return EmotionEngine.create(arguments.weights or WEIGHTS, backend=arguments.backend)


def rate(text: str) -> float:
    """The type of --fps."""
    with suppress(ValueError):
        if 0 < (fps := float(text)) < math.inf:
            return fps
    msg = "use a number above 0"
    raise argparse.ArgumentTypeError(msg)


def _with_engine(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--backend", choices=("auto", "onnx", "torch"), default="auto")
    default = os.environ.get("WEIGHTS_DIR")
    sub.add_argument(
        "--weights",
        type=Path,
        default=Path(default) if default else None,
        metavar="FOLDER",
        help="where `convert` wrote other weights (WEIGHTS_DIR, or those of the package)",
    )
