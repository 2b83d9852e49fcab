"""How a network is trained: the fields of a training configuration, read from YAML. Knows no network and no data."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import sqrt
from pathlib import Path
from typing import Any, Final

import yaml

from emotion_ml.training.augment import Augment

_LEAST_STEPS: Final = 16
_LEAST_BATCH: Final = 8  # batch norm's statistics need some


@dataclass(frozen=True, slots=True)
class Stage:
    px: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Config:
    """The fields of config.yml, each explained there."""

    seed: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_steps: int
    label_smoothing: float
    folder_smoothing: float
    folder_share: float
    mixup: float
    flip_consistency: float
    ema_decay: float
    patience: int
    teacher_share: float
    frozen: tuple[str, ...]
    stages: tuple[Stage, ...]
    augment: Augment
    network: str = "resnet50"

    @classmethod
    def read(cls, path: Path) -> Config:
        """Raises ValueError, naming the field, for a file that is no such configuration."""
        try:
            raw: dict[str, Any] = yaml.safe_load(path.read_text())
            stages = tuple(Stage(**stage) for stage in raw.pop("stages"))
            augment, frozen = Augment(**raw.pop("augment")), tuple(raw.pop("frozen", ()))
            config = cls(stages=stages, augment=augment, frozen=frozen, **raw)
            _check(config)
            _check(augment)
            for stage in stages:
                _check(stage)
        except (TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
            raise ValueError(f"{path.name} is not a training configuration: {error}") from error
        return config

    def fitted(self, faces: int) -> Config:
        """For a collection of so few `faces` that an epoch would have less than _LEAST_STEPS steps: smaller batches.

        The learning rate falls with the square root of the batch (Malladi et al. 2022, arXiv 2205.10287, for Adam).
        """
        size = max(_LEAST_BATCH, faces // _LEAST_STEPS)
        if size >= self.batch_size:
            return self
        return replace(self, batch_size=size, learning_rate=self.learning_rate * sqrt(size / self.batch_size))

    @property
    def schedule(self) -> list[int]:
        """Input side in pixels of each epoch."""
        return [stage.px for stage in self.stages for _ in range(stage.epochs)]


def _check(settings: Config | Stage | Augment) -> None:
    """Raises TypeError, naming the field, where a number is wanted and something else stands."""
    kinds: dict[Any, type | tuple[type, ...]] = {"int": int, "float": (int, float)}
    for each in fields(settings):
        value, kind = getattr(settings, each.name), kinds.get(each.type)
        if kind and (isinstance(value, bool) or not isinstance(value, kind)):
            raise TypeError(f"{each.name}: {value!r} is not a number as YAML writes one: 8.0e-4 is, 8e-4 is not")
