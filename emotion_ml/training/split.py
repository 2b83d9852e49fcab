"""A collection of labelled faces -> train, valid and test folders that share nobody.

Stratified by expression; copies, near copies and pictures of one person stay together. Copies files, changes none.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import resize
from emotion_ml.training import folders, grouping
from emotion_ml.training.folders import PARTS, PX, SHARES, NotFaces

Report = dict[str, dict[str, int]]

_MIN_EACH: Final = 3  # groups of an expression, one for each part


def split(
    source: Path, out: Path, *, shares: Sequence[float] = SHARES, person: str | None = None, seed: int = 0
) -> tuple[Report, list[str]]:
    """Copy the pictures of class folders to `out`/{train,valid,test}/<expression>/.

    `shares` are the parts of train, valid and test, and sum to 1. `person` is a regular expression; pictures whose file
    names give the same first group (or match) show one person. Returns the number of pictures by part and expression,
    and lines for what was left out or is missing. Raises NotFaces where there is nothing to split, an expression has
    fewer than three groups, or `out` already holds something.
    """
    _check(source, out, shares)
    labelled, notes = _labelled(source)
    paths, pictures = [], []
    for path in tqdm(labelled, desc="reading", unit="picture", mininterval=1):
        grey = cv2.imdecode(np.frombuffer(path.read_bytes() or b"\0", np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            notes.append(f"left out: {path.relative_to(source)} is not a picture that can be read")
        else:
            paths.append(path)
            pictures.append(resize(np.asarray(grey, dtype=np.uint8), PX))
    if not paths:
        raise NotFaces(f"{source} holds no pictures in folders named {', '.join(each.lower() for each in EMOTIONS)}")
    labels = np.array([folders.label_of(path.as_posix()) for path in paths], dtype=np.intp)
    group = grouping.groups(np.stack(pictures), _people(paths, person))
    part = assign(labels, group, shares, seed)
    report = _copy(paths, labels, part, out)
    return report, notes + _missing(report)


def assign(
    labels: NDArray[np.intp], group: NDArray[np.intp], shares: Sequence[float] = SHARES, seed: int = 0
) -> NDArray[np.intp]:
    """Index into PARTS of each picture: groups whole, each expression close to `shares`.

    Groups, largest first and in random order among equals, go where their expressions are missing most, as in the
    iterative stratification of Sechidis et al. 2011. Raises NotFaces for an expression of fewer than three groups.
    """
    counts = np.zeros((int(group.max()) + 1, len(EMOTIONS)))
    np.add.at(counts, (group, labels), 1)
    for index in np.unique(labels):
        if (counts[:, index] > 0).sum() < _MIN_EACH:
            raise NotFaces(f"{EMOTIONS[index]} has too few different faces to divide: three are the least")
    wanted = np.outer(shares, counts.sum(axis=0))
    order = np.random.default_rng(seed).permutation(np.flatnonzero(counts.sum(axis=1) > 0))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    home = np.zeros(len(counts), dtype=np.intp)
    for key in order:
        missing = wanted @ counts[key] / np.maximum(np.asarray(shares), 1e-9)
        home[key] = int(np.argmax(missing))
        wanted[home[key]] -= counts[key]
    return np.asarray(home[group], dtype=np.intp)


def _check(source: Path, out: Path, shares: Sequence[float]) -> None:
    if not source.is_dir():
        raise NotFaces(f"{source} is not a folder")
    if len(shares) != len(PARTS) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise NotFaces(f"the shares of {', '.join(PARTS)} must be above 0 and sum to 1")
    if out.exists() and any(out.iterdir()):
        raise NotFaces(f"{out} is not empty: choose a new folder, so that no old split is mixed with this one")
    if out.resolve().is_relative_to(source.resolve()):
        raise NotFaces(f"{out} lies inside of {source}: choose a folder beside it")


def _labelled(source: Path) -> tuple[list[Path], list[str]]:
    """The pictures in folders named by an expression, and a line for each other folder that holds some."""
    found = sorted(folders.pictures_below(source))
    labelled = [path for path in found if folders.label_of(path.as_posix()) is not None]
    others = Counter(path.parent for path in found if folders.label_of(path.as_posix()) is None)
    return labelled, [
        f"left out: {count:,} in {'.' if folder == source else folder.relative_to(source)}, named by no expression"
        for folder, count in others.items()
    ]


def _missing(report: Report) -> list[str]:
    """A line for each expression that a part has none of, though the collection has some."""
    return [
        f"beware: {part} has no {emotion}: too few different people or pictures show it"
        for emotion in EMOTIONS
        if any(counts[emotion] for counts in report.values())
        for part, counts in report.items()
        if not counts[emotion]
    ]


def _people(paths: Sequence[Path], person: str | None) -> list[str] | None:
    """A name for each picture, shared by those of one person; None where nothing tells them apart."""
    if person is None:
        return None
    try:
        pattern = re.compile(person)
    except re.error as error:
        raise NotFaces(f"--person is not a regular expression: {error}") from error
    found = [pattern.search(path.name) for path in paths]
    return [
        (match.group(1) if pattern.groups else match.group()) if match else path.as_posix()
        for match, path in zip(found, paths, strict=True)
    ]


def _copy(paths: Sequence[Path], labels: NDArray[np.intp], part: NDArray[np.intp], out: Path) -> Report:
    """Files of one name from different folders get a number, so that none replaces another."""
    report: Report = {name: dict.fromkeys(EMOTIONS, 0) for name in PARTS}
    for path, label, index in zip(
        tqdm(paths, desc="copying", unit="picture", mininterval=1), labels, part, strict=True
    ):
        name, emotion = PARTS[index], EMOTIONS[label]
        folder = out / name / emotion.lower()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / path.name
        number = 1
        while target.exists():
            target = folder / f"{path.stem}-{number}{path.suffix}"
            number += 1
        shutil.copyfile(path, target)
        report[name][emotion] += 1
    return report
