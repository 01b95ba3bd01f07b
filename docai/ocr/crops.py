"""Pixels as the engines want them, and the part of them that is one line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docai.image import PageImage
from docai.ocr.words import Quad

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TALL = 1.5  # height / width from which PaddleOCR and RapidOCR read a box from top to bottom


def bgr(image: PageImage) -> NDArray[np.uint8]:
    """The order of colours that OpenCV and the engines were made for."""
    import cv2
    import numpy as np

    return np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR), np.uint8)


def is_tall(quad: NDArray[np.float32]) -> bool:
    """The engines' own rule, down to its rounding: whether they turned the crop on its side."""
    import numpy as np

    top, right, bottom, left = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    return bool(int(max(right, left)) >= TALL * max(1, int(max(top, bottom))))


def reading_quad(quad: NDArray[np.float32]) -> Quad:
    """The corners of a box as the line's reader has them: top left, top right, ..."""
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in quad)
    if is_tall(quad):
        return top_right, bottom_right, bottom_left, top_left
    return top_left, top_right, bottom_right, bottom_left


def line_crop(pixels: NDArray[np.uint8], line: Quad) -> NDArray[np.uint8]:
    """The line set upright, first character left."""
    import cv2
    import numpy as np

    corners = np.array(line, np.float32)
    width, height = (round(float(np.linalg.norm(corners[i] - corners[0]))) for i in (1, 3))
    width, height = max(1, width), max(1, height)
    upright = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getPerspectiveTransform(corners, upright)
    crop = cv2.warpPerspective(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def ink_of_columns(crop: NDArray[np.uint8]) -> list[bool]:
    """For each pixel column of a line, whether anything is printed in its middle part."""
    import cv2

    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    margin = grey.shape[0] // 8  # boxes are a little larger than their text
    grey = grey[margin : grey.shape[0] - margin]
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    light_on_dark = 2 * cv2.countNonZero(dark) > dark.size
    return [bool(column) for column in (dark != light_on_dark).any(axis=0)]
