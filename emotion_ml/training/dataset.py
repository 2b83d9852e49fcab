"""Labelled faces for training and evaluation: FER-2013 pixels with FER+ votes.

Knows the file's layout, which rows may be used for what, and nothing of networks.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from emotion_ml.labels import EMOTIONS

Protocol = Literal["ferplus-plurality", "ferplus-strict", "fer2013"]  # of the archive; class folders have none
Split = Literal["train", "public", "private"]

PROTOCOLS: Final[tuple[Protocol, ...]] = ("ferplus-plurality", "ferplus-strict", "fer2013")
USAGE: Final[dict[Split, int]] = {"train": 0, "public": 1, "private": 2}

_VOTE_COLUMNS: Final = ("anger", "happiness", "neutral", "sadness", "surprise")
_FER_LABELS: Final = (0, 3, 6, 4, 5)  # angry, happy, neutral, sad, surprise in the original numbering
_MIN_SHARE: Final = 0.5  # a training face needs at least half of its votes on the five expressions


@dataclass(frozen=True, slots=True)
class Faces:
    """`pixels` u8 (N, h, w) grey, `targets` f32 (N, 5) rows that sum to 1; `votes` likewise, where people voted."""

    pixels: NDArray[np.uint8]
    targets: NDArray[np.float32]
    votes: NDArray[np.float32] | None = None

    @property
    def labels(self) -> NDArray[np.intp]:
        return np.asarray(self.targets.argmax(axis=1), dtype=np.intp)

    def __len__(self) -> int:
        return len(self.pixels)


def load_training(path: Path) -> Faces:
    """Training faces with the vote distribution over the five expressions as soft target.

    Left out: rows whose votes belong to another picture, rows mostly voted as something else (fear, disgust, contempt,
    unknown, not a face), and pixel-identical copies of a PublicTest or PrivateTest picture.
    """
    raw = _read(path)
    use = _training(raw)
    return Faces(raw["pixels"][use], _shares(raw, use))


def teaching_rows(path: Path) -> NDArray[np.bool_]:
    """(N,) true for what `load_training` gives and what a network is chosen by: PublicTest by plurality."""
    raw = _read(path)
    choosing = _scored(raw, "ferplus-plurality")[0] & (raw["usage"] == USAGE["public"])
    return np.asarray(_training(raw) | choosing)


def load_protocol(path: Path, protocol: Protocol, split: Split) -> Faces:
    """The faces of `split` that `protocol` scores, with one-hot targets, and for the first two the votes on the five.

    ``ferplus-plurality``: votes exact, one column alone has most of the ten votes and is one of the five.
    ``ferplus-strict``: that column also has more than half of the votes. ``fer2013``: the original single label.
    """
    raw = _read(path)
    use, classes = _scored(raw, protocol)
    use &= raw["usage"] == USAGE[split]
    hot = np.eye(len(EMOTIONS), dtype=np.float32)[classes[use]]
    return Faces(raw["pixels"][use], hot, None if protocol == "fer2013" else _shares(raw, use))


def _training(raw: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    votes = raw["ferplus_votes"].astype(np.float32)
    held_out = {pixels.tobytes() for pixels in raw["pixels"][raw["usage"] != USAGE["train"]]}
    clean = np.fromiter((pixels.tobytes() not in held_out for pixels in raw["pixels"]), dtype=bool)
    enough = votes[:, raw["columns"]].sum(axis=1) >= _MIN_SHARE * votes.sum(axis=1).clip(min=1)
    return np.asarray((raw["usage"] == USAGE["train"]) & (raw["row_source"] != 2) & clean & enough)


def _scored(raw: dict[str, NDArray[Any]], protocol: Protocol) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which rows of all splits a protocol scores, and the class of each row."""
    if protocol == "fer2013":
        label = raw["label"]
        use = np.isin(label, _FER_LABELS)
        classes = np.array([_FER_LABELS.index(int(x)) if x in _FER_LABELS else 0 for x in label])
    else:
        votes = raw["ferplus_votes"].astype(np.int64)
        top = votes.max(axis=1)
        winner = votes.argmax(axis=1)
        use = (raw["row_source"] == 0) & ((votes == top[:, None]).sum(axis=1) == 1) & np.isin(winner, raw["columns"])
        if protocol == "ferplus-strict":
            use &= top * 2 > votes.sum(axis=1)
        lookup = {int(column): index for index, column in enumerate(raw["columns"])}
        classes = np.array([lookup.get(int(x), 0) for x in winner])
    return use, classes


def _shares(raw: dict[str, NDArray[Any]], use: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The votes on the five expressions as a distribution."""
    five = raw["ferplus_votes"][use][:, raw["columns"]].astype(np.float32)
    return np.asarray(five / five.sum(axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=1)
def _read(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise FileNotFoundError(f"no data file at {path}")
    try:
        with np.load(path) as archive:
            raw = {key: archive[key] for key in ("pixels", "label", "usage", "ferplus_votes", "row_source")}
            names = [str(name) for name in archive["ferplus_names"]]
        raw["columns"] = np.array([names.index(name) for name in _VOTE_COLUMNS])
    except (KeyError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise ValueError(f"{path.name} is not a whole archive of FER-2013 with FER+ votes: {error}") from error
    return raw
