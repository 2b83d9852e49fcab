"""Probabilities of expressions -> engagement in a setting.

Knows the value that environments.yml gives each expression in each environment. The score is linear in the
probabilities, so it stays inside [1, 5] without clipping and decomposes exactly into the expressions' parts. Refuses to
know faces, time and what anybody feels; the values are judgements, and say so where they are written.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from emotion_ml.labels import EMOTIONS

NAMES: Final = ("classroom", "product_demo", "seminar", "general")
LOWEST: Final = 1.0
HIGHEST: Final = 5.0


class InvalidEnvironments(ValueError):
    """environments.yml does not say what it must; the message says where."""


class UnknownEnvironment(ValueError):
    """There is no environment of this name."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A setting; `values` and `reasons` follow `labels.EMOTIONS`."""

    name: str
    label: str
    purpose: str
    values: tuple[float, ...]
    reasons: tuple[str, ...]


def score(probabilities: ArrayLike, environment: Environment) -> NDArray[np.float64]:
    """Engagement (...) of probabilities (..., 5); NaN where they are NaN."""
    return np.asarray(np.asarray(probabilities, np.float64) @ np.array(environment.values))


def environment(name: str) -> Environment:
    for known in ENVIRONMENTS:
        if known.name == name:
            return known
    raise UnknownEnvironment(f"There is no environment {name!r}; there are {', '.join(NAMES)}.")


def parse(text: str) -> tuple[Environment, ...]:
    """The environments of a YAML text, in the order of NAMES; every departure from the form is an error."""
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise InvalidEnvironments(f"not YAML: {error}") from error
    blocks = _mapping(document, NAMES, "the file")
    return tuple(_environment(name, blocks[name]) for name in NAMES)


class _StrictLoader(yaml.SafeLoader):
    """YAML itself lets a later key overwrite an earlier one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
            raise InvalidEnvironments(f"given twice: {', '.join(twice)}{node.start_mark}")
        return super().construct_mapping(node, deep)


def _environment(name: str, block: object) -> Environment:
    fields = _mapping(block, ("label", "purpose", "values"), name)
    entries = _mapping(fields["values"], EMOTIONS, f"{name}.values")
    pairs = [
        (emotion, _mapping(entries[emotion], ("value", "reason"), f"{name}.values.{emotion}")) for emotion in EMOTIONS
    ]
    return Environment(
        name=name,
        label=_sentence(fields["label"], f"{name}.label"),
        purpose=_sentence(fields["purpose"], f"{name}.purpose"),
        values=tuple(_value(pair["value"], f"{name}.values.{emotion}.value") for emotion, pair in pairs),
        reasons=tuple(_sentence(pair["reason"], f"{name}.values.{emotion}.reason") for emotion, pair in pairs),
    )


def _mapping(found: object, keys: tuple[str, ...], where: str) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise InvalidEnvironments(f"{where}: expected {', '.join(keys)}, found {found!r}")
    missing = [key for key in keys if key not in found]
    extra = [str(key) for key in found if key not in keys]
    if missing or extra:
        parts = [f"missing {', '.join(missing)}"] * bool(missing) + [f"unknown {', '.join(extra)}"] * bool(extra)
        raise InvalidEnvironments(f"{where}: {'; '.join(parts)}")
    return found


def _sentence(found: object, where: str) -> str:
    if not isinstance(found, str) or not found.strip():
        raise InvalidEnvironments(f"{where}: expected words, found {found!r}")
    return found.strip()


def _value(found: object, where: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise InvalidEnvironments(f"{where}: expected a number, found {found!r}")
    if not LOWEST <= found <= HIGHEST:
        raise InvalidEnvironments(f"{where}: {found} lies outside [{LOWEST:g}, {HIGHEST:g}]")
    return float(found)


ENVIRONMENTS: Final = parse(Path(__file__).with_name("environments.yml").read_text(encoding="utf-8"))
"""Loaded once, when the module is."""
