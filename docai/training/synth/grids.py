"""Tables of elements, broken between rows where a page ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from docai.document import BlockKind
from docai.geometry import Box
from docai.training.synth.boxes import draw_border, rectangle
from docai.training.synth.marks import Mark
from docai.training.synth.typeset import (
    BLACK,
    Block,
    Colour,
    Element,
    Fitted,
    Shape,
    Sheet,
    Slab,
)


@dataclass(frozen=True, slots=True)
class GridCell:
    """`border` names the sides that are drawn; `mark` makes it a cell of a labelled table."""

    child: Element
    span: int = 1
    fill: Colour | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class GridRow:
    cells: tuple[GridCell, ...]
    sides: str = ""  # borders of each of its cells: t, l, b, r
    stays: bool = False  # with the row that follows


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells in columns of equal edges, broken between rows where a page ends.

    `head` rows are repeated on the next page. `carried` gives, for the rows done, the row that
    closes a page and the one that opens the next.
    """

    rows: tuple[GridRow, ...]
    widths: tuple[float, ...]
    head: int = 0
    pad_x: float = 4.0
    pad_y: float = 2.0
    line: float = 0.5
    colour: Colour = BLACK
    valign: str = "top"
    group: BlockKind | None = BlockKind.TABLE
    table: Mark | None = None
    carried: dict[int, tuple[GridRow, GridRow]] | None = None

    def natural(self) -> float:
        return sum(self.widths)

    def fit(self, width: float) -> FittedGrid:
        block = None if self.group is None else Block(self.group)
        return FittedGrid(self, self.rows, block)

    def slabs(self, width: float) -> list[Slab]:
        block = None if self.group is None else Block(self.group)

        def part(*rows: GridRow) -> FittedGrid:
            return FittedGrid(self, rows, block)

        # The head stays with the first row under it.
        first = max(1, self.head + 1)
        closing, opening = self._breaks(first, part)
        pieces = [Slab(part(*self.rows[:first]), closing, opening)]
        for number in range(first, len(self.rows)):
            row = self.rows[number]
            closing, opening = self._breaks(number + 1, part)
            pieces.append(Slab(part(row), closing, opening, row.stays))
        return pieces

    def _breaks(
        self, done: int, part: Callable[..., FittedGrid]
    ) -> tuple[FittedGrid | None, FittedGrid | None]:
        """What closes a page after so many rows, and what opens the next."""
        if done == len(self.rows):
            return None, None
        out, back = (self.carried or {}).get(done, (None, None))
        again = self.rows[: self.head] + ((back,) if back else ())
        return part(out) if out else None, part(*again) if again else None


@dataclass(slots=True)
class FittedGrid:
    grid: Grid
    rows: tuple[GridRow, ...]
    block: Block | None
    _fitted: list[list[tuple[GridCell, Fitted, float]]] = field(default_factory=list)
    _heights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        grid = self.grid
        for row in self.rows:
            column, cells = 0, []
            for cell in row.cells:
                width = sum(grid.widths[column : column + cell.span])
                cells.append((cell, cell.child.fit(width - 2 * grid.pad_x), width))
                column += cell.span
            self._fitted.append(cells)
            self._heights.append(
                max((fitted.height for _, fitted, _ in cells), default=0.0) + 2 * grid.pad_y
            )

    @property
    def height(self) -> float:
        return sum(self._heights)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        grid, outer = self.grid, sheet.group
        if self.block is not None and outer is None:
            sheet.group = self.block
        if grid.table is not None:
            box = Box(x, y, x + sum(grid.widths), y + self.height)
            sheet.tables.append((grid.table, box))
        for row, cells, height in zip(self.rows, self._fitted, self._heights, strict=True):
            left = x
            for cell, fitted, width in cells:
                box = Box(left, y, left + width, y + height)
                if cell.fill:
                    sheet.shapes.append(Shape(rectangle(box), fill=cell.fill))
                if row.sides:
                    draw_border(sheet, box, grid.line, grid.colour, row.sides)
                spare = height - 2 * grid.pad_y - fitted.height
                down = {"top": 0.0, "middle": spare / 2, "bottom": spare}[grid.valign]
                if cell.mark is not None:
                    sheet.tables.append((cell.mark, box))
                fitted.draw(sheet, left + grid.pad_x, y + grid.pad_y + down)
                left += width
            y += height
        sheet.group = outer
