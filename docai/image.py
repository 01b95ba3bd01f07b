"""The pixels of one page, on their way from ingest to OCR or to a picture for the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docai.geometry import POINTS_PER_INCH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """`pixels` is uint8 [height, width, 3] in RGB order; `dpi` relates it to page points."""

    pixels: NDArray[np.uint8]
    dpi: float

    @property
    def width(self) -> float:
        """In points."""
        return float(self.pixels.shape[1] * POINTS_PER_INCH / self.dpi)

    @property
    def height(self) -> float:
        """In points."""
        return float(self.pixels.shape[0] * POINTS_PER_INCH / self.dpi)
