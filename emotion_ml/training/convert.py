"""From a training checkpoint to the files that ship: fp16 safetensors, and int8 ONNX calibrated on training faces.

Reads safetensors, a format that cannot carry code, and pickled tensors only through torch's reader that runs none.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
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
from emotion_ml.preprocess import prepare_all
from emotion_ml.training import sources
from emotion_ml.training.calibrate import temperature
from emotion_ml.training.dataset import Faces

FLOAT_EXPORT: Final = EXPORT.replace(".int8", "")

_CALIBRATION_FACES: Final = 512
_BATCH: Final = 32


def convert(
    checkpoint: Path,
    data: Sequence[Path],
    out: Path,
    *,
    px: int | None = None,
    with_float: bool = False,
    blend: tuple[Path, float] | None = None,
) -> dict[str, float]:
    """Write CHECKPOINT, EXPORT and their hashes into `out`, and FLOAT_EXPORT `with_float`; returns {"temperature": T}.

    `px` is the side of the input, that of the checkpoint when None. The temperature is fitted on the valid faces of the
    first of `data` (PublicTest of an archive), the int8 ranges on as many training faces of each. With `blend`, the
    checkpoint that training began from, or ended with another time, and its share, the weights are averaged first.
    Raises FileNotFoundError or ValueError, with a sentence, for files that cannot be used.
    """
    network, metadata = load(checkpoint)
    if blend:
        averaged(network, load(blend[0])[0], blend[1])
    if not px and "input_px" not in metadata:
        raise ValueError(f"{checkpoint.name} does not say the side of its input: say it with --px")
    metadata["input_px"] = side = px or int(metadata["input_px"])
    faces = [sources.load(each, smoothing=0.0) for each in data]
    valid = faces[0].valid
    found = temperature(_logits(network, valid, side), valid.targets)
    metadata |= {"name": NAME, "temperature": found}
    out.mkdir(parents=True, exist_ok=True)
    model.save_weights(network, out / CHECKPOINT, metadata)
    _export(network, side, [each.train.pixels for each in faces], out, metadata, with_float=with_float)
    write_hashes(out)
    return {"temperature": found}


def load(checkpoint: Path) -> tuple[torch.nn.Module, dict[str, Any]]:
    """A network and its metadata from .safetensors, or from a .pt of tensors (a state dict, or `train`'s state.pt).

    Raises ValueError for a pickle that holds anything but tensors and plain values: it could carry code.
    """
    if checkpoint.suffix == ".safetensors":
        return model.load(checkpoint)
    if not checkpoint.is_file():
        raise FileNotFoundError(f"no checkpoint at {checkpoint}")
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        raise ValueError(f"{checkpoint.name} is refused: it is no file of tensors, or it carries code") from error
    if not isinstance(state, dict):
        raise ValueError(f"{checkpoint.name} holds no network")
    return model.from_state(state.get("average", state), checkpoint.name)


def averaged(network: torch.nn.Module, other: torch.nn.Module, share: float) -> None:
    """Move the weights of `network` by `share` of the way to those of a relative, in place.

    With the network that fine-tuning began from it keeps more of what that one could do (Wortsman et al. 2022, "Robust
    fine-tuning of zero-shot models"); with another end of the same beginning it can be as good as both together, at the
    cost of one ("Model soups", arXiv 2203.05482). Raises ValueError for a share outside of [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of the blend must lie between 0 and 1, not at {share:g}")
    theirs = other.state_dict()
    with torch.no_grad():
        for name, values in network.state_dict().items():
            if values.is_floating_point():
                values.lerp_(theirs[name], share)


@torch.inference_mode()
def _logits(network: torch.nn.Module, faces: Faces, px: int) -> NDArray[np.float32]:
    starts = range(0, len(faces), 256)
    batches = (prepare_all(faces.pixels[i : i + 256], px) for i in starts)
    return np.concatenate([network(torch.from_numpy(batch)).numpy() for batch in batches])


def _export(
    network: torch.nn.Module,
    px: int,
    faces: Sequence[NDArray[np.uint8]],
    out: Path,
    metadata: dict[str, Any],
    *,
    with_float: bool,
) -> None:
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
            out / EXPORT,
            _TrainingFaces(faces, px),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,  # else processors without VNNI saturate: it cost 1.1 points (docs/decisions/014)
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        _describe(out / EXPORT, out / EXPORT, metadata)
        if with_float:
            _describe(folded, out / FLOAT_EXPORT, metadata)


def _describe(source: Path, target: Path, metadata: dict[str, Any]) -> None:
    """Write `source` to `target` with `metadata` inside, from which the engine knows input side and temperature.

    Left out is what the exporter notes of each node: lines of source code, with this machine's folders.
    """
    exported = onnx.load(source)
    for part in (*exported.graph.node, *exported.graph.value_info, *exported.graph.input, *exported.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.helper.set_model_props(exported, {key: str(value) for key, value in metadata.items()})
    onnx.save(exported, target)


class _TrainingFaces(CalibrationDataReader):  # type: ignore[misc]
    """A fixed sample of training faces, a batch at a time, as onnxruntime's calibrator asks for them."""

    def __init__(self, sources: Sequence[NDArray[np.uint8]], px: int) -> None:
        share = _CALIBRATION_FACES // len(sources)
        chosen = [face for faces in sources for face in faces[np.random.default_rng(0).permutation(len(faces))[:share]]]
        self._batches: Iterator[dict[str, NDArray[np.float32]]] = (
            {"faces": prepare_all(chosen[start : start + _BATCH], px)} for start in range(0, len(chosen), _BATCH)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._batches, None)
