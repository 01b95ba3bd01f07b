"""Lines, blocks and tables while their words still have the numbers they came with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from docai.document import BlockKind, CellKind
from docai.geometry import Box


@dataclass(frozen=True, slots=True)
class TextLine:
    """Words of one line, in the order they are read."""

    box: Box
    words: tuple[int, ...]


class DraftCell(NamedTuple):
    row: int
    column: int
    lines: tuple[TextLine, ...]
    box: Box
    row_span: int = 1
    column_span: int = 1
    kind: CellKind = CellKind.CONTENT


@dataclass(frozen=True, slots=True)
class DraftTable:
    """Cells in row-major order.

    `likeness` says how much this looks like a table at all, `fit` how well the cells fit the
    text and its rules; both 0..1, neither a probability (see docai.layout.certainty).
    """

    box: Box
    cells: tuple[DraftCell, ...]
    likeness: float
    fit: float = 1.0


@dataclass(frozen=True, slots=True)
class DraftBlock:
    """Lines that are read together. Those of a table are its cells' lines, cell by cell.

    `across`: the lines are labels and values side by side.
    """

    box: Box
    lines: tuple[TextLine, ...]
    across: bool = False
    kind: BlockKind = BlockKind.TEXT
    table: DraftTable | None = None
