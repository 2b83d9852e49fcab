"""How good the network that read a recording is known to be: what was measured of the weights that ship.

Knows the two lists beside those weights, and refuses to know the network. It comes in two files, a checkpoint for a
card and an int8 export for a CPU, whose accuracies lie within half a point of each other (the model card has both): the
one that was measured in full speaks for the other, and is named where it does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

Evaluation = Mapping[str, Any]

FIGURES: Final = "weights/figures.json"
HASHES: Final = "weights/SHA256SUMS"


def of(sha256: str) -> Evaluation | None:
    """What `python -m emotion_ml evaluate` measured of this weights file or its network; None for any other."""
    listed = (line.partition("  ") for line in _text(HASHES).splitlines())
    return chosen(json.loads(_text(FIGURES) or "[]"), {digest: name for digest, _, name in listed}, sha256)


def chosen(measured: Sequence[Evaluation], names: Mapping[str, str], sha256: str) -> Evaluation | None:
    """The first of exactly this file, else of one whose name in `names`, by digest, begins with the same network's.

    Where it is another's, `measured_with` is the name of that file.
    """
    network = _network(names.get(sha256, ""))
    for each in measured:
        if each["sha256"] == sha256:
            return each
    for each in measured:
        name = names.get(each["sha256"], "")
        if network and _network(name) == network:
            return {**each, "measured_with": name}
    return None


def _network(file_name: str) -> str:
    return file_name.partition(".")[0]


def _text(name: str) -> str:
    """Empty where nothing is recorded."""
    file = resources.files("emotion_ml") / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""
