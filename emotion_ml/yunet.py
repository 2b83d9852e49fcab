"""YuNet, a face detector that sees small faces, run by ONNX Runtime at any input size.

Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023; the weights are OpenCV Zoo's. Knows one picture at a
time: when to look, and at which size, is for `faces` to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from emotion_ml.geometry import keep_best
from emotion_ml.types import Box, Detection, KeyPoints

WEIGHTS: Final = Path(__file__).resolve().parent / "weights" / "face_detection_yunet_2023mar.onnx"

LARGEST_PX: Final = 400
"""Height in the network's input up to which faces are found whole. Measured: 480 px 100 %, 576 px 98 %, 675 px 85 %."""

_STRIDES: Final = (8, 16, 32)
_MULTIPLE: Final = 32  # the network halves its input five times
_MOST_OVERLAP: Final = 0.3
_MOST_CANDIDATES: Final = 1000

# The graph was exported for 640 x 640 though nothing in it depends on that. Its declared input shape, and the same with
# names in place of the two sizes, are of equal length in the file, so that the `onnx` package is not needed to free it.
_HEAD: Final = b"\x0a\x05input\x12\x18\x0a\x16\x08\x01\x12\x12\x0a\x02\x08\x01\x0a\x02\x08\x03"
_FIXED: Final = _HEAD + b"\x0a\x03\x08\x80\x05" * 2
_FREE: Final = _HEAD + b"\x0a\x03\x12\x01H" + b"\x0a\x03\x12\x01W"


class YuNet:
    """Thread-safe: a session keeps nothing between calls."""

    def __init__(self, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # each run would warn that the output sizes are not those of 640 x 640
        model = free_input_size(WEIGHTS.read_bytes())
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def find(self, image: NDArray[np.uint8], long_px: int, least_score: float) -> list[Detection]:
        """Faces in `image`, u8 RGB (H, W, 3), looked at with its longer side resampled to `long_px`; best first."""
        scale = long_px / max(image.shape[:2])
        blob = _to_input(image, scale)
        outputs = [output[0] for output in self._session.run(None, {"input": blob})]
        rows, scores = decode(outputs, blob.shape[3], least_score)
        kept = keep_best(rows[:, :4], scores, _MOST_OVERLAP)
        return [_detection(row, score) for row, score in zip(rows[kept] / scale, scores[kept], strict=True)]


def free_input_size(model: bytes) -> bytes:
    """The same graph, taking pictures of any height and width that are multiples of 32."""
    if model.count(_FIXED) != 1:
        raise ValueError("not the YuNet model that this code knows")
    return model.replace(_FIXED, _FREE)


def decode(
    outputs: list[NDArray[np.float32]], width: int, least_score: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Candidates in the network's input: rows (N, 14) of box and five points, and scores (N,), best first.

    `outputs` are cls, obj, bbox and kps, each at strides 8, 16, 32, one row for each cell of the grid in reading order.
    """
    found = []
    for level, stride in enumerate(_STRIDES):
        sure, real, box, points = outputs[level::3]
        score = np.sqrt(np.clip(sure[:, 0], 0, 1) * np.clip(real[:, 0], 0, 1))
        cells = np.flatnonzero(score >= least_score)
        corner = np.stack([cells % (width // stride), cells // (width // stride)], axis=1).astype(np.float64)
        size = np.exp(box[cells, 2:].astype(np.float64))
        left_top = corner + box[cells, :2] - size / 2
        spots = (points[cells].reshape(-1, 5, 2) + corner[:, None]).reshape(-1, 10)
        found.append(np.column_stack([left_top * stride, size * stride, spots * stride, score[cells]]))
    rows = np.concatenate(found)
    rows = rows[np.argsort(-rows[:, -1], kind="stable")][:_MOST_CANDIDATES]
    return rows[:, :-1], rows[:, -1]


def _to_input(image: NDArray[np.uint8], scale: float) -> NDArray[np.float32]:
    """f32 (1, 3, h, w) BGR in 0..255: resampled, aspect kept, black at the right and bottom up to a multiple of 32."""
    if scale != 1:
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        # Down to half, averaging areas finds no face more than sampling does, and takes five times as long (measured).
        method = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)
    height, width = (-(-side // _MULTIPLE) * _MULTIPLE for side in image.shape[:2])
    blob = np.zeros((1, 3, height, width), dtype=np.float32)
    for channel, plane in enumerate(reversed(cv2.split(image))):  # a quarter of the time of cv2.dnn.blobFromImage
        blob[0, channel, : image.shape[0], : image.shape[1]] = plane
    return blob


def _detection(row: NDArray[np.float64], score: float) -> Detection:
    """`row`: box, then the person's right eye, left eye, nose, and right and left corner of the mouth."""
    left, top, width, height, *spots = row.tolist()
    mouth = (spots[6] + spots[8]) / 2, (spots[7] + spots[9]) / 2
    points = KeyPoints((spots[0], spots[1]), (spots[2], spots[3]), (spots[4], spots[5]), mouth)
    return Detection(Box(left, top, width, height), points, float(score))
