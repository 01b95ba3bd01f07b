"""What a layout detector says about a part of the page."""

from __future__ import annotations

from dataclasses import dataclass

from docai.document import BlockKind
from docai.geometry import Box


@dataclass(frozen=True, slots=True)
class Region:
    """A hint: `box` in page points, `confidence` 0..1 as the detector states it."""

    kind: BlockKind
    box: Box
    confidence: float = 1.0
