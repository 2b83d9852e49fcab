"""Fine-tunes the network on labelled faces: staged input size, AdamW, cosine, soft targets, averaged weights.

Knows the optimisation and its files (state.pt to resume, log.csv, model.safetensors). Chooses by PublicTest and never
opens PrivateTest.
"""

from __future__ import annotations

import copy
import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch.nn import functional as F
from tqdm import tqdm

from emotion_ml import model
from emotion_ml.augment import Augment
from emotion_ml.dataset import Faces, load_protocol, load_training
from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import MEAN, STD, prepare


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
    ema_decay: float
    stages: tuple[Stage, ...]
    augment: Augment

    @classmethod
    def read(cls, path: Path) -> Config:
        raw: dict[str, Any] = yaml.safe_load(path.read_text())
        stages = tuple(Stage(**stage) for stage in raw.pop("stages"))
        return cls(stages=stages, augment=Augment(**raw.pop("augment")), **raw)

    @property
    def schedule(self) -> list[int]:
        """Input side in pixels of each epoch."""
        return [stage.px for stage in self.stages for _ in range(stage.epochs)]


class Trainer:
    """One run in one folder. `run` continues from the folder's state.pt where there is one."""

    def __init__(self, config: Config, train: Faces, valid: Faces, backbone: Path | None, out: Path) -> None:
        torch.manual_seed(config.seed)
        self.config, self.train, self.valid, self.out = config, train, valid, out
        self.network = model.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if backbone:
            model.load_backbone(self.network, backbone)
        self.average = copy.deepcopy(self.network).eval()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.0, weight_decay=config.weight_decay)
        self.steps_per_epoch = len(train) // config.batch_size
        self.epoch, self.best = 0, 0.0

    def run(self) -> float:
        """Train the remaining epochs; returns the best PublicTest accuracy, that of model.safetensors."""
        self.out.mkdir(parents=True, exist_ok=True)
        if (self.out / "state.pt").exists():
            self._resume()
        for epoch in range(self.epoch, len(self.config.schedule)):
            started = time.monotonic()
            loss = self._train_epoch(epoch)
            accuracy = self._accuracy(self.config.schedule[epoch])
            self.epoch = epoch + 1
            self._log(epoch, loss, accuracy, time.monotonic() - started)
            if accuracy >= self.best:
                self.best = accuracy
                self._export()
            self._save_state()
        return self.best

    def _train_epoch(self, epoch: int) -> float:
        self.network.train()
        rng = torch.Generator().manual_seed(self.config.seed * 1000 + epoch)
        order = torch.randperm(len(self.train), generator=rng)[: self.steps_per_epoch * self.config.batch_size]
        total = 0.0
        px = self.config.schedule[epoch]
        batches = order.view(-1, self.config.batch_size)
        bar = tqdm(batches, desc=f"epoch {epoch + 1}/{len(self.config.schedule)} {px} px", mininterval=10)
        for index, rows in enumerate(bar):
            loss = self._step(epoch * self.steps_per_epoch + index, rows.numpy(), px, rng)
            total += loss
            bar.set_postfix(loss=f"{total / (index + 1):.3f}", refresh=False)
        return total / max(len(batches), 1)

    def _step(self, step: int, rows: np.ndarray[Any, Any], px: int, rng: torch.Generator) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate(step)
        faces = torch.from_numpy(self.train.pixels[rows]).unsqueeze(1).float() / 255
        images = _normalise(self.config.augment(faces, px, rng))
        targets = torch.from_numpy(self.train.targets[rows])
        loss = F.cross_entropy(self.network(images), targets, label_smoothing=self.config.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self._update_average(step)
        return float(loss.detach())

    def _learning_rate(self, step: int) -> float:
        total = self.steps_per_epoch * len(self.config.schedule)
        warm = min(1.0, (step + 1) / max(self.config.warmup_steps, 1))
        return self.config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / total))

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        for kept, fresh in zip(self.average.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(fresh, 1 - decay)
        for kept, fresh in zip(self.average.buffers(), self.network.buffers(), strict=True):
            kept.copy_(fresh)

    @torch.inference_mode()
    def _accuracy(self, px: int) -> float:
        right = 0
        for start in range(0, len(self.valid), 256):
            images = np.stack([prepare(face, px) for face in self.valid.pixels[start : start + 256]])
            logits = self.average(torch.from_numpy(images).contiguous(memory_format=torch.channels_last))
            right += int((logits.argmax(dim=1).numpy() == self.valid.labels[start : start + 256]).sum())
        return right / len(self.valid)

    def _log(self, epoch: int, loss: float, accuracy: float, seconds: float) -> None:
        path = self.out / "log.csv"
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["epoch", "px", "train_loss", "public_plurality_accuracy", "seconds"])
            writer.writerow(
                [epoch + 1, self.config.schedule[epoch], f"{loss:.4f}", f"{accuracy:.4f}", f"{seconds:.0f}"]
            )
        tqdm.write(f"epoch {epoch + 1}: loss {loss:.4f}, PublicTest plurality {accuracy:.2%}, {seconds:.0f} s")

    def _export(self) -> None:
        metadata = {"emotions": list(EMOTIONS), "input_px": self.config.schedule[self.epoch - 1], "epoch": self.epoch}
        model.save_weights(self.average, self.out / "model.safetensors", metadata)

    def _save_state(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
        }
        torch.save(state, self.out / "state.tmp")
        (self.out / "state.tmp").replace(self.out / "state.pt")

    def _resume(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.best = state["epoch"], state["best"]


def _normalise(grey: torch.Tensor) -> torch.Tensor:
    """(N, 1, H, W) in [0, 1] -> (N, 3, H, W), channels last, as `preprocess.prepare` gives one face."""
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((grey - mean) / std).contiguous(memory_format=torch.channels_last)


def train(data: Path, config: Path, out: Path, *, backbone: Path | None, limit: int | None = None) -> float:
    """Train on `data` (the FER-2013/FER+ archive) into folder `out`; `limit` takes that many faces, for a trial run.

    Returns the best accuracy on PublicTest (FER+ plurality). Raises FileNotFoundError where `data` is absent.
    """
    faces = load_training(data)
    if limit:
        chosen = np.random.default_rng(0).permutation(len(faces))[:limit]
        faces = Faces(faces.pixels[chosen], faces.targets[chosen])
    valid = load_protocol(data, "ferplus-plurality", "public")
    return Trainer(Config.read(config), faces, valid, backbone, out).run()
