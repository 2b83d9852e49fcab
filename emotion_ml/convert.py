"""From a training checkpoint to the files that ship: fp16 safetensors, and int8 ONNX calibrated on training faces.

Reads safetensors only, a format that cannot carry code.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from emotion_ml import model
from emotion_ml.backends import CHECKPOINT, EXPORT, NAME, write_hashes
from emotion_ml.calibrate import temperature
from emotion_ml.dataset import load_protocol, load_training
from emotion_ml.preprocess import prepare

_CALIBRATION_FACES: Final = 512
_BATCH: Final = 32


def convert(checkpoint: Path, data: Path, out: Path) -> dict[str, float]:
    """Write CHECKPOINT, EXPORT and their hashes into `out`; returns {"temperature": T}.

    The temperature is fitted on PublicTest (FER+ plurality), the int8 ranges on training faces. Raises
    FileNotFoundError or ValueError, with a sentence, for files that cannot be used.
    """
    if checkpoint.suffix != ".safetensors":
        raise ValueError(f"{checkpoint.name} is not a safetensors file; pickles can carry code and are not read")
    network, metadata = model.load(checkpoint)
    px = int(metadata["input_px"])
    public = load_protocol(data, "ferplus-plurality", "public")
    metadata |= {"name": NAME, "temperature": temperature(_logits(network, public.pixels, px), public.targets)}
    out.mkdir(parents=True, exist_ok=True)
    model.save_weights(network, out / CHECKPOINT, metadata)
    _export(network, px, load_training(data).pixels, out / EXPORT, metadata)
    write_hashes(out)
    return {"temperature": metadata["temperature"]}


@torch.inference_mode()
def _logits(network: torch.nn.Module, faces: NDArray[np.uint8], px: int) -> NDArray[np.float32]:
    batches = (np.stack([prepare(face, px) for face in faces[i : i + 256]]) for i in range(0, len(faces), 256))
    return np.concatenate([network(torch.from_numpy(batch)).numpy() for batch in batches])


def _export(network: torch.nn.Module, px: int, faces: NDArray[np.uint8], path: Path, metadata: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain, folded = Path(folder, "plain.onnx"), Path(folder, "folded.onnx")
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, px, px),),
            plain,
            input_names=["faces"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        quant_pre_process(plain, folded)
        quantize_static(
            folded,
            path,
            _TrainingFaces(faces, px),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    exported = onnx.load(path)
    onnx.helper.set_model_props(exported, {key: str(value) for key, value in metadata.items()})
    onnx.save(exported, path)


class _TrainingFaces(CalibrationDataReader):  # type: ignore[misc]
    """A fixed sample of training faces, a batch at a time, as onnxruntime's calibrator asks for them."""

    def __init__(self, faces: NDArray[np.uint8], px: int) -> None:
        chosen = faces[np.random.default_rng(0).permutation(len(faces))[:_CALIBRATION_FACES]]
        self._batches: Iterator[dict[str, NDArray[np.float32]]] = (
            {"faces": np.stack([prepare(face, px) for face in chosen[start : start + _BATCH]])}
            for start in range(0, len(chosen), _BATCH)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._batches, None)
