"""How well a table's cells fit its text and its rules: the score that decides between ways.

A line of text sits well where its cell holds one thing: no whitespace that runs down through
the column between it and the text at its side, no second figure above or below it, no rule
between it and the cell's other lines, and where it does not reach over the cell's walls. The
score is the share of lines that sit well.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from statistics import median

from docai.document import Word
from docai.geometry import Box
from docai.layout.cells import text_of
from docai.layout.draft import DraftCell, DraftTable, TextLine
from docai.layout.figures import is_figure
from docai.layout.rows import Span, merged

OVERREACH = 3.0  # points by which text may reach over its cell's walls
SIDE_BY_SIDE = 0.5  # of the lower line's height that two lines share, to stand side by side
CORRIDOR = 0.3  # of a line's height, the narrowest whitespace that parts columns

_Stroke = tuple[float, float, float]  # its position, where it starts and where it ends


def fit(table: DraftTable, words: Sequence[Word], rules: Sequence[Box]) -> float:
    """0..1; 0 for a table without text."""
    crowded = [cell for cell in table.cells if len(cell.lines) > 1]
    beside = {id(cell): cell.column for cell in crowded if _stand_beside(cell.lines)}
    glued = {column for column in set(beside.values()) if _is_glued(column, table, words)}
    strokes = _Strokes(rules, table.box)
    misplaced = {
        id(cell)
        for cell in crowded
        if beside.get(id(cell)) in glued
        or sum([is_figure(text_of(line.words, words)) for line in cell.lines]) > 1
        or strokes.part(cell.lines)
    }
    lines = sitting = 0
    for cell in table.cells:
        lines += len(cell.lines)
        if id(cell) not in misplaced:
            left, right = cell.box.left - OVERREACH, cell.box.right + OVERREACH
            for line in cell.lines:
                sitting += left <= line.box.left and line.box.right <= right
    return sitting / lines if lines else 0.0


class _Strokes:
    """The rules inside a table, looked up by place, once a cell has several lines."""

    def __init__(self, rules: Sequence[Box], table: Box) -> None:
        self._rules, self._table = rules, table

    def part(self, lines: Sequence[TextLine]) -> bool:
        """Whether a rule runs between two of the lines, along all of them."""
        box = Box.enclosing(line.box for line in lines)
        across = [line.box.centre[0] for line in lines]
        down = [line.box.centre[1] for line in lines]
        level, upright = self._sorted
        return _crosses(level, down, box.left, box.right) or _crosses(
            upright, across, box.top, box.bottom
        )

    @cached_property
    def _sorted(self) -> tuple[list[_Stroke], list[_Stroke]]:
        """Level and upright ones: (position, start, end)."""
        table = self._table
        inside = [
            (r.left, r.top, r.right, r.bottom)
            for r in self._rules
            if r.left < table.right
            and r.right > table.left
            and r.top < table.bottom
            and r.bottom > table.top
        ]
        return (
            sorted((y, x0, x1) for x0, y, x1, y1 in inside if x1 - x0 >= y1 - y),
            sorted((x, y0, y1) for x, y0, x1, y1 in inside if x1 - x < y1 - y0),
        )


def _crosses(
    strokes: Sequence[tuple[float, float, float]],
    middles: Sequence[float],
    start: float,
    end: float,
) -> bool:
    """Whether a stroke between the middles reaches from `start` to `end`."""
    first = bisect_left(strokes, (min(middles),))
    last = bisect_left(strokes, (max(middles),))
    return any(begin <= start and stop >= end for _, begin, stop in strokes[first:last])


def _is_glued(column: int, table: DraftTable, words: Sequence[Word]) -> bool:
    """Whether a column is two or more: whitespace runs down through it."""
    cells = [
        cell
        for cell in table.cells
        if cell.column == column and cell.column_span == 1 and cell.lines
    ]
    boxes = [line.box for cell in cells for line in cell.lines]
    if not boxes:
        return False
    height = median([box.height for box in boxes])
    columns = merged([(box.left, box.right) for box in boxes], CORRIDOR * height)
    return len(columns) > 1 and sum(_parted(cell, columns, words) for cell in cells) > 1


def _parted(cell: DraftCell, columns: Sequence[Span], words: Sequence[Word]) -> int:
    """How many of the cell's rows these columns part; words alone count as one row.

    The lines of a justified label may have a wide space each.
    """
    lefts = [left for left, _ in columns]
    parted = [
        (a, b)
        for a, b in pairwise(cell.lines)
        if _beside(a.box, b.box)
        and bisect_right(lefts, a.box.left) != bisect_right(lefts, b.box.left)
    ]
    figures = sum(any(is_figure(text_of(line.words, words)) for line in pair) for pair in parted)
    return max(figures, min(1, len(parted)))


def _stand_beside(lines: Sequence[TextLine]) -> bool:
    return any(_beside(a.box, b.box) for a, b in pairwise(lines))


def _beside(a: Box, b: Box) -> bool:
    return a.overlap_y(b) > SIDE_BY_SIDE * min(a.height, b.height)
