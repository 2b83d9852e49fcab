"""Fine-tunes the network on labelled faces: staged input size, AdamW, cosine, soft targets, averaged weights.

Knows the optimisation and its files (state.pt to resume, log.csv, model.safetensors). Chooses by PublicTest, or by the
valid part of class folders, and never opens PrivateTest or a test part. bfloat16 on CUDA and on a CPU with matrix
tiles, float32 on any other CPU, where bfloat16 was measured slower (docs/training-log.md).
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F
from tqdm import tqdm

from emotion_ml import model
from emotion_ml.labels import EMOTIONS
from emotion_ml.preprocess import MEAN, STD, resize
from emotion_ml.training import journal, networks, sources
from emotion_ml.training.dataset import Faces
from emotion_ml.training.recipe import Config, Stage
from emotion_ml.training.schedule import Schedule
from emotion_ml.training.sources import Batch, Source
from emotion_ml.training.teachers import Teachers

_VALID_BATCH: Final = 256
_MAX_GRADIENT: Final = 5.0
_STATE_EVERY_S: Final = 60.0
"""Least time between two states on disk: on a GPU an epoch takes seconds, and the optimiser's state is 0.4 GB."""


class Trainer:
    """One run in one folder. `run` continues from the folder's state.pt where there is one.

    With `teachers`, `config.teacher_share` of each target is the mean answer of those checkpoints.
    """

    def __init__(
        self,
        config: Config,
        data: Sequence[Source],
        backbone: Path | None,
        out: Path,
        teachers: Sequence[Path] = (),
        seconds: float | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.data, self.out = config, list(data), out
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.mixed = self.device.type == "cuda" or torch.cpu._is_amx_tile_supported()
        torch.backends.cudnn.benchmark = True
        network = networks.build(config.network, min(config.schedule))
        if backbone:
            model.load_backbone(network, backbone)
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval()
        self.teachers = Teachers(teachers, self.device)
        self.frozen = [networks.part(self.network, name) for name in config.frozen]
        for part in self.frozen:
            part.requires_grad_(False)
        learning = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, lr=0.0, weight_decay=config.weight_decay, fused=True)
        self.batch_sizes = sources.sizes(self.data, config.batch_size, config.folder_share)
        self.steps_per_epoch = sources.steps(self.data, self.batch_sizes)
        self.schedule = Schedule(config, self.steps_per_epoch, seconds)
        self.rng = torch.Generator(self.device)
        self.epoch, self.best, self.best_epoch = 0, 0.0, 0
        self.saved_at = -math.inf
        self._valid: dict[tuple[str, int], torch.Tensor] = {}
        self._data_mark = sources.mark(self.data)

    def run(self) -> float:
        """Train the remaining epochs; returns the best accuracy on the valid part of the first source, now exported."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.schedule.begin()
        if (self.out / "state.pt").exists():
            self._resume()
        journal.cut(self.out / "log.csv", self.epoch)
        if self._over():
            tqdm.write(f"nothing is left to train: {self.epoch} epochs are done")
        while not self._over():
            if self.epoch - self.best_epoch >= self.config.patience:
                tqdm.write(f"no better for {self.config.patience} epochs: ended before epoch {self.epoch + 1}")
                break
            self._run_epoch(self.epoch)
        return self.best

    def _over(self, steps: int = 0) -> bool:
        """Whether nothing of the run is left after so many `steps` of the epoch that comes or is going on."""
        return self.schedule.share(self.epoch * self.steps_per_epoch + steps) >= 1

    def _run_epoch(self, epoch: int) -> None:
        started = time.monotonic()
        loss = self._train_epoch(epoch)
        accuracies = {source.name: self._accuracy(source, self.schedule.px(epoch)) for source in self.data}
        self.epoch = epoch + 1
        row = journal.Row(self.epoch, self.schedule.px(epoch), loss, accuracies, time.monotonic() - started)
        journal.add(self.out / "log.csv", row)
        tqdm.write(row.told)
        first = accuracies[self.data[0].name]
        if first >= self.best:
            self.best, self.best_epoch = first, self.epoch
            self._export()
        if self._over() or time.monotonic() - self.saved_at > _STATE_EVERY_S:
            self._save_state()

    def _train_epoch(self, epoch: int) -> float:
        self.network.train()
        for part in self.frozen:
            part.eval()
        seed = self.config.seed * 1000 + epoch
        self.rng.manual_seed(seed)
        total = torch.zeros((), device=self.device)
        px = self.schedule.px(epoch)
        bar = tqdm(
            sources.batches(self.data, self.batch_sizes, seed),
            total=self.steps_per_epoch,
            desc=f"{self.schedule.told(epoch)} {px} px",
            mininterval=10,
        )
        for index, batch in enumerate(bar):
            total += self._step(epoch * self.steps_per_epoch + index, batch, px)
            if index % 20 == 0:
                bar.set_postfix(loss=f"{float(total) / (index + 1):.3f}", refresh=False)
            if self._over(index + 1):
                break
        return float(total) / (index + 1)

    def _step(self, step: int, batch: Batch, px: int) -> torch.Tensor:
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate(step)
        images, targets = self._inputs(batch, px, step)
        with self._precision():
            if self.teachers:
                targets = targets.lerp(self.teachers(images), self.config.teacher_share)
            loss = self._loss(images, targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _MAX_GRADIENT)
        self.optimizer.step()
        self._update_average(step)
        return loss.detach()

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.mixed)

    def _inputs(self, batch: Batch, px: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Distorted, mixed and normalised faces (N, 3, px, px), and their targets (N, 5)."""
        faces, targets = [], []
        for source, rows in batch:
            grey = torch.from_numpy(source.train.pixels[rows]).to(self.device).unsqueeze(1).float() / 255
            faces.append(self.config.augment(grey, px, self.rng, cutouts=source.cutouts))
            targets.append(torch.from_numpy(source.train.targets[rows]).to(self.device))
        images, goal = torch.cat(faces), torch.cat(targets)
        if self.config.mixup:
            rng = np.random.default_rng((self.config.seed, step))
            share = float(rng.beta(self.config.mixup, self.config.mixup))
            partner = torch.randperm(len(images), generator=self.rng, device=self.device)
            images, goal = (each.lerp(each[partner], 1 - share) for each in (images, goal))
        return _normalise(images), goal

    def _loss(self, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        logits = self.network(images)
        loss = F.cross_entropy(logits.float(), targets, label_smoothing=self.config.label_smoothing)
        if self.config.flip_consistency:
            loss = loss + self.config.flip_consistency * _divergence(logits, self.network(images.flip(-1)))
        return loss

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        kept, fresh = list(self.average.parameters()), list(self.network.parameters())
        torch._foreach_lerp_(kept, fresh, 1 - decay)
        torch._foreach_copy_(list(self.average.buffers()), list(self.network.buffers()))

    @torch.inference_mode()
    def _accuracy(self, source: Source, px: int) -> float:
        right = 0
        key = (source.name, px)
        if key not in self._valid:
            self._valid[key] = torch.from_numpy(_resized(source.valid, px)).to(self.device)
        for start in range(0, len(source.valid), _VALID_BATCH):
            grey = self._valid[key][start : start + _VALID_BATCH].unsqueeze(1).float() / 255
            with self._precision():
                said = self.average(_normalise(grey)).argmax(dim=1).cpu().numpy()
            right += int((said == source.valid.labels[start : start + _VALID_BATCH]).sum())
        return right / len(source.valid)

    def _export(self) -> None:
        px = self.schedule.px(self.epoch - 1)
        told = {"network": self.config.network, "emotions": list(EMOTIONS), "input_px": px, "epoch": self.epoch}
        model.save_weights(self.average, self.out / "model.safetensors", told)

    def _save_state(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "spent": self.schedule.spent,
            "config": [self.config.network, self._data_mark],
        }
        torch.save(state, self.out / "state.tmp")
        (self.out / "state.tmp").replace(self.out / "state.pt")
        self.saved_at = time.monotonic()

    def _resume(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True, map_location=self.device)
        if state.get("config", [self.config.network, self._data_mark]) != [self.config.network, self._data_mark]:
            raise ValueError(f"{self.out} holds a run of another network or on other faces: choose a new folder")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.best, self.best_epoch = state["epoch"], state["best"], state["best_epoch"]
        self.schedule.begin(state.get("spent", 0.0))


def _normalise(grey: torch.Tensor) -> torch.Tensor:
    """(N, 1, H, W) in [0, 1] -> (N, 3, H, W), channels last, as `preprocess.prepare` gives one face."""
    mean, std = (torch.tensor(values, device=grey.device).view(1, 3, 1, 1) for values in (MEAN, STD))
    return ((grey - mean) / std).contiguous(memory_format=torch.channels_last)


def _resized(faces: Faces, px: int) -> NDArray[np.uint8]:
    """u8 (N, px, px), as `preprocess.prepare` resizes each: kept, because every epoch asks for them."""
    return np.stack([resize(face, px) for face in faces.pixels]) if len(faces) else np.zeros((0, px, px), np.uint8)


def _divergence(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Jensen-Shannon divergence of two answers to the same faces, in nats, as a mean over the batch."""
    p, q = F.softmax(one.float(), dim=1), F.softmax(other.float(), dim=1)
    log_mean = ((p + q) / 2).clamp_min(1e-8).log()
    return 0.5 * (F.kl_div(log_mean, p, reduction="batchmean") + F.kl_div(log_mean, q, reduction="batchmean"))


def train(
    data: Sequence[Path],
    config: Path,
    out: Path,
    *,
    backbone: Path | None = None,
    teachers: Sequence[Path] = (),
    limit: int | None = None,
    epochs: int | None = None,
    px: int | None = None,
    seconds: float | None = None,
) -> float:
    """Train on `data` into folder `out`; `limit` takes that many faces of each source, for a trial run.

    `epochs` at an input side of `px` (that of the first stage) replace the stages of the configuration; `seconds` of
    training do so at that side. Each of `data`
    is a FER-2013/FER+ archive or a collection of class folders (see `sources.load`). `teachers` are checkpoints whose
    answers are learned from (see `Trainer`). Returns the best accuracy on the valid part of the first source. Raises
    FileNotFoundError or ValueError for files that cannot be used.
    """
    settings = Config.read(config)
    if epochs or px:
        stage = Stage(px or settings.stages[0].px, epochs or len(settings.schedule))
        settings = dataclasses.replace(settings, stages=(stage,))
    loaded = sources.distinct([sources.load(path, settings.folder_smoothing) for path in data])
    if limit:
        loaded = [sources.limited(source, limit) for source in loaded]
    return Trainer(settings.fitted(len(loaded[0].train)), loaded, backbone, out, teachers, seconds).run()
