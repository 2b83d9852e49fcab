"""How a network is trained: the fields of a training configuration, read from YAML. Knows no network and no data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emotion_ml.training.augment import Augment


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
        raw: dict[str, Any] = yaml.safe_load(path.read_text())
        try:
            stages = tuple(Stage(**stage) for stage in raw.pop("stages"))
            return cls(stages=stages, augment=Augment(**raw.pop("augment")), frozen=tuple(raw.pop("frozen", ())), **raw)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path.name} is not a training configuration: {error}") from error

    @property
    def schedule(self) -> list[int]:
        """Input side in pixels of each epoch."""
        return [stage.px for stage in self.stages for _ in range(stage.epochs)]
