"""MediaPipe's short-range face detector (BlazeFace), for faces that take up much of the picture.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019. It looks at the picture
shrunk to 128 x 128, whatever its size: fast, and blind to small faces. Knows one picture at a time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion_ml.types import Box, Detection, KeyPoints, Point

WEIGHTS: Final = Path(__file__).resolve().parent / "weights" / "face_detection_short_range.tflite"

LEAST_SCORE: Final = 0.6
"""Of real faces of LEAST_SHARE 99.6 % score more; things of that size that are no faces scored up to 0.58."""

LEAST_SHARE: Final = 0.2
"""Face height as a share of the picture's longer side from which 99 % are found: at 0.18 98 %, 0.16 88 %, 0.12 17 %.
Below it, things that are no faces score up to 0.61, and nothing is believed."""

# Its boxes run from the brows to the chin, YuNet's from the hairline: medians of YuNet's box in terms of this one's.
_WIDTH: Final = 0.86
_HEIGHT: Final = 1.27
_SHIFT_X: Final = 0.07
_SHIFT_Y: Final = -0.26

# Its points lie lower in the face than YuNet's, by these shares of the distance between the eyes.
_DROP_EYES: Final = 0.09
_DROP_NOSE: Final = 0.05
_DROP_MOUTH: Final = 0.11


class BlazeFace:
    """Thread-safe in IMAGE mode. Holds threads and 10 MiB until closed."""

    def __init__(self) -> None:
        import mediapipe  # takes a second: only who looks for faces pays for it
        from mediapipe.tasks.python import BaseOptions, vision

        self._mediapipe: Any = mediapipe
        self._detector: Any = vision.FaceDetector.create_from_options(
            vision.FaceDetectorOptions(
                base_options=BaseOptions(model_asset_buffer=WEIGHTS.read_bytes()),
                running_mode=vision.RunningMode.IMAGE,
                min_detection_confidence=LEAST_SCORE,
            )
        )

    def find(self, image: NDArray[np.uint8]) -> list[Detection]:
        """Large faces in `image`, u8 RGB (H, W, 3), with boxes and points placed as YuNet would place them."""
        height, width = image.shape[:2]
        # It takes the memory as it lies: from a view with gaps it would silently read something else.
        picture = self._mediapipe.Image(self._mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image))
        found = [_detection(raw, width, height) for raw in self._detector.detect(picture).detections]
        return [detection for detection in found if detection.box.height >= LEAST_SHARE * max(width, height)]

    def close(self) -> None:
        """Frees the threads; afterwards `find` fails. Closing twice is harmless."""
        if self._detector is not None:
            self._detector.close()
            self._detector = None


def _detection(raw: Any, width: int, height: int) -> Detection:
    box = raw.bounding_box
    # Eyes, nose and mouth, then the ears. First of the eyes is the one at the picture's left: the person's right eye.
    spots = [(point.x * width, point.y * height) for point in raw.keypoints[:4]]
    return Detection(_as_yunet(box), _raise(*spots), float(raw.categories[0].score))


def _as_yunet(box: Any) -> Box:
    left = box.origin_x + _SHIFT_X * box.width
    top = box.origin_y + _SHIFT_Y * box.height
    return Box(left, top, _WIDTH * box.width, _HEIGHT * box.height)


def _raise(left_eye: Point, right_eye: Point, nose: Point, mouth: Point) -> KeyPoints:
    """Up the face, that is at a right angle to the line through the eyes."""
    up = right_eye[1] - left_eye[1], left_eye[0] - right_eye[0]

    def moved(point: Point, share: float) -> Point:
        return point[0] + share * up[0], point[1] + share * up[1]

    return KeyPoints(
        moved(left_eye, _DROP_EYES), moved(right_eye, _DROP_EYES), moved(nose, _DROP_NOSE), moved(mouth, _DROP_MOUTH)
    )
