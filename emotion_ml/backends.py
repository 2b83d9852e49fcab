"""The runtimes that can run the network: ONNX Runtime int8 on a CPU, torch in half precision on CUDA.

Knows files, hashes and devices, and imports a runtime only when it is chosen: each takes a while. Every backend applies
the same calibration temperature, kept with the weights.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

NAME: Final = "resnet50-five-expressions"
CHECKPOINT: Final = f"{NAME}.safetensors"
EXPORT: Final = f"{NAME}.int8.onnx"
HASHES: Final = "SHA256SUMS"

MAX_BATCH: Final = 32

Batch = NDArray[np.float32]

_BATCH_SHAPES: Final = (1, 2, 4, 8, 16, 32)
CUDA_ERROR: Final = "CUDA error"  # as torch's RuntimeError and AcceleratorError begin
_LADDER: Final = 4  # how often a batch is halved when the card is out of memory before the CPU takes over


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which file answered, by what means, and why those were chosen. `sha256` is that of the weights file.

    `degraded` says why this is slower than it should be; it is empty while nothing is wrong.
    """

    name: str
    sha256: str
    backend: str
    reason: str
    degraded: str = ""


class Backend(Protocol):
    """What an engine needs of a runtime: `logits` maps f32 (N, 3, px, px), N <= MAX_BATCH, to calibrated f32 (N, 5)."""

    info: ModelInfo
    input_px: int

    def logits(self, batch: Batch) -> Batch: ...


class BadWeights(Exception):
    """A model file is missing, is not the one that was shipped, or does not hold this network."""


class Poisoned(Exception):
    """The runtime broke in a way that no later call of this process survives: it can only be replaced."""


def choose(weights: Path, *, threads: int, wanted: str = "auto") -> Backend:
    """CUDA where torch sees a card, else ONNX Runtime int8. Raises BadWeights."""
    if wanted == "onnx":
        return OnnxBackend(weights, threads, "asked for")
    cuda, reason = _cuda()
    if cuda:
        return TorchBackend(weights, "cuda", reason)
    if wanted == "torch":
        return TorchBackend(weights, "cpu", f"asked for, and {reason}")
    return OnnxBackend(weights, threads, reason)


def instead_of(lost: Backend, why: str, *, weights: Path, threads: int) -> Backend:
    """A fresh backend in place of one that hangs or is poisoned: always on the CPU. Raises BadWeights.

    A CUDA context that broke takes every other of its process with it, so that a card is not tried again.
    """
    fresh = OnnxBackend(weights, threads, f"in place of {lost.info.backend}: {why}")
    if fresh.input_px != lost.input_px:
        raise BadWeights(f"{EXPORT} wants faces of {fresh.input_px} px, {CHECKPOINT} of {lost.input_px} px")
    first_loss = why if lost.info.backend != fresh.info.backend else ""
    fresh.info = replace(fresh.info, degraded=lost.info.degraded or first_loss)
    return fresh


def verified(path: Path) -> str:
    """The SHA-256 of a model file, compared with the list beside it. Raises BadWeights where they differ."""
    if not path.is_file():
        raise BadWeights(f"{path.name} is missing from {path.parent}")
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    hashes = path.parent / HASHES
    listed = hashes.read_text().splitlines() if hashes.is_file() else []
    if f"{actual}  {path.name}" not in listed:
        raise BadWeights(f"{path.name} is not the file that {HASHES} names: run `python -m emotion_ml convert` again")
    return actual


class OnnxBackend:
    """int8 on a CPU. ONNX Runtime sessions are safe to share, but one engine thread is all that calls it."""

    def __init__(self, weights: Path, threads: int, reason: str) -> None:
        import onnxruntime

        path = weights / EXPORT
        sha256 = verified(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning threads starve the decoder and the detector, which share the cores with us.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            metadata = self._session.get_modelmeta().custom_metadata_map
            self.input_px = int(metadata["input_px"])
            self._temperature = float(metadata["temperature"])
        except Exception as error:  # ONNX Runtime's own, of which it has many
            raise BadWeights(f"{path.name} does not hold this network: {error}") from error
        self.info = ModelInfo(NAME, sha256, "onnxruntime int8, CPU", reason)

    def logits(self, batch: Batch) -> Batch:
        (answer,) = self._session.run(None, {"faces": batch})
        return np.asarray(answer, dtype=np.float32) / self._temperature


class TorchBackend:
    """The checkpoint in torch: half precision and channels-last on CUDA, single precision on a CPU.

    Batches are padded to a few fixed shapes, so that the card's kernels are chosen once. When its memory runs out the
    batch is halved, at most four times, and then the network moves to the CPU for good.
    """

    def __init__(self, weights: Path, device: str, reason: str) -> None:
        import torch

        from emotion_ml import model

        path = weights / CHECKPOINT
        sha256 = verified(path)
        self._torch = torch
        try:
            network, metadata = model.load(path)
            self.input_px = int(metadata["input_px"])
            self._temperature = float(metadata["temperature"])
        except Exception as error:  # safetensors' own, a shape that does not fit, a key that is not there
            raise BadWeights(f"{path.name} does not hold this network: {error}") from error
        self._network: torch.nn.Module = network
        self._size = MAX_BATCH
        self._place(device)
        self.info = ModelInfo(NAME, sha256, f"torch {self._precision}, {device}", reason)

    def logits(self, batch: Batch) -> Batch:
        for _ in range(_LADDER + 1):
            try:
                return self._in_parts(batch)
            except self._torch.OutOfMemoryError:
                self._halve(len(batch))
            except RuntimeError as error:
                if CUDA_ERROR not in str(error):
                    raise
                raise Poisoned(str(error).splitlines()[0]) from error
        log.error("the card stays out of memory: the CPU takes over")
        self._place("cpu")
        self._size = MAX_BATCH  # what the card had no room for fits here
        self._degrade("the card stays out of memory, so the CPU has taken over")
        return self._in_parts(batch)

    def _in_parts(self, batch: Batch) -> Batch:
        size = self._size
        parts = [self._forward(batch[start : start + size]) for start in range(0, len(batch), size)]
        return np.concatenate(parts) / self._temperature

    def _halve(self, asked: int) -> None:
        """For good: asking for what was refused costs a pause of the whole card each time."""
        self._size = max(1, min(self._size, asked) // 2)
        self._torch.cuda.empty_cache()
        log.warning("the card is out of memory: batches of %d", self._size)
        self._degrade(f"the card is out of memory: batches of {self._size} instead of {MAX_BATCH}")

    def _degrade(self, why: str) -> None:
        self.info = replace(self.info, backend=f"torch {self._precision}, {self._device}", degraded=why)

    @property
    def _precision(self) -> str:
        return str(self._dtype).removeprefix("torch.")

    def _place(self, device: str) -> None:
        self._device = device
        self._dtype = self._torch.float16 if device == "cuda" else self._torch.float32
        # First the move, then the precision: the other way round would take room on a card that has none.
        moved = self._network.to(device=device).to(dtype=self._dtype)
        self._network = moved.to(memory_format=self._torch.channels_last)  # type: ignore[call-overload]

    def _forward(self, batch: Batch) -> Batch:
        shape = next(size for size in _BATCH_SHAPES if size >= len(batch)) if self._device == "cuda" else len(batch)
        padded = np.zeros((shape, *batch.shape[1:]), dtype=np.float32)
        padded[: len(batch)] = batch
        images = self._torch.from_numpy(padded).to(self._device, self._dtype)
        with self._torch.inference_mode():
            answer: Any = self._network(images.contiguous(memory_format=self._torch.channels_last))
        return np.asarray(answer[: len(batch)].float().cpu().numpy(), dtype=np.float32)


def _cuda() -> tuple[bool, str]:
    """Whether torch sees a CUDA card, and a sentence for the log. A CPU build is told apart without importing torch."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False, "torch is not installed"
    if not (Path(spec.origin).parent / "lib" / "libtorch_cuda.so").exists():
        return False, "this torch is a CPU build"
    import torch

    if not torch.cuda.is_available():
        return False, "no CUDA card is available"
    return True, f"CUDA card found: {torch.cuda.get_device_name(0)}"


def write_hashes(weights: Path) -> None:
    """List the SHA-256 of every model file in `weights`, as `sha256sum` would."""
    files = sorted(path for path in weights.iterdir() if path.suffix in {".safetensors", ".onnx", ".tflite"})
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (weights / HASHES).write_text("".join(lines))
