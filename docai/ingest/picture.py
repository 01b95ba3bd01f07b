"""Image files, inside the sandbox: every frame of a TIFF is a page, of other formats the first.

A picture has no text layer; its page is its pixels, upright by EXIF, on white.
"""

from __future__ import annotations

import math
import os
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from docai.errors import BrokenDocument, LimitExceeded
from docai.geometry import POINTS_PER_INCH

FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "WEBP", "BMP", "GIF", "HEIF")
A4_LONG_SIDE = 842.0  # points; the size a page is taken to have when the file does not say
PLAUSIBLE_LONG_SIDE = (3 * POINTS_PER_INCH, 24 * POINTS_PER_INCH)  # a till roll .. an A2 plan


class PictureParser:
    def __init__(self, file_descriptor: int, max_pixels: int) -> None:
        Image.MAX_IMAGE_PIXELS = None  # checked here, against our own limit
        self._max_pixels = max_pixels
        self._image = _open(file_descriptor)
        self.page_count = _frame_count(self._image)

    def page(self, number: int) -> tuple[dict[str, Any], bytes]:
        return self.size(number), b""

    def size(self, number: int) -> dict[str, Any]:
        """Width and height in points, and the dpi they were reckoned with."""
        frame = self.frame(number)
        width, height = frame.size
        if frame.getexif().get(0x0112, 1) >= 5:  # EXIF orientations 5..8 swap the sides
            width, height = height, width
        dpi = assumed_dpi(width, height, frame.info.get("dpi"))
        scale = POINTS_PER_INCH / dpi
        return {"width": width * scale, "height": height * scale, "image_dpi": dpi}

    def pixels(self, number: int, dpi: float) -> tuple[dict[str, Any], bytes]:
        frame = self.frame(number)
        own_dpi = self.size(number)["image_dpi"]
        image = on_white(ImageOps.exif_transpose(frame))
        if dpi < own_dpi:
            scale = dpi / own_dpi
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            image = image.resize(size, Image.Resampling.BOX)
        else:
            dpi = own_dpi  # nothing is gained by enlarging
        shape = {"width": image.width, "height": image.height, "stride": image.width * 3}
        return {**shape, "dpi": dpi}, image.tobytes()

    def frame(self, number: int) -> Image.Image:
        try:
            self._image.seek(number - 1)
        except EOFError:
            raise BrokenDocument(f"page {number} is missing from the file") from None
        width, height = self._image.size
        if width * height > self._max_pixels:
            raise LimitExceeded(
                f"page {number} has {width} × {height} pixels; the limit is"
                f" {self._max_pixels // 1_000_000} megapixels (DOCAI_MAX_MEGAPIXELS)"
            )
        return self._image


def assumed_dpi(width: int, height: int, stated: tuple[float, float] | None) -> float:
    """The resolution the file states, where the page then has a plausible size; else A4's."""
    long_side = max(width, height)
    if stated is not None and math.isfinite(stated[0]) and stated[0] > 0:
        smallest, largest = PLAUSIBLE_LONG_SIDE
        if smallest <= long_side * POINTS_PER_INCH / stated[0] <= largest:
            return float(stated[0])
    return long_side * POINTS_PER_INCH / A4_LONG_SIDE


def _open(file_descriptor: int) -> Image.Image:
    file = os.fdopen(os.dup(file_descriptor), "rb")
    file.seek(0)
    if file.read(12)[4:8] == b"ftyp":
        import pi_heif

        pi_heif.register_heif_opener()
    file.seek(0)
    try:
        return Image.open(file, formats=_available(FORMATS))
    except UnidentifiedImageError:
        raise BrokenDocument("it begins like an image and cannot be decoded") from None


def _available(formats: tuple[str, ...]) -> list[str]:
    Image.init()
    return [name for name in formats if name in Image.OPEN]


def _frame_count(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def on_white(image: Image.Image) -> Image.Image:
    """RGB, with transparent parts white, as paper shows them."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    return image.convert("RGB")
